"""What a set of notes is like, in numbers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from medical_team.data.describe import Spread, describe, floors
from medical_team.data.medec import find_split, read_medec
from medical_team.types import ErrorType, Note

ERROR = Note("e", ("Fever.", "He was diagnosed with gout.", "He left."), "g", ErrorType.DIAGNOSIS, 1, "Flu.")
CLEAN = Note("c", ("Fever.", "He is well."), "g")
ALONE = Note("a", ("He was prescribed iron.", "He left the ward."), "h", ErrorType.PHARMACOTHERAPY, 1, "He stayed.")


def test_counts_lengths_and_twins() -> None:
    seen = describe([ERROR, CLEAN, ALONE])
    assert (seen.notes, seen.errors, seen.clean) == (3, 2, 1)
    assert seen.types[ErrorType.DIAGNOSIS] == seen.types[ErrorType.PHARMACOTHERAPY] == 1
    assert seen.types[ErrorType.TREATMENT] == 0
    assert (seen.groups, seen.pairs, seen.conditions) == (2, 1, 0)
    assert seen.words == Spread(4, 8, 8, 8)
    assert seen.sentences == Spread(2, 2, 3, 3)


def test_floors_are_those_of_knowing_nothing() -> None:
    low = floors([ERROR, CLEAN, ALONE])
    assert low.always_harmful == pytest.approx(2 / 3)
    assert low.always_safe == pytest.approx(1 / 3)
    assert low.cue_sentence == pytest.approx(1 / 3)
    assert low.best_position == pytest.approx(2 / 3)
    assert low.coin_pairs == 0.25


@pytest.mark.skipif("MEDEC_DIR" not in os.environ, reason="MEDEC_DIR is not set")
def test_floors_of_the_published_validation_split() -> None:
    seen = describe(read_medec(find_split(Path(os.environ["MEDEC_DIR"]), "validation")).notes)
    assert (seen.words.least, seen.words.most) == pytest.approx((31, 251), abs=2)
    assert seen.floors.always_harmful == pytest.approx(0.556, abs=0.001)
    assert seen.floors.always_safe == pytest.approx(0.444, abs=0.001)
    assert seen.floors.cue_sentence == pytest.approx(0.462, abs=0.02)
