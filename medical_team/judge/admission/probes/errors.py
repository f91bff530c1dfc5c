"""True error pairs of MEDEC's five types, and the clean twins of error notes."""

from __future__ import annotations

import random

from medical_team.game.edits import corrected_note
from medical_team.judge.admission.probes.base import Bucket, Change, Maker, change_of
from medical_team.judge.admission.probes.statements import Stated, stated_in
from medical_team.types import ErrorType, Note

TYPES = {
    Bucket.DIAGNOSIS: ErrorType.DIAGNOSIS,
    Bucket.MANAGEMENT: ErrorType.MANAGEMENT,
    Bucket.TREATMENT: ErrorType.TREATMENT,
    Bucket.PHARMACOTHERAPY: ErrorType.PHARMACOTHERAPY,
    Bucket.ORGANISM: ErrorType.CAUSAL_ORGANISM,
}


def error_of(kind: ErrorType) -> Maker:
    """Makes true errors of one type from error notes of that type.

    The gold error is planted in the note without it. Where the table of facts has more wrong terms, every other
    note is dealt with its error, and the edit puts another wrong term in its place.
    """

    def make(note: Note, rng: random.Random) -> Change | None:
        if note.error_type is not kind or note.error_sentence_id is None:
            return None
        gold = note.sentences[note.error_sentence_id]
        stated = _stated_at_the_error(note)
        others = [term for term in stated.fact.wrong if term not in gold] if stated else []
        if stated and others and rng.random() < 0.5:
            sentence = note.corrected_sentence or ""
            return change_of(note, stated.sentence_id, sentence.replace(stated.term, rng.choice(others)), kind)
        return change_of(corrected_note(note), note.error_sentence_id, gold, kind)

    return make


def clean_twin(note: Note, rng: random.Random) -> Change | None:
    """An error note made right: in other words and, where there is one, by another right choice."""
    if note.error_type is None or note.error_sentence_id is None or note.corrected_sentence is None:
        return None
    stated = _stated_at_the_error(note)
    replacement = note.corrected_sentence
    if stated is not None:
        others = [term for term in stated.fact.accepted if term != stated.term] or [stated.term]
        replacement = stated.said_of(rng.choice(others), rng, unlike=note.corrected_sentence)
    return change_of(note, note.error_sentence_id, replacement, note.error_type)


def _stated_at_the_error(note: Note) -> Stated | None:
    """What the gold correction states, where the table knows it in the words it has there."""
    found = (one for one in stated_in(corrected_note(note)) if one.sentence_id == note.error_sentence_id)
    stated = next(found, None)
    return stated if stated is not None and stated.term in (note.corrected_sentence or "") else None
