"""Which gold turns a warm start learns from, and in which order. Driven by ``training.warm_start``."""

from __future__ import annotations

import random
from collections.abc import Sequence

from medical_team.errors import DataError
from medical_team.game.edits import corrected_note
from medical_team.game.gold import GoldTurn, gold_turns
from medical_team.types import Note, Role


def gold_course(notes: Sequence[Note], count: int, seed: int, explain: bool = False) -> list[GoldTurn]:
    """``count`` gold turns, four after four: the assessor's answers to an error note and to the same note corrected,
    and two turns of the attacker.

    So both verdicts weigh the same in every batch of two or four, and what tells them apart is the error alone: learnt
    from separate notes, a small model drifts into one constant verdict. Turns of a four have prompts of like length,
    which saves padding; the fours come in a seeded order. ``explain``: the assessor's answers have an explanation.

    Raises:
        DataError: The notes give fewer.
    """
    fours = -(-count // 4)
    errors = [note for note in notes if note.has_error and note.corrected_sentence is not None]
    if 3 * fours > len(errors):
        raise DataError(
            f"{len(errors)} error notes give {len(errors) // 3 * 4} gold turns, too few for warm_start.examples = "
            f"{count}: lower it or use more notes"
        )
    shuffled = random.Random(seed).sample(errors, 3 * fours)
    assessed, planted, hardened = (sorted(shuffled[part::3], key=_length) for part in range(3))
    donors = [next((donor for donor in shuffled if donor.group != note.group), None) for note in hardened]
    course = [
        [_finding(error, explain), _finding(corrected_note(error), explain), _attack(plant), _attack(harden, donor)]
        for error, plant, harden, donor in zip(assessed, planted, hardened, donors, strict=True)
    ]
    random.Random(seed).shuffle(course)
    return [turn for four in course for turn in four][:count]


def _finding(note: Note, explain: bool) -> GoldTurn:
    return next(turn for turn in gold_turns(note, explain=explain) if turn.role is Role.ASSESSOR)


def _attack(note: Note, donor: Note | None = None) -> GoldTurn:
    """The last attacker turn is the one that a donor makes possible, where there is one."""
    return [turn for turn in gold_turns(note, donor) if turn.role is Role.ATTACKER][-1]


def _length(note: Note) -> int:
    return sum(map(len, note.sentences))
