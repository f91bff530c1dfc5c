"""What a warm start learns from: the gold turns it chooses, and the batches they become."""

from __future__ import annotations

from collections import Counter

import pytest

from medical_team.data.synthetic.compose import compose_notes
from medical_team.errors import DataError
from medical_team.game.parsing import parse_assessment
from medical_team.training.warm_start import choose_turns
from medical_team.types import Role, Verdict

NOTES = compose_notes(120, seed=3)


def test_half_are_the_attackers_and_both_verdicts_are_as_frequent() -> None:
    turns = choose_turns(NOTES, 36, seed=1)
    assert Counter(turn.role for turn in turns) == {Role.ATTACKER: 18, Role.ASSESSOR: 18}
    longest = max(NOTES, key=lambda note: len(note.sentences))
    verdicts = Counter(parse_assessment(t.answer, longest).verdict for t in turns if t.role is Role.ASSESSOR)
    assert verdicts == {Verdict.HARMFUL: 9, Verdict.SAFE: 9}


def test_both_attackers_prompts_occur() -> None:
    prompts = [turn.messages[-1]["content"] for turn in choose_turns(NOTES, 36, seed=1) if turn.role is Role.ATTACKER]
    clean = sum("Present error: none" in prompt for prompt in prompts)
    assert 0 < clean < len(prompts)


def test_the_choice_is_seeded() -> None:
    assert choose_turns(NOTES, 30, seed=1) == choose_turns(NOTES, 30, seed=1) != choose_turns(NOTES, 30, seed=2)


def test_too_few_notes_say_how_many_turns_there_are() -> None:
    with pytest.raises(DataError, match=r"10 notes give .* warm_start\.examples = 60"):
        choose_turns(NOTES[:10], 60, seed=1)
