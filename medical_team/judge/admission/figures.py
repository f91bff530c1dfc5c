"""How good a judge is: figures over probes and answers. Pure functions; ``admission`` decides by them.

A judge says of an edit that it is an error, that it is none, or that it cannot tell. In training only the first one
counts a game, so that an abstention is no false alarm and costs nothing but games. A judge is let in by how often it is
right when it decides, and by whether it decides often enough. Probes without an audit are left out of both shares
and counted by the kind of failure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medical_team.judge.admission.asking import Answer, Said
from medical_team.judge.admission.probes import Bucket, Probe
from medical_team.judge.protocol import FailureKind

RESAMPLES = 1000
"""Enough that the ends of the interval move by a percentage point from seed to seed."""

NOTHING = float("nan")
"""A share of nothing."""

Array = NDArray[np.float64]

Judged = tuple[Probe, Answer]


@dataclass(frozen=True, slots=True)
class BucketFigures:
    """A row of the confusion matrix: what was said of a bucket's probes."""

    bucket: Bucket
    said: Mapping[Said, int]

    @property
    def probes(self) -> int:
        return sum(self.said.values())

    @property
    def called_error(self) -> float:
        """Share of the audited probes that the judge calls errors."""
        return _share(self.said[Said.ERROR], self.probes - self.said[Said.FAILED])


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What a judge scored. Shares are in [0, 1]; not a number where there was nothing to measure.

    Attributes:
        probes: How many there were.
        buckets: The confusion matrix, a row a bucket.
        sensitivity: Share of the audited errors that were called errors.
        specificity: Share of the audited harmless edits that were not.
        decided: Share of the audited errors about which the judge did not abstain.
        sensitivity_decided, specificity_decided: The same over the probes on which the judge did not abstain.
        kappa: Cohen's (1960), between the known answer and "calls it an error", resampled by twin group.
        abstained: Share of all probes on which the judge said that it cannot tell.
        failed: Share of all probes without an audit; an abstention is none.
        failures: The same by kind, the judge's own way of abstaining among them.
        swap_consistency: Of the error pairs that were called errors and, with original and edited sentence
            exchanged, were decided again: the share that was called no error then. A judge that compares sentences
            instead of knowing medicine, or that goes by the position, scores low.
        swaps: How many pairs that is.
        retest_agreement: Share of the probes asked twice that got the same answer.
        retests: How many those are.
        seconds_median, seconds_p95: From asking to the answer, under as many audits at once as in training.
    """

    probes: int
    buckets: tuple[BucketFigures, ...]
    sensitivity: float
    specificity: float
    decided: float
    sensitivity_decided: float
    specificity_decided: float
    kappa: Interval
    abstained: float
    failed: float
    failures: Mapping[FailureKind, float]
    swap_consistency: float
    swaps: int
    retest_agreement: float
    retests: int
    seconds_median: float
    seconds_p95: float

    @property
    def malformed(self) -> float:
        return self.failures.get(FailureKind.MALFORMED, 0.0)


def measure(
    judged: Sequence[Judged], swapped: Sequence[tuple[Said, Said]], again: Sequence[tuple[Said, Said]], seed: int = 0
) -> Figures:
    """All figures.

    Args:
        judged: Every probe with its answer; there is one at least.
        swapped: What was said of error pairs, as they are and exchanged.
        again: What was said of probes, the first time and the second.
        seed: Of the resampling.
    """
    errors, harmless = (
        _said(judged, lambda probe, is_error=truth: probe.is_error is is_error) for truth in (True, False)
    )
    decided = [after for before, after in swapped if before is Said.ERROR and after in (Said.ERROR, Said.NO_ERROR)]
    seconds = [answer.seconds for _, answer in judged]
    failures = Counter(answer.failure for _, answer in judged if answer.failure is not None)
    return Figures(
        probes=len(judged),
        buckets=tuple(
            BucketFigures(bucket, said)
            for bucket in Bucket
            if (said := _said(judged, lambda probe, wanted=bucket: probe.bucket is wanted)).total()
        ),
        sensitivity=_share(errors[Said.ERROR], errors.total() - errors[Said.FAILED]),
        specificity=1 - _share(harmless[Said.ERROR], harmless.total() - harmless[Said.FAILED]),
        decided=1 - _share(errors[Said.ABSTAINED], errors.total() - errors[Said.FAILED]),
        sensitivity_decided=_share(errors[Said.ERROR], errors[Said.ERROR] + errors[Said.NO_ERROR]),
        specificity_decided=_share(harmless[Said.NO_ERROR], harmless[Said.ERROR] + harmless[Said.NO_ERROR]),
        kappa=_kappa(judged, seed),
        abstained=_share(errors[Said.ABSTAINED] + harmless[Said.ABSTAINED], len(judged)),
        failed=_share(errors[Said.FAILED] + harmless[Said.FAILED], len(judged)),
        failures={kind: count / len(judged) for kind, count in failures.items()},
        swap_consistency=_share(decided.count(Said.NO_ERROR), len(decided)),
        swaps=len(decided),
        retest_agreement=_share(sum(first is second for first, second in again), len(again)),
        retests=len(again),
        seconds_median=float(np.median(seconds)),
        seconds_p95=float(np.percentile(seconds, 95)),
    )


def shares(judged: Sequence[Judged]) -> tuple[float, float]:
    """Sensitivity and specificity alone: what a look at the canaries needs."""
    audited = [(probe.is_error, is_wrong(probe, answer)) for probe, answer in judged if answer.said is not Said.FAILED]
    errors = [wrong for is_error, wrong in audited if is_error]
    harmless = [wrong for is_error, wrong in audited if not is_error]
    return 1 - _share(sum(errors), len(errors)), 1 - _share(sum(harmless), len(harmless))


def decided_shares(judged: Sequence[Judged]) -> tuple[float, float]:
    """As ``shares``, with the sensitivity over the errors on which the judge did not abstain."""
    return shares([(probe, answer) for probe, answer in judged if not _abstains_on_error(probe, answer)])


def _abstains_on_error(probe: Probe, answer: Answer) -> bool:
    return probe.is_error and answer.said is Said.ABSTAINED


def is_wrong(probe: Probe, answer: Answer) -> bool:
    """Whether an answer counts against sensitivity or specificity; no audit is no wrong answer."""
    return answer.said is not Said.FAILED and (answer.said is Said.ERROR) is not probe.is_error


def _said(judged: Sequence[Judged], where: Callable[[Probe], bool]) -> Counter[Said]:
    return Counter(answer.said for probe, answer in judged if where(probe))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else NOTHING


def _kappa(judged: Sequence[Judged], seed: int) -> Interval:
    """Probes of a twin group are about the same patient, so they are resampled together."""
    audited = [(probe, answer) for probe, answer in judged if answer.said is not Said.FAILED]
    cells: dict[str, Array] = {}
    for probe, answer in audited:
        cell = cells.setdefault(probe.request.note.group, np.zeros(4))
        cell[2 * probe.is_error + (answer.said is Said.ERROR)] += 1
    if not cells:
        return Interval(NOTHING, NOTHING, NOTHING)
    table = np.array(list(cells.values()))
    draws = np.random.default_rng(seed).multinomial(len(table), np.full(len(table), 1 / len(table)), size=RESAMPLES)
    values = kappas(draws @ table)
    known = values[~np.isnan(values)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (NOTHING, NOTHING)
    return Interval(float(kappas(table.sum(axis=0, keepdims=True))[0]), float(low), float(high))


def kappas(counts: Array) -> Array:
    """Cohen's kappa of each row of counts by (known answer, called an error): no-no, no-yes, yes-no, yes-yes.

    Agreement beyond chance over what there could be; not a number where one class alone was drawn. All resamples at
    once: scikit-learn's ``cohen_kappa_score``, which the tests hold this to, takes a millisecond a row.
    """
    no_no, no_yes, yes_no, yes_yes = counts.T
    total = counts.sum(axis=1)
    harmless, errors = no_no + no_yes, yes_no + yes_yes
    agreed = (no_no + yes_yes) * total
    by_chance = harmless * (no_no + yes_no) + errors * (no_yes + yes_yes)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((harmless > 0) & (errors > 0), (agreed - by_chance) / (total**2 - by_chance), NOTHING)
