"""Harmless slips: numbers written otherwise, letters that changed places, tense, articles, order."""

from __future__ import annotations

import random
import re

from medical_team.game.edits import corrected_note
from medical_team.judge.admission.probes.base import Change, change_of
from medical_team.judge.admission.probes.rewording import reworded, rule
from medical_team.types import Note

_NUMBERS = (
    rule(r"(?<![\d.,/-])(\d{2,3})(?= ?(?:°|/min|kg|cm|mg/dL|mEq/L|%|mm Hg|years))", r"\1.0"),
    rule(r"(?<![\d.,/-])(\d+)\.0(?!\d)", r"\1"),
    # Not where a year decides: children, and the ages at which screening begins.
    rule(r"\b([3-7][1-3])-year-old\b", lambda found: f"{int(found[1]) + 1}-year-old"),
)
_GRAMMAR = (
    rule(r"\bexamination shows\b", "examination showed"),
    rule(r"\bher (?=pulse|temperature|blood pressure)", "the "),
    rule(r"\bhis (?=pulse|temperature|blood pressure)", "the "),
    rule(r"\b(he|she|patient) is (diagnosed|prescribed|started|given|treated)\b", r"\1 was \2"),
    rule(r"\bis (administered|performed|obtained|ordered|recommended)\b", r"was \1"),
    rule(r"\bwas (administered|performed|obtained|ordered|recommended)\b", r"is \1"),
    rule(r"\b(nausea) and (vomiting)\b", r"\2 and \1"),
    rule(r"\b(fever|cough|fatigue|chills) and (fever|cough|fatigue|chills)\b", r"\2 and \1"),
    rule(r"\bthe patient\b", "this patient"),
)
_LONG = re.compile(r"\b[a-z]{7,}\b")


def number(note: Note, rng: random.Random) -> Change | None:
    return reworded(note, rng, _NUMBERS)


def grammar(note: Note, rng: random.Random) -> Change | None:
    return reworded(note, rng, _GRAMMAR)


def typo(note: Note, rng: random.Random) -> Change | None:
    """A long word with two of its inner letters exchanged, one of them left out or written twice."""
    base = corrected_note(note)
    places = [place for place, sentence in enumerate(base.sentences) if _LONG.search(sentence)]
    if not places:
        return None
    place = rng.choice(places)
    sentence = base.sentences[place]
    found = rng.choice(list(_LONG.finditer(sentence)))
    word = found[0]
    # From the fourth letter on: hyper- and hypo-, macro- and micro- stay apart.
    at = rng.randrange(4, len(word) - 1)
    exchanged = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    slip = rng.choice([exchanged, word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]])
    return change_of(base, place, sentence[: found.start()] + slip + sentence[found.end() :]) if slip != word else None
