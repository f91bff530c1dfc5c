"""What a set of notes is like: counts, lengths, twins, and what an assessor that knows nothing would score on it.

Driven by ``launch/prepare_medical_data.py``. Nothing here returns the text of a note.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medical_team.types import ErrorType, Note

# Words that open a statement of diagnosis or plan. The list was chosen for the best score on MEDEC's validation
# split, so the floor is a hard one.
_CUES = re.compile(r"diagnos|suspect|prescri|recommend|administ|order|schedul|perform", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spread:
    """Four points of a distribution."""

    least: int
    median: int
    p95: int
    most: int


@dataclass(frozen=True, slots=True)
class Floors:
    """Scores without any knowledge, in [0, 1].

    Attributes:
        always_harmful: Flag accuracy of saying Harmful of every note.
        always_safe: Flag accuracy, and sentence accuracy too, of saying Safe of every note.
        coin_pairs: Both twins of a pair right, for a coin; a constant verdict never has a pair right.
        cue_sentence: Sentence accuracy of always naming the last sentence with a cue word ("diagnosed", ...).
        best_position: Sentence accuracy of always naming the same sentence id, the best one for these notes.
    """

    always_harmful: float
    always_safe: float
    coin_pairs: float
    cue_sentence: float
    best_position: float


@dataclass(frozen=True, slots=True)
class Description:
    """A set of notes in numbers. ``types`` counts error notes only; ``pairs`` groups with both classes."""

    notes: int
    errors: int
    types: Mapping[ErrorType, int]
    words: Spread
    sentences: Spread
    groups: int
    pairs: int
    conditions: int
    floors: Floors

    @property
    def clean(self) -> int:
        return self.notes - self.errors


def describe(notes: Sequence[Note]) -> Description:
    """Describe a non-empty set of notes."""
    errors = [note for note in notes if note.has_error]
    types = Counter(note.error_type for note in errors)
    classes: dict[str, set[bool]] = defaultdict(set)
    for note in notes:
        classes[note.group].add(note.has_error)
    return Description(
        notes=len(notes),
        errors=len(errors),
        types={kind: types[kind] for kind in ErrorType},
        words=_spread([count_words(note) for note in notes]),
        sentences=_spread([len(note.sentences) for note in notes]),
        groups=len(classes),
        pairs=sum(len(both) == 2 for both in classes.values()),
        conditions=len({note.condition for note in notes if note.condition}),
        floors=floors(notes),
    )


def count_words(note: Note) -> int:
    return sum(len(sentence.split()) for sentence in note.sentences)


def floors(notes: Sequence[Note]) -> Floors:
    """The scores that a real assessor has to beat on these notes."""
    harmful = sum(note.has_error for note in notes) / len(notes)
    hits = sum(note.error_sentence_id == _cue_sentence(note) for note in notes)
    places = Counter(note.error_sentence_id for note in notes if note.has_error)
    return Floors(
        always_harmful=harmful,
        always_safe=1 - harmful,
        coin_pairs=0.25,
        cue_sentence=hits / len(notes),
        best_position=max(places.values(), default=0) / len(notes),
    )


def _cue_sentence(note: Note) -> int:
    cued = [number for number, sentence in enumerate(note.sentences) if _CUES.search(sentence)]
    return cued[-1] if cued else len(note.sentences) - 1


def _spread(values: Sequence[int]) -> Spread:
    ranked = sorted(values)
    return Spread(ranked[0], _at(ranked, 0.5), _at(ranked, 0.95), ranked[-1])


def _at(ranked: Sequence[int], share: float) -> int:
    """The nearest-rank quantile."""
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]
