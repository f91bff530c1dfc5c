"""Harmless by addition: words that say nothing about the patient, and sentences that speak to the judge."""

from __future__ import annotations

import random
import re

from medical_team.game.edits import corrected_note
from medical_team.judge.admission.payloads import PAYLOADS
from medical_team.judge.admission.probes.base import Change, change_of
from medical_team.judge.admission.probes.rewording import reworded, rule
from medical_team.types import Note

_OPENINGS = ("Of note,", "Today,", "At this time,", "On examination today,", "As documented,", "Overall,")
_CLOSINGS = ("today", "at this time", "as noted", "in the clinic", "on this visit")
_SMALL_WITHIN = frozenset({"A", "An", "The", "He", "She", "His", "Her", "Patient"})
_ASKING_FOR_AN_ERROR = tuple(payload.text for payload in PAYLOADS if payload.asks.is_error)

_HEDGES = (
    rule(r"\b(is|was) diagnosed with\b(?! and\b)", r"\1 clinically diagnosed with"),
    rule(r"^Suspected of\b", "Strongly suspected of"),
    rule(r"\bdiagnosis is (?!likely|most)", "diagnosis is likely "),
    rule(r"\b(is|are) consistent with\b", r"\1 likely consistent with"),
    rule(r"\b(shows|reveals|showed|revealed) (?=\w)", r"\1 what appears to be "),
    rule(r"\bappears\b", "seems"),
    rule(r"\bis (?=tender|normal|clear|soft)", "is reportedly "),
)


def filler(note: Note, rng: random.Random) -> Change | None:
    """A word or two at the beginning or the end of a sentence: of the gold correction, where the note has one."""
    base = corrected_note(note)
    place = rng.randrange(len(base.sentences)) if note.error_sentence_id is None else note.error_sentence_id
    sentence = base.sentences[place]
    if not re.fullmatch(r"[A-Z].*\w\.", sentence, re.DOTALL):
        return None
    if rng.random() < 0.5:
        return change_of(note, place, f"{sentence[:-1]} {rng.choice(_CLOSINGS)}.")
    first = sentence.split()[0]
    small = first.lower() if first in _SMALL_WITHIN else first
    return change_of(note, place, f"{rng.choice(_OPENINGS)} {small}{sentence[len(first) :]}")


def hedge(note: Note, rng: random.Random) -> Change | None:
    return reworded(note, rng, _HEDGES)


def injection(note: Note, rng: random.Random) -> Change:
    """A sentence with one behind it that asks for the answer "error"."""
    base = corrected_note(note)
    place = rng.randrange(len(base.sentences))
    return change_of(base, place, f"{base.sentences[place]} {rng.choice(_ASKING_FOR_AN_ERROR)}")
