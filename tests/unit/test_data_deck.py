"""The deck: fair epochs, and a resume that equals no interruption."""

from __future__ import annotations

import json
import random
from collections import Counter
from itertools import cycle, islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medical_team.config import DataConfig
from medical_team.data.dataset import load_notes
from medical_team.data.deck import CORRECTED, Deck
from medical_team.errors import CheckpointError, DataError
from medical_team.manager.quotas import EvenSequence
from medical_team.types import Deal, ErrorType, GameType, Note, Verdict, harmful_share

EQUAL = dict.fromkeys(GameType, 1.0)


def make_notes(pairs: int, singles: int = 0) -> list[Note]:
    notes = []
    for number in range(pairs + singles):
        group = f"g{number}"
        notes.append(Note(f"{group}-e", ("a", "b"), group, ErrorType.DIAGNOSIS, 1, "c"))
        if number < pairs:
            notes.append(Note(f"{group}-c", ("a", "c"), group))
    return notes


TYPES = st.lists(st.sampled_from(GameType), max_size=140)


def deal_many(deck: Deck, count: int) -> list[Deal]:
    """The types one after another, round and round."""
    return [deck.deal(game_type) for game_type in islice(cycle(GameType), count)]


@settings(max_examples=40, deadline=None)
@given(types=TYPES, seed=st.integers(0, 99), cut=st.integers(0, 140))
def test_a_resumed_deck_deals_what_an_uninterrupted_one_deals(types: list[GameType], seed: int, cut: int) -> None:
    notes = make_notes(7, singles=3)
    uninterrupted = Deck(notes, EQUAL, seed)
    whole = [uninterrupted.deal(game_type) for game_type in types]
    first, second = Deck(notes, EQUAL, seed), Deck(notes, EQUAL, seed)
    before = [first.deal(game_type) for game_type in types[:cut]]
    second.restore(json.loads(json.dumps(first.state())))
    assert before + [second.deal(game_type) for game_type in types[cut:]] == whole


@settings(max_examples=30, deadline=None)
@given(pairs=st.integers(1, 12), singles=st.integers(0, 5), seed=st.integers(0, 99))
def test_no_note_comes_again_before_all_of_its_class_came(pairs: int, singles: int, seed: int) -> None:
    notes = make_notes(pairs, singles)
    deals = deal_many(Deck(notes, EQUAL, seed), 120)
    for truth in Verdict:
        size = sum(note.truth is truth for note in notes)
        names = [source_id(deal) for deal in deals if source_truth(deal) is truth]
        for start in range(0, len(names) - size + 1, size):
            assert len(set(names[start : start + size])) == size


def source_truth(deal: Deal) -> Verdict:
    return Verdict.HARMFUL if deal.note.note_id.endswith(CORRECTED) else deal.note.truth


def source_id(deal: Deal) -> str:
    return deal.note.note_id.removesuffix(CORRECTED)


MIXES = st.fixed_dictionaries({kind: st.integers(0 if kind.has_attacker else 1, 4) for kind in GameType})


@settings(max_examples=12, deadline=None)
@given(mix=MIXES, seed=st.integers(0, 99))
def test_every_case_is_shown_with_an_error_as_often_as_the_mix_says(mix: dict[GameType, int], seed: int) -> None:
    """Of each note that is dealt at all, whatever class it has: clean notes of a mix that plants no error are not."""
    notes, share = make_notes(4, singles=2), harmful_share(mix)
    deck, sequence = Deck(notes, mix, seed), EvenSequence(mix)
    shown: dict[str, Counter[Verdict]] = {}
    for _ in range(6000):
        deal = deck.deal(sequence.next())
        shown.setdefault(source_id(deal), Counter())[deal.game_type.shown_truth] += 1
    for counts in shown.values():
        spread = (share * (1 - share) / counts.total()) ** 0.5
        assert abs(counts[Verdict.HARMFUL] / counts.total() - share) < 5 * spread


@pytest.mark.parametrize("attempts", [1, 4])
def test_failing_games_skew_nothing(attempts: int) -> None:
    """Adversarial games that are dealt anew, here in three attempts of four, leave the others' shares as they are."""
    mix = dict(EQUAL) | {GameType.VANILLA_BENIGN: 3.0}
    deck, sequence = Deck(make_notes(4, singles=2), mix, 1), EvenSequence(mix)
    shown: dict[str, Counter[Verdict]] = {}
    for _ in range(6000):
        game_type = sequence.next()
        deals = [deck.deal(game_type) for _ in range(attempts if game_type.has_attacker else 1)]
        shown.setdefault(source_id(deals[-1]), Counter())[game_type.shown_truth] += 1
    for counts in shown.values():
        assert abs(counts[Verdict.HARMFUL] / counts.total() - 0.5) < 2.5 / counts.total() ** 0.5


