"""The deck: exact proportions, fair epochs, and a resume that equals no interruption."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medical_team.data.deck import HARMFUL_SOURCE, Deck
from medical_team.errors import CheckpointError, DataError
from medical_team.types import Deal, ErrorType, GameType, Note

EQUAL = dict.fromkeys(GameType, 1.0)
MIXES = st.fixed_dictionaries({game_type: st.integers(0, 6) for game_type in GameType}).filter(
    lambda mix: any(mix.values())
)


def make_notes(pairs: int, singles: int = 0) -> list[Note]:
    notes = []
    for number in range(pairs + singles):
        group = f"g{number}"
        notes.append(Note(f"{group}-e", ("a", "b"), group, ErrorType.DIAGNOSIS, 1, "c"))
        if number < pairs:
            notes.append(Note(f"{group}-c", ("a", "c"), group))
    return notes


def deal_many(deck: Deck, count: int) -> list[Deal]:
    return [deck.deal() for _ in range(count)]


@settings(max_examples=40, deadline=None)
@given(mix=MIXES, seed=st.integers(0, 99))
def test_every_block_has_the_exact_proportions(mix: dict[GameType, int], seed: int) -> None:
    total = sum(mix.values())
    block = max(Fraction(weight, total).denominator for weight in mix.values())
    size = next(size for size in range(block, total + 1) if all(weight * size % total == 0 for weight in mix.values()))
    deck = Deck(make_notes(5), mix, seed)
    for _ in range(6):
        dealt = Counter(deal.game_type for deal in deal_many(deck, size))
        assert all(dealt[game_type] * total == weight * size for game_type, weight in mix.items())


@settings(max_examples=25, deadline=None)
@given(weights=st.lists(st.floats(0.01, 1), min_size=4, max_size=4), count=st.integers(1, 400))
def test_odd_weights_are_kept_to_within_a_block(weights: list[float], count: int) -> None:
    mix = dict(zip(GameType, weights, strict=True))
    dealt = Counter(deal.game_type for deal in deal_many(Deck(make_notes(5), mix, 1), count - count % 64))
    for game_type, weight in mix.items():
        assert abs(dealt[game_type] - (count - count % 64) * weight / sum(weights)) < 2


@settings(max_examples=40, deadline=None)
@given(
    mix=MIXES.filter(lambda mix: mix[GameType.ADVERSARIAL_BENIGN] > 0),
    seed=st.integers(0, 99),
    cut=st.integers(0, 120),
    extra=st.lists(st.integers(0, 119), max_size=5),
)
def test_a_resumed_deck_deals_what_an_uninterrupted_one_deals(
    mix: dict[GameType, int], seed: int, cut: int, extra: list[int]
) -> None:
    notes = make_notes(7, singles=3)

    def play(deck: Deck, start: int, stop: int) -> list[Deal]:
        deals = []
        for step in range(start, stop):
            deals.append(deck.deal())
            deals += [deck.deal_of(GameType.ADVERSARIAL_BENIGN) for _ in range(extra.count(step))]
        return deals

    whole = play(Deck(notes, mix, seed), 0, 140)
    first = Deck(notes, mix, seed)
    before = play(first, 0, cut)
    second = Deck(notes, mix, seed)
    second.restore(json.loads(json.dumps(first.state())))
    assert before + play(second, cut, 140) == whole


@settings(max_examples=30, deadline=None)
@given(pairs=st.integers(1, 12), singles=st.integers(0, 5), seed=st.integers(0, 99))
def test_no_note_comes_again_before_all_of_its_class_came(pairs: int, singles: int, seed: int) -> None:
    notes = make_notes(pairs, singles)
    deals = deal_many(Deck(notes, EQUAL, seed), 120)
    for errors in (True, False):
        size = sum(note.has_error is errors for note in notes)
        names = [deal.note.note_id for deal in deals if (deal.game_type in HARMFUL_SOURCE) is errors]
        for start in range(0, len(names) - size + 1, size):
            assert len(set(names[start : start + size])) == size


def test_types_get_notes_of_their_class_and_ids_count_up() -> None:
    deals = deal_many(Deck(make_notes(6), EQUAL, 3), 50)
    assert [deal.game_id for deal in deals] == list(range(50))
    assert len({deal.seed for deal in deals}) == 50
    assert all(deal.note.has_error == (deal.game_type in HARMFUL_SOURCE) for deal in deals)


def test_extra_deals_do_not_disturb_the_blocks() -> None:
    plain, disturbed = Deck(make_notes(6), EQUAL, 3), Deck(make_notes(6), EQUAL, 3)
    types = []
    for _ in range(40):
        disturbed.deal_of(GameType.VANILLA_HARMFUL)
        types.append(disturbed.deal().game_type)
    assert types == [plain.deal().game_type for _ in range(40)]


def test_epochs_and_seeds_differ() -> None:
    notes = make_notes(20)
    orders = {tuple(d.note.note_id for d in deal_many(Deck(notes, EQUAL, seed), 40)) for seed in range(4)}
    assert len(orders) == 4
    deck = Deck(notes, {GameType.VANILLA_BENIGN: 1}, 0)
    assert [d.note for d in deal_many(deck, 20)] != [d.note for d in deal_many(deck, 20)]


def test_the_order_of_the_mix_does_not_matter() -> None:
    backwards = dict(reversed(list(EQUAL.items())))
    assert deal_many(Deck(make_notes(4), EQUAL, 1), 30) == deal_many(Deck(make_notes(4), backwards, 1), 30)


def test_a_class_without_notes_is_refused_only_where_it_is_dealt() -> None:
    errors = [note for note in make_notes(3) if note.has_error]
    with pytest.raises(DataError, match="no clean note among the 3"):
        Deck(errors, EQUAL, 1)
    deck = Deck(errors, {GameType.VANILLA_HARMFUL: 1, GameType.VANILLA_BENIGN: 0}, 1)
    deck.deal()
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
