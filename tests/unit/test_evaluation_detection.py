"""MEDEC's measures on answers whose result is known, their floors and their intervals."""

from __future__ import annotations

import math
import os
import random
from pathlib import Path

import pytest
from fakes import make_note
from hypothesis import given
from hypothesis import strategies as st

from medical_team.evaluation import Answered, Measure, measure
from medical_team.types import Assessment, Note, Verdict

SAFE = Assessment(Verdict.SAFE)


def harmful(sentence_id: int) -> Assessment:
    return Assessment(Verdict.HARMFUL, sentence_id, "better", "because")


def twins(count: int) -> list[Note]:
    return [make_note(number, harmful=error) for number in range(count) for error in (True, False)]


def values(answers: list[Answered]) -> dict[Measure, float]:
    return {kind: measured.value for kind, measured in measure(answers).items()}


def test_a_perfect_assessor_has_ones() -> None:
    answers = [Answered(note, harmful(2) if note.has_error else SAFE) for note in twins(4)]
    assert values(answers) == dict.fromkeys(Measure, 1.0)


def test_the_measures_of_a_mixed_assessor() -> None:
    first, first_clean, second, second_clean = twins(2)
    single = make_note(9, harmful=True)
    answers = [
        Answered(first, harmful(2)),
        Answered(first_clean, SAFE),
        Answered(second, harmful(0)),
        Answered(second_clean, harmful(1)),
        Answered(single, None),
    ]
    assert values(answers) == {
        Measure.FLAG_ACCURACY: pytest.approx(3 / 5),
        Measure.BALANCED_ACCURACY: pytest.approx((2 / 3 + 1 / 2) / 2),
        Measure.PAIR_ACCURACY: pytest.approx(1 / 2),
        Measure.SENTENCE_ACCURACY: pytest.approx(2 / 5),
        Measure.PARSE_RATE: pytest.approx(4 / 5),
    }


@pytest.mark.parametrize("answer, floor", [(SAFE, "always_safe"), (harmful(0), "always_harmful")])
def test_a_constant_answer_comes_to_its_floor(answer: Assessment, floor: str) -> None:
    notes = [*twins(5), make_note(7, harmful=True), make_note(8, harmful=True)]
    measured = measure([Answered(note, answer) for note in notes])
    for kind in (Measure.FLAG_ACCURACY, Measure.BALANCED_ACCURACY, Measure.PAIR_ACCURACY):
        assert measured[kind].value == pytest.approx(getattr(measured[kind].floors, floor))


def test_a_coin_comes_to_its_floor() -> None:
    rng = random.Random(0)
    notes = twins(400)
    answers = [
        Answered(note, SAFE if rng.random() < 0.5 else harmful(rng.randrange(len(note.sentences)))) for note in notes
    ]
    for kind, measured in measure(answers).items():
        if measured.floors is not None:
            assert measured.value == pytest.approx(measured.floors.coin, abs=0.06), kind


def test_a_malformed_answer_is_wrong_on_either_class() -> None:
    measured = values([Answered(note, None) for note in twins(3)])
    assert set(measured.values()) == {0.0}


def test_an_interval_is_wider_when_notes_of_a_group_share_their_fate() -> None:
    """20 independent notes, and the same answers in 4 groups of 5 that are right or wrong together."""

    def spread(groups: int) -> float:
        notes = [make_note(number, harmful=True) for number in range(20)]
        renamed = [
            Note(n.note_id, n.sentences, f"group-{i * groups // 20}", n.error_type, 2, "x") for i, n in enumerate(notes)
        ]
        answers = [Answered(note, harmful(2) if i < 10 else SAFE) for i, note in enumerate(renamed)]
        flag = measure(answers)[Measure.FLAG_ACCURACY]
        return flag.high - flag.low

    assert spread(4) > 1.5 * spread(20)


@given(right=st.lists(st.booleans(), min_size=1, max_size=40), seed=st.integers(0, 5))
def test_an_interval_is_within_bounds_around_its_value_and_the_same_for_a_seed(right: list[bool], seed: int) -> None:
    notes = [make_note(number // 2, harmful=number % 2 == 0) for number in range(len(right))]
    answers = [
        Answered(note, (harmful(2) if note.has_error else SAFE) if good else None)
        for note, good in zip(notes, right, strict=True)
    ]
    measured = measure(answers, seed)
    assert repr(measured) == repr(measure(answers, seed))
    flag = measured[Measure.FLAG_ACCURACY]
    assert 0 <= flag.low <= flag.value <= flag.high <= 1


def test_what_there_is_nothing_of_is_not_a_number() -> None:
    measured = measure([Answered(make_note(1, harmful=True), SAFE)])
    assert math.isnan(measured[Measure.PAIR_ACCURACY].value)
    assert math.isnan(measured[Measure.BALANCED_ACCURACY].value)
    with pytest.raises(ValueError, match="nothing"):
        measure([])


def test_the_organisers_baseline_has_its_official_scores(medec_validation: tuple[Note, ...]) -> None:
    """The golden values of MEDIQA-CORR 2024's own script for its baseline submission on the validation split."""
    path = Path(os.environ["MEDEC_DIR"]) / "baseline-run-1.txt"
    if not path.exists():
        pytest.skip("baseline-run-1.txt is not beside the MEDEC files")
    submitted = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        note_id, flag, sentence_id, *_ = line.split(maxsplit=3)
        submitted[note_id] = harmful(int(sentence_id)) if flag == "1" else SAFE
    measured = measure([Answered(note, submitted.get(note.note_id)) for note in medec_validation])
    assert measured[Measure.FLAG_ACCURACY].value == pytest.approx(0.4895470383275261, abs=1e-12)
    assert measured[Measure.SENTENCE_ACCURACY].value == pytest.approx(0.30662020905923343, abs=1e-12)
    floors = measured[Measure.FLAG_ACCURACY].floors
    assert floors is not None and floors.always_harmful == pytest.approx(319 / 574)
