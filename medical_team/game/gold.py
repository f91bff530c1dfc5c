"""Gold turns: what a perfect player would have answered, for the warm start. Made from a note's gold annotation.

The warm start teaches the format and what an error looks like; finding hard ones is left to self-play. The
reasoning is one short sentence made from the difference of the two sentences, since a note comes without any.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from medical_team.game.edits import corrected_note, replaced
from medical_team.game.prompts import (
    Message,
    assessor_answer,
    assessor_messages,
    attacker_answer,
    attacker_messages,
    one_line,
)
from medical_team.game.wording import shared_ends
from medical_team.types import Assessment, Edit, ErrorType, Note, Role, Verdict

# Words of a sentence that a reason quotes: most gold edits change three, and reasons are to stay at one short line.
QUOTED_WORDS = 5


@dataclass(frozen=True, slots=True)
class GoldTurn:
    """One turn as it should have been: the chat messages and the answer."""

    role: Role
    messages: list[Message]
    answer: str


@dataclass(frozen=True, slots=True)
class _Gold:
    sentence_id: int
    wrong: str
    right: str
    error_type: ErrorType


def gold_turns(note: Note, donor: Note | None = None, explain: bool = False) -> tuple[GoldTurn, ...]:
    """Every gold turn that a note gives.

    A clean note: the assessor says Safe. An error note: the attacker, shown the corrected note, plants the gold
    error; the assessor, shown the error note, finds it. With a ``donor``, an error note about another case, there is
    also a turn of ``adversarial_harmful``: in the place of the gold error stand the donor's wrong words, which belong
    to somebody else and are easy to see, and the attacker turns them into the gold error, which is harder.
    ``explain``: the assessor is asked for an explanation and gives one.
    """
    gold = _gold(note)
    if gold is None:
        thinking = "The findings fit every sentence."
        answer = assessor_answer(Assessment(Verdict.SAFE), thinking)
        return (GoldTurn(Role.ASSESSOR, assessor_messages(note, explain), answer),)
    turns = (_planting(note, gold), _finding(note, gold, explain))
    return turns if donor is None else (*turns, _hardening(note, gold, donor))


def _gold(note: Note) -> _Gold | None:
    if note.error_sentence_id is None or note.corrected_sentence is None or note.error_type is None:
        return None
    wrong = one_line(note.sentences[note.error_sentence_id])
    return _Gold(note.error_sentence_id, wrong, one_line(note.corrected_sentence), note.error_type)


def _planting(note: Note, gold: _Gold) -> GoldTurn:
    messages = attacker_messages(corrected_note(note))
    return GoldTurn(Role.ATTACKER, messages, _swap(gold, gold.right))


def _swap(gold: _Gold, present: str) -> str:
    """The attacker's answer: it repeats the sentence that is there before it swaps words of it, and names the type.

    A small model that does not, writes a sentence of its own in that place, and a word of the sentence as its type.
    """
    old, new = quoted_difference(present, gold.wrong)
    thinking = f"Sentence {gold.sentence_id} says: {present} Swap {old} for {new}, a wrong {gold.error_type}."
    return attacker_answer(Edit(gold.sentence_id, gold.wrong, gold.error_type), thinking)


def _finding(note: Note, gold: _Gold, explain: bool) -> GoldTurn:
    """Opens as the answer to a clean note does, and not as an attacker's: a small model that learns both roles would
    go on as the attacker, and the verdict is to hang on one word.

    No longer than it must be: what a Harmful answer has more to write than a Safe one, it has more chances to spoil.
    """
    right, wrong = quoted_difference(gold.right, gold.wrong)
    thinking = f"The findings do not fit {wrong} in sentence {gold.sentence_id}."
    explanation = f"The findings fit {right}." if explain else None
    assessment = Assessment(Verdict.HARMFUL, gold.sentence_id, gold.right, explanation)
    return GoldTurn(Role.ASSESSOR, assessor_messages(note, explain), assessor_answer(assessment, thinking))


def _hardening(note: Note, gold: _Gold, donor: Note) -> GoldTurn:
    misplaced = _gold(donor)
    if misplaced is None or donor.group == note.group:
        raise ValueError("a donor is an error note about another case")
    present = _graft(gold, misplaced)
    presented = replace(note, sentences=replaced(note.sentences, gold.sentence_id, present))
    messages = attacker_messages(presented)
    return GoldTurn(Role.ATTACKER, messages, _swap(gold, present))


def _graft(gold: _Gold, donor: _Gold) -> str:
    """The note's sentence with the words that are wrong in the donor's: an error out of another case."""
    right, wrong = gold.right.split(), gold.wrong.split()
    head, tail = shared_ends(right, wrong)
    foreign = quoted_difference(donor.right, donor.wrong)[1].split()
    end = right[len(right) - tail :] if tail else ["" if gold.right[-1].isalnum() else gold.right[-1]]
    grafted = " ".join([*right[:head], *foreign, *end])
    return grafted if tail else grafted.replace(f" {end[0]}", end[0]).rstrip()


def quoted_difference(right: str, wrong: str) -> tuple[str, str]:
    """The words in which two sentences differ, at most ``QUOTED_WORDS`` of each; never empty.

    Where one sentence only lacks words of the other, a shared word beside the gap is quoted too.
    """
    texts = right.split(), wrong.split()
    head, tail = shared_ends(*texts)
    while head and any(len(words) - tail <= head for words in texts):
        head -= 1
    while tail and any(len(words) - tail <= head for words in texts):
        tail -= 1
    quoted = [" ".join(words[head : len(words) - tail][:QUOTED_WORDS]).rstrip(".,;") for words in texts]
    return quoted[0], quoted[1]
