"""The gap between what an assessor gets on notes it is trained on and on held-out ones."""

from __future__ import annotations

import pytest
from fakes import make_note

from medical_team.evaluation import Answered, gap_warning, reward_gap
from medical_team.types import Assessment, Note, Verdict

NOTES = [make_note(number, harmful=error) for number in range(10) for error in (True, False)]


def step(harmful: float, benign: float, games: float = 10) -> dict[str, float]:
    rates = {"assessor/win_rate/vanilla_harmful": harmful, "assessor/win_rate/vanilla_benign": benign}
    return rates | {"games/vanilla_harmful": games, "games/vanilla_benign": 3 * games}


def answered(note: Note, right: bool) -> Answered:
    harmful = note.has_error is right
    answer = Assessment(Verdict.HARMFUL, note.error_sentence_id or 0, "-", "-") if harmful else Assessment(Verdict.SAFE)
    return Answered(note, answer)


def test_what_is_remembered_and_not_read_is_the_gap() -> None:
    coin = [answered(note, right=number % 4 < 2) for number, note in enumerate(NOTES)]
    found = reward_gap([step(1.0, 1.0)], coin)
    assert found == pytest.approx(1.0)
    assert "sentinel reward_gap: the assessor gets 1.00 more" in (gap_warning(found or 0.0) or "")


def test_an_assessor_that_reads_has_no_gap_and_both_classes_weigh_the_same() -> None:
    always_safe = [answered(note, right=not note.has_error) for note in NOTES]
    assert reward_gap([step(0.0, 1.0)], always_safe) == pytest.approx(0.0)
    perfect = [answered(note, right=True) for note in NOTES]
    assert reward_gap([step(1.0, 1.0)], [*perfect, Answered(NOTES[0], None)]) == pytest.approx(0.0)
    assert gap_warning(0.0) is None


def test_only_the_newest_games_count_and_too_few_say_nothing() -> None:
    perfect = [answered(note, right=True) for note in NOTES]
    steps = [step(0.0, 0.0, games=500), step(1.0, 1.0, games=300)]
    assert reward_gap(steps, perfect) == pytest.approx(0.0)
    assert reward_gap([], perfect) is None
    assert reward_gap([step(1.0, 1.0, games=2)], perfect) is None
    assert reward_gap(steps, perfect[:4]) is None
