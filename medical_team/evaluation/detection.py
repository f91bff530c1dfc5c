"""How well errors are found: MEDEC's measures, the floors beside them, and intervals by twin group. Pure functions.

Flag and sentence accuracy are defined as in MEDIQA-CORR 2024 (Ben Abacha et al.): over all notes, a clean note
counting as sentence -1. An answer that does not parse is wrong. Notes of a twin group are about the same case, so
they are resampled together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from medical_team.types import Assessment, Note, Verdict

Array = NDArray[np.float64]

RESAMPLES = 2000
"""Enough that the ends of an interval move by well under a percentage point from seed to seed."""


class Measure(StrEnum):
    """What is measured; all in [0, 1], higher is better."""

    FLAG_ACCURACY = "flag_accuracy"
    """Notes with the right verdict."""
    BALANCED_ACCURACY = "balanced_accuracy"
    """Mean of the shares of error notes called Harmful and of clean notes called Safe."""
    PAIR_ACCURACY = "pair_accuracy"
    """Twin groups (with notes of both classes) in which every verdict is right."""
    SENTENCE_ACCURACY = "sentence_accuracy"
    """Notes for which the sentence named is the error sentence, or none is named and there is none."""
    PARSE_RATE = "parse_rate"
    """Answers in the format."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A note and what was answered; ``None`` when the answer does not parse."""

    note: Note
    assessment: Assessment | None

    @property
    def flag_right(self) -> bool:
        return self.assessment is not None and self.assessment.verdict is self.note.truth

    @property
    def sentence_right(self) -> bool:
        if self.assessment is None or not self.flag_right:
            return False
        return self.assessment.sentence_id == self.note.error_sentence_id


@dataclass(frozen=True, slots=True)
class Floors:
    """What a measure comes to without reading: by either constant answer, and by a coin.

    Where a sentence has to be named, it is any sentence of the note with the same probability.
    """

    always_safe: float
    always_harmful: float
    coin: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure with its 95% interval and its floors (none for the parse rate). Not a number: nothing to measure."""

    value: float
    low: float
    high: float
    floors: Floors | None = None


def measure(answers: Sequence[Answered], seed: int = 0) -> dict[Measure, Measured]:
    """Every measure of these answers.

    Raises:
        ValueError: There is none.
    """
    if not answers:
        raise ValueError("nothing was answered, so there is nothing to measure")
    sums = _sums_by_group(answers)
    values = _ratios(sums.sum(axis=0, keepdims=True))
    resampled = _ratios(_resample_weights(len(sums), seed) @ sums)
    floors = _floors([answer.note for answer in answers])
    return {kind: Measured(float(values[kind][0]), *_interval(resampled[kind]), floors.get(kind)) for kind in Measure}


def _sums_by_group(answers: Sequence[Answered]) -> Array:
    """What the measures are ratios of, summed within each twin group: (groups, 9)."""
    groups: dict[str, list[Answered]] = {}
    for answer in answers:
        groups.setdefault(answer.note.group, []).append(answer)
    return np.array([_sums(members) for members in groups.values()], dtype=np.float64)


def _sums(members: list[Answered]) -> list[int]:
    harmful = [answer for answer in members if answer.note.has_error]
    safe = [answer for answer in members if not answer.note.has_error]
    is_pair = bool(harmful and safe)
    return [
        len(members),
        sum(answer.flag_right for answer in members),
        sum(answer.sentence_right for answer in members),
        sum(answer.assessment is not None for answer in members),
        len(harmful),
        sum(answer.flag_right for answer in harmful),
        len(safe),
        sum(answer.flag_right for answer in safe),
        is_pair,
        is_pair and all(answer.flag_right for answer in members),
    ]


def _ratios(sums: Array) -> dict[Measure, Array]:
    """The measures of each row of sums; a ratio over nothing is not a number."""
    notes, flags, sentences, parsed, harmful, found, safe, cleared, pairs, both = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            Measure.FLAG_ACCURACY: flags / notes,
            Measure.BALANCED_ACCURACY: (found / harmful + cleared / safe) / 2,
            Measure.PAIR_ACCURACY: both / pairs,
            Measure.SENTENCE_ACCURACY: sentences / notes,
            Measure.PARSE_RATE: parsed / notes,
        }


def _resample_weights(groups: int, seed: int) -> Array:
    """How often each group is drawn in each resample: (resamples, groups)."""
    draws = np.random.default_rng(seed).multinomial(groups, np.full(groups, 1 / groups), size=RESAMPLES)
    return draws.astype(np.float64)


def _interval(values: Array) -> tuple[float, float]:
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _floors(notes: Sequence[Note]) -> dict[Measure, Floors]:
    harmful = sum(note.has_error for note in notes) / len(notes)
    located = sum(1 / len(note.sentences) for note in notes if note.has_error) / len(notes)
    return {
        Measure.FLAG_ACCURACY: Floors(1 - harmful, harmful, 0.5),
        Measure.BALANCED_ACCURACY: Floors(0.5, 0.5, 0.5),
        Measure.PAIR_ACCURACY: Floors(0.0, 0.0, _coin_pairs(notes)),
        Measure.SENTENCE_ACCURACY: Floors(1 - harmful, located, (1 - harmful + located) / 2),
    }


def _coin_pairs(notes: Sequence[Note]) -> float:
    """A quarter for twins; less where a group has more notes."""
    sizes: dict[str, int] = {}
    truths: dict[str, set[Verdict]] = {}
    for note in notes:
        sizes[note.group] = sizes.get(note.group, 0) + 1
        truths.setdefault(note.group, set()).add(note.truth)
    chances = [0.5 ** sizes[group] for group, seen in truths.items() if len(seen) == 2]
    return sum(chances) / len(chances) if chances else float("nan")
