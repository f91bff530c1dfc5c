"""The deck: fair epochs, and a resume that equals no interruption."""

from __future__ import annotations

import json
from itertools import cycle, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medical_team.data.deck import Deck
from medical_team.errors import CheckpointError, DataError
from medical_team.types import Deal, ErrorType, GameType, Note, Verdict

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
        names = [deal.note.note_id for deal in deals if deal.game_type.source_truth is truth]
        for start in range(0, len(names) - size + 1, size):
            assert len(set(names[start : start + size])) == size


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


def test_a_class_without_notes_is_refused_only_where_it_is_dealt() -> None:
    errors = [note for note in make_notes(3) if note.has_error]
    with pytest.raises(DataError, match="no clean note among the 3"):
        Deck(errors, EQUAL, 1)
    deck = Deck(errors, {GameType.VANILLA_HARMFUL: 1, GameType.VANILLA_BENIGN: 0}, 1)
    deck.deal(GameType.VANILLA_HARMFUL)
    assert deck.can_deal(GameType.ADVERSARIAL_HARMFUL) and not deck.can_deal(GameType.ADVERSARIAL_BENIGN)


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
