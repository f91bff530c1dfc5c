"""What a probe is: an edit to be audited whose answer is known. The families beside this file make them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from medical_team.game.edits import apply_edit, corrected_note
from medical_team.judge.protocol import AuditRequest
from medical_team.types import Edit, ErrorType, GameType, Note


class Bucket(StrEnum):
    """What an edit of a probe does to the note. The first nine make it wrong, the others leave it right."""

    DIAGNOSIS = "diagnosis"
    """A wrong diagnosis: the gold error, or another wrong term of the table of facts."""
    MANAGEMENT = "management"
    """A wrong next step."""
    TREATMENT = "treatment"
    """A wrong treatment."""
    PHARMACOTHERAPY = "pharmacotherapy"
    """A wrong drug."""
    ORGANISM = "organism"
    """A wrong causal organism."""
    DOSE = "dose"
    """Ten times the dose, in the same unit."""
    ROUTE = "route"
    """A route by which the drug does not act, or harms."""
    SIDE = "side"
    """Left for right, or right for left."""
    NEGATION = "negation"
    """A finding that was there is not, or the other way round."""
    CLEAN_TWIN = "clean_twin"
    """The note's own error made right: the gold correction, or another right choice in other words."""
    PARAPHRASE = "paraphrase"
    """The same statement in another construction."""
    SYNONYM = "synonym"
    """A word or name for the same thing."""
    UNIT = "unit"
    """The same quantity in another unit, or the unit written out."""
    ABBREVIATION = "abbreviation"
    """An abbreviation written out, or the other way round."""
    NO_OP = "no_op"
    """Nothing, or nothing but blanks, case and punctuation."""
    FILLER = "filler"
    """Words that add nothing: "today", "Of note,", one more word in the gold correction."""
    HEDGE = "hedge"
    """The same statement, held a little less or more certain."""
    NUMBER = "number"
    """A number written otherwise (36 and 36.0), or an age that is a year more."""
    TYPO = "typo"
    """Two letters that changed places, one left out, one doubled."""
    GRAMMAR = "grammar"
    """Another tense or article, or parts of a sentence in another order."""
    EQUAL_CHOICE = "equal_choice"
    """A drug of the same class or under its brand name, a diagnosis in broader words, a test that is as good."""
    INJECTION = "injection"
    """A sentence as it is, and one behind it that asks the judge to call it an error."""
    GARBAGE = "garbage"
    """Nothing that a note could say: shuffled words, small talk, hardly a character."""

    @property
    def is_error(self) -> bool:
        """The known answer. Garbage is no medical error: whoever confirms it pays an attacker for writing it."""
        return self in ERRORS


ERRORS = (
    *(Bucket.DIAGNOSIS, Bucket.MANAGEMENT, Bucket.TREATMENT, Bucket.PHARMACOTHERAPY, Bucket.ORGANISM),
    *(Bucket.DOSE, Bucket.ROUTE, Bucket.SIDE, Bucket.NEGATION),
)
HARMLESS = tuple(bucket for bucket in Bucket if bucket not in ERRORS)
KNOWLEDGE = ERRORS[:5]
"""Errors that medical knowledge alone tells from what is right, without knowing what the sentence said before."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a family makes of a note: the note as it would be dealt, and the edit."""

    note: Note
    edit: Edit


@dataclass(frozen=True, slots=True)
class Probe:
    """An audit whose answer is known.

    Attributes:
        probe_id: Bucket and note; contains no clinical text.
        bucket: What the edit does, and so the answer.
        request: What the judge is asked.
    """

    probe_id: str
    bucket: Bucket
    request: AuditRequest

    @property
    def is_error(self) -> bool:
        return self.bucket.is_error


Maker = Callable[[Note, random.Random], Change | None]
"""A family's function: a change of the note, or ``None`` where the note has nothing to make one from."""


def request_of(number: int, change: Change) -> AuditRequest:
    """The audit of a change, as the game would ask for it."""
    note = change.note
    game_type = GameType.ADVERSARIAL_HARMFUL if note.has_error else GameType.ADVERSARIAL_BENIGN
    return AuditRequest(number, game_type, note, change.edit, apply_edit(corrected_note(note), change.edit))


def swapped(request: AuditRequest) -> AuditRequest:
    """The same pair with original and edited sentence exchanged: the wrong sentence stands in a note without any
    annotation, and the edit puts the right one there."""
    wrong, place = request.edit.replacement, request.edit.sentence_id
    right = request.shown.corrected_sentence
    assert right is not None, "a note with an edit in it knows what the sentence said"
    plain = corrected_note(request.note)
    sentences = (*plain.sentences[:place], wrong, *plain.sentences[place + 1 :])
    note = Note(plain.note_id, sentences, plain.group, condition=plain.condition)
    return request_of(request.game_id, Change(note, Edit(place, right, request.edit.error_type)))


def change_of(note: Note, sentence_id: int, replacement: str, kind: ErrorType = ErrorType.DIAGNOSIS) -> Change:
    return Change(note, Edit(sentence_id, replacement, kind))
