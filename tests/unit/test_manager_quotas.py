"""Quotas: every batch has the mix's composition, and what rounding owes is paid."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from fakes import ALL_EQUAL
from hypothesis import given
from hypothesis import strategies as st

from medical_team.manager.quotas import EvenSequence, Quotas
from medical_team.types import GameType, Role

WEIGHTS = st.floats(0.01, 10.0)
MIXES = st.dictionaries(st.sampled_from(GameType), WEIGHTS, min_size=1).filter(
    lambda mix: set(mix) != {GameType.VANILLA_BENIGN}
)


@given(mix=MIXES, length=st.integers(1, 300))
def test_every_prefix_of_the_sequence_has_the_composition_of_the_mix(mix: dict[GameType, float], length: int) -> None:
    sequence, counts, total = EvenSequence(mix), Counter(), sum(mix.values())
    bound = 1 - 1 / max(2 * len(mix) - 2, 1) if len(mix) > 1 else 0.0
    for position in range(1, length + 1):
        counts[sequence.next()] += 1
        for kind, weight in mix.items():
            assert abs(counts[kind] - position * weight / total) <= bound + 1e-6


def test_a_type_without_weight_is_never_dealt() -> None:
    quotas = Quotas({**ALL_EQUAL, GameType.ADVERSARIAL_BENIGN: 0.0})
    assert not any(kind is GameType.ADVERSARIAL_BENIGN for _, kind in quotas.take(100))


def test_equal_parts_give_two_assessor_samples_to_one_of_the_attacker() -> None:
    slots = Quotas(ALL_EQUAL).take(6)
    assert {kind: slots[Role.ASSESSOR, kind] for kind in GameType} == dict.fromkeys(GameType, 1)
    assert slots[Role.ATTACKER, GameType.ADVERSARIAL_HARMFUL] == slots[Role.ATTACKER, GameType.ADVERSARIAL_BENIGN] == 1


def test_a_mix_without_an_attacker_has_no_part_for_it() -> None:
    slots = Quotas({GameType.VANILLA_HARMFUL: 1, GameType.VANILLA_BENIGN: 1}).take(10)
    assert slots == {(Role.ASSESSOR, GameType.VANILLA_HARMFUL): 5, (Role.ASSESSOR, GameType.VANILLA_BENIGN): 5}


@given(mix=MIXES, steps=st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_over_the_steps_the_composition_is_the_mix_to_within_one_sample(
    mix: dict[GameType, float], steps: list[int]
) -> None:
    quotas, seen, total = Quotas(mix), Counter(), sum(mix.values())
    for count in steps:
        slots = quotas.take(count)
        assert slots.total() == count
        seen += slots
        assessor = sum(seen[Role.ASSESSOR, kind] for kind in GameType)
        for kind in GameType:
            assert abs(seen[Role.ASSESSOR, kind] - assessor * mix.get(kind, 0.0) / total) < 1
        # An attacker's sample beside each adversarial game of the assessor; one may still be waiting for its twin.
        for kind in (GameType.ADVERSARIAL_HARMFUL, GameType.ADVERSARIAL_BENIGN):
            assert seen[Role.ATTACKER, kind] - seen[Role.ASSESSOR, kind] in (0, 1)


@given(mix=MIXES, before=st.integers(0, 50), after=st.integers(1, 50))
def test_restored_quotas_go_on_where_the_others_were(mix: dict[GameType, float], before: int, after: int) -> None:
    quotas, resumed = Quotas(mix), Quotas(mix)
    quotas.take(before)
    resumed.restore(json.loads(json.dumps(quotas.state())))
    assert resumed.take(after) == quotas.take(after)


def test_the_state_does_not_grow() -> None:
    quotas = Quotas(ALL_EQUAL)
    quotas.take(60)
    early = len(json.dumps(quotas.state()))
    quotas.take(5_000)
    assert len(json.dumps(quotas.state())) < early + 80


@pytest.mark.parametrize("count", [0, 1, 5])
def test_any_count_is_met_exactly(count: int) -> None:
    assert Quotas(ALL_EQUAL).take(count).total() == count