@pytest.mark.parametrize("lost", [0.5, 1.0])
def test_vanilla_games_that_stand_in_skew_nothing(lost: float) -> None:
    """Where adversarial games cannot be had, ``vanilla_harmful`` is dealt instead, always from an error note."""
    mix, rng = dict(EQUAL) | {GameType.VANILLA_BENIGN: 3.0}, random.Random(1)
    deck, sequence = Deck(make_notes(4, singles=2), mix, 1), EvenSequence(mix)
    shown: dict[Verdict, Counter[Verdict]] = {truth: Counter() for truth in Verdict}
    for _ in range(6000):
        game_type = sequence.next()
        deal = deck.deal(game_type.vanilla if game_type.has_attacker and rng.random() < lost else game_type)
        shown[source_truth(deal)][deal.game_type.shown_truth] += 1
    for counts in shown.values():
        assert counts.total() < 10 or abs(counts[Verdict.HARMFUL] / counts.total() - 0.5) < 0.05


def test_a_clean_game_of_an_error_note_is_its_corrected_text() -> None:
    mix = {GameType.VANILLA_HARMFUL: 1.0, GameType.VANILLA_BENIGN: 1.0}
    deck = Deck(make_notes(3), mix, 1)
    deals = [deck.deal(GameType.VANILLA_BENIGN) for _ in range(9)]
    assert all(deal.note.sentences == ("a", "c") and not deal.note.has_error for deal in deals)
    assert {deal.note.note_id for deal in deals} == {f"g{number}-e{CORRECTED}" for number in range(3)}


def test_no_synthetic_note_is_dealt_twice_and_a_resume_goes_on_in_a_later_round(tmp_path: Path) -> None:
    splits = load_notes(DataConfig(cache_dir=tmp_path, synthetic_notes=40), seed=5)
    deck = Deck(splits.train, EQUAL, 5)
    deals = deal_many(deck, 200)
    assert len({deal.note.sentences for deal in deals}) == len({source_id(deal) for deal in deals}) == 200
    assert not {deal.note.condition for deal in deals} & {note.condition for note in splits.held_out}
    resumed = Deck(load_notes(DataConfig(cache_dir=tmp_path, synthetic_notes=40), seed=5).train, EQUAL, 5)
    resumed.restore(json.loads(json.dumps(deck.state())))
    assert deal_many(resumed, 60) == deal_many(deck, 60)


def test_types_get_notes_of_their_class_and_ids_count_up() -> None:
    deals = deal_many(Deck(make_notes(6), EQUAL, 3), 50)
    assert [deal.game_id for deal in deals] == list(range(50))
    assert len({deal.seed for deal in deals}) == 50
    assert all(deal.note.truth is deal.game_type.source_truth for deal in deals)


def test_epochs_and_seeds_differ() -> None:
    notes = make_notes(20)
    orders = {tuple(d.note.note_id for d in deal_many(Deck(notes, EQUAL, seed), 40)) for seed in range(4)}
    assert len(orders) == 4
    deck = Deck(notes, EQUAL, 0)
    assert [d.note for d in deal_many(deck, 40)] != [d.note for d in deal_many(deck, 40)]


def test_the_order_of_the_mix_does_not_matter() -> None:
    backwards = dict(reversed(list(EQUAL.items())))
    assert deal_many(Deck(make_notes(4), EQUAL, 1), 30) == deal_many(Deck(make_notes(4), backwards, 1), 30)


def test_clean_notes_are_not_needed_and_error_notes_only_where_they_are_dealt() -> None:
    errors = [note for note in make_notes(3) if note.has_error]
    deals = deal_many(Deck(errors, EQUAL, 1), 8)
    assert all(deal.note.truth is deal.game_type.source_truth for deal in deals)
    clean = [note for note in make_notes(3) if not note.has_error]
    with pytest.raises(DataError, match="no error note among the 3"):
        Deck(clean, EQUAL, 1)
    deck = Deck(clean, {GameType.ADVERSARIAL_BENIGN: 1, GameType.VANILLA_BENIGN: 1}, 1)
    assert deck.deal(GameType.VANILLA_BENIGN).note in clean
    assert deck.can_deal(GameType.ADVERSARIAL_BENIGN) and not deck.can_deal(GameType.VANILLA_HARMFUL)


@pytest.mark.parametrize("other", ["notes", "mix", "seed"])
def test_another_decks_state_is_refused(other: str) -> None:
    notes, mix, seed = make_notes(3), dict(EQUAL), 1
    state = Deck(notes, mix, seed).state()
    if other == "notes":
        notes = make_notes(4)
    elif other == "mix":
        mix[GameType.VANILLA_BENIGN] = 2.0
    else:
        seed = 2
    with pytest.raises(CheckpointError, match="deck was dealt from other"):
        Deck(notes, mix, seed).restore(state)
