"""Edits that say nothing new, and edits that say nothing at all."""

from __future__ import annotations

import random

from medical_team.game.edits import corrected_note
from medical_team.judge.admission.probes.base import Change, change_of
from medical_team.types import Note

# Small talk of other languages, free of medicine.
_ELSEWHERE = (
    "Le train pour Lyon part du quai numero trois.",
    "Der Garten liegt hinter dem alten Haus am See.",
    "La biblioteca abre a las nueve de la manana.",
    "Il mercato si tiene ogni sabato in piazza.",
)
_HARDLY_ANYTHING = ("-", "...", "n/a", "?")
_FEW_WORDS = 6


def no_op(note: Note, rng: random.Random) -> Change | None:
    """A sentence as it is, but for case, blanks or the stop at its end."""
    base = corrected_note(note)
    place = rng.randrange(len(base.sentences))
    sentence = base.sentences[place]
    looks = (sentence, sentence.upper(), sentence.replace(" ", "  ", 1), sentence.rstrip(".") + "!", sentence + " ")
    return change_of(base, place, rng.choice(looks))


def garbage(note: Note, rng: random.Random) -> Change | None:
    """A sentence's own words in no order, another language, or hardly a character."""
    base = corrected_note(note)
    place = rng.randrange(len(base.sentences))
    sentence = base.sentences[place]
    shuffled = sentence.split()
    rng.shuffle(shuffled)
    choices = [rng.choice(_ELSEWHERE), rng.choice(_HARDLY_ANYTHING)]
    # Values that change places ("Sodium 4, potassium 140") are an error, and a few words may still be a sentence.
    if len(shuffled) >= _FEW_WORDS and not any(letter.isdigit() for letter in sentence):
        choices.append(" ".join(shuffled))
    return change_of(base, place, rng.choice([text for text in choices if text != sentence]))
