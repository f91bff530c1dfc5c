"""Which gold turns a warm start learns from: in every four the same two verdicts and two turns of the attacker."""

from __future__ import annotations

import pytest

from medical_team.data.synthetic.compose import compose_notes
from medical_team.errors import DataError
from medical_team.game.course import gold_course
from medical_team.game.gold import GoldTurn
from medical_team.game.parsing import parse_assessment
from medical_team.types import Role, Verdict

NOTES = compose_notes(120, seed=3)
LONGEST = max(NOTES, key=lambda note: len(note.sentences))


def fours(turns: list[GoldTurn]) -> list[list[GoldTurn]]:
    return [turns[start : start + 4] for start in range(0, len(turns), 4)]


def note_lines(turn: GoldTurn) -> list[str]:
    return turn.messages[-1]["content"].partition("Note:\n")[2].splitlines()


def test_every_four_has_both_verdicts_and_two_attacks() -> None:
    for four in fours(gold_course(NOTES, 36, seed=1)):
        assert [turn.role for turn in four] == [Role.ASSESSOR] * 2 + [Role.ATTACKER] * 2
        verdicts = [parse_assessment(turn.answer, LONGEST).verdict for turn in four[:2]]
        assert verdicts == [Verdict.HARMFUL, Verdict.SAFE]


def test_the_error_alone_tells_the_two_assessed_notes_apart() -> None:
    for wrong, right, *_ in fours(gold_course(NOTES, 36, seed=1)):
        pairs = zip(note_lines(wrong), note_lines(right), strict=True)
        changed = [number for number, (one, other) in enumerate(pairs) if one != other]
        assert changed == [parse_assessment(wrong.answer, LONGEST).sentence_id]


def test_both_attackers_prompts_are_in_every_four() -> None:
    for *_, plant, harden in fours(gold_course(NOTES, 36, seed=1)):
        assert "Present error: none" in plant.messages[-1]["content"]
        assert "Present error: sentence" in harden.messages[-1]["content"]


def test_no_note_is_in_two_turns_but_for_the_assessed_one() -> None:
    course = gold_course(NOTES, 80, seed=1)
    openings = [note_lines(turn)[0] for turn in course]
    assert len(set(openings)) == len(course) * 3 // 4


def test_the_course_is_as_long_as_asked_for() -> None:
    assert len(gold_course(NOTES, 30, seed=1)) == 30


def test_the_course_is_seeded() -> None:
    assert gold_course(NOTES, 30, seed=1) == gold_course(NOTES, 30, seed=1) != gold_course(NOTES, 30, seed=2)


def test_too_few_notes_say_how_many_turns_there_are() -> None:
    with pytest.raises(DataError, match=r"give \d+ gold turns, too few for warm_start\.examples = 60"):
        gold_course(NOTES[:10], 60, seed=1)
