"""What a judge scored at its admission, what it had to, and what follows. Made by ``admit``."""

from __future__ import annotations

import logging
import math
from dataclasses import asdict, dataclass, field
from itertools import chain, zip_longest
from typing import Any

from medical_team.config import AdmissionConfig
from medical_team.errors import JudgeNotAdmitted
from medical_team.judge.admission.figures import Figures
from medical_team.judge.admission.probes import Bucket, Probe

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Missed:
    """A threshold that a judge does not reach, by its configuration key."""

    key: str
    value: float
    bound: float

    def __str__(self) -> str:
        return f"{self.key} = {self.bound:g}, it has {self.value:.2f}"


@dataclass(frozen=True, slots=True)
class AdmissionReport:
    """What a judge scored and what it had to.

    Attributes:
        judge: The name its audits carry.
        figures: What it scored.
        thresholds: What it had to.
        known: The probes it was asked twice and answered rightly both times: what a later look can be compared with.
    """

    judge: str
    figures: Figures
    thresholds: AdmissionConfig
    known: tuple[Probe, ...] = field(default=(), repr=False)

    @property
    def missed(self) -> tuple[Missed, ...]:
        figures, wanted = self.figures, self.thresholds
        return tuple(
            missed
            for missed, holds in (
                (Missed("min_decided", figures.decided, wanted.min_decided), _reaches),
                (Missed("min_sensitivity", figures.sensitivity_decided, wanted.min_sensitivity), _reaches_if_any),
                (Missed("min_specificity", figures.specificity, wanted.min_specificity), _reaches_if_any),
                (Missed("max_failed", figures.failed, wanted.max_failed), _stays_below),
            )
            if not holds(missed)
        )

    @property
    def accepted_by_name(self) -> bool:
        return self.thresholds.accept == self.judge

    @property
    def is_wrong(self) -> bool:
        """Whether its answers are wrong too often; that some are missing says nothing of the others."""
        return any(missed.key not in ("max_failed", "min_decided") for missed in self.missed)

    @property
    def admitted(self) -> bool:
        return not self.missed or self.accepted_by_name

    def check(self) -> None:
        """Let the judge in, with a warning where it is in only by name.

        Raises:
            JudgeNotAdmitted: It is below a threshold; with the numbers, and how to take it all the same.
        """
        if not self.missed:
            return
        shortfall = "; ".join(f"judge.admission.{missed}" for missed in self.missed)
        if self.accepted_by_name:
            logger.warning("judge %s is accepted by name although it misses %s", self.judge, shortfall)
            return
        raise JudgeNotAdmitted(
            f"judge {self.judge} is not admitted: of {self.figures.probes} probes it misses {shortfall}. Choose "
            f"another judge, or take this one with judge.admission.accept={self.judge}"
        )

    def canaries(self, count: int) -> tuple[Probe, ...]:
        """Probes that the judge answered rightly twice, errors and harmless ones in turn: a wrong answer is a change.

        Fewer than ``count`` where it did not answer as many so.
        """
        errors = [probe for probe in self.known if probe.is_error]
        harmless = [probe for probe in self.known if not probe.is_error]
        in_turn = chain.from_iterable(zip_longest(errors, harmless))
        return tuple(probe for probe in in_turn if probe is not None)[:count]

    def confirms(self) -> dict[str, float]:
        """How often the judge calls a harmless edit an error, by bucket, of those that gates let through."""
        return {
            row.bucket.value: row.called_error
            for row in self.figures.buckets
            if not row.bucket.is_error and row.bucket is not Bucket.NO_OP and not math.isnan(row.called_error)
        }

    def to_json(self) -> dict[str, Any]:
        """For ``judge-admission.json``: names and numbers, no text of a note."""
        content = {
            "judge": self.judge,
            "admitted": self.admitted,
            "accepted_by_name": self.accepted_by_name and bool(self.missed),
            "missed": [asdict(missed) for missed in self.missed],
            "thresholds": self.thresholds.model_dump(),
            "figures": asdict(self.figures),
        }
        return _without_nan(content)


def _reaches(missed: Missed) -> bool:
    return missed.value >= missed.bound


def _reaches_if_any(missed: Missed) -> bool:
    """A share of nothing is not wrong: that there was nothing is missed under another key."""
    return math.isnan(missed.value) or _reaches(missed)


def _stays_below(missed: Missed) -> bool:
    return missed.value <= missed.bound


def _without_nan(value: Any) -> Any:
    """JSON has no word for what is no number: null."""
    if isinstance(value, dict):
        return {str(key): _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
