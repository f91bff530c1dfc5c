"""Figures of a judge: shares, kappa, and what is left out of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medical_team.data.synthetic.compose import compose_notes
from medical_team.judge.admission.asking import Answer, Said
from medical_team.judge.admission.figures import kappas, measure, shares
from medical_team.judge.admission.probes import Bucket, Probe, build_probes
from medical_team.judge.protocol import FailureKind
from medical_team.types import Audit

PROBES = build_probes(compose_notes(200, seed=3), 64, seed=3)
IS_ERROR = {Said.ERROR: True, Said.NO_ERROR: False, Said.ABSTAINED: None}


def answer(said: Said, seconds: float = 0.1) -> Answer:
    if said is Said.FAILED:
        return Answer(None, FailureKind.TIMEOUT, seconds)
    return Answer(Audit(IS_ERROR[said], "tester", "test"), None, seconds)


def judged(says) -> list[tuple[Probe, Answer]]:
    return [(probe, answer(says(probe))) for probe in PROBES]


def right(probe: Probe) -> Said:
    return Said.ERROR if probe.is_error else Said.NO_ERROR


def test_a_perfect_judge():
    figures = measure(judged(right), swapped=[(Said.ERROR, Said.NO_ERROR)], again=[(Said.ERROR, Said.ERROR)])

    assert (figures.sensitivity, figures.specificity, figures.kappa.value) == (1.0, 1.0, 1.0)
    assert (figures.swap_consistency, figures.retest_agreement, figures.failed, figures.abstained) == (1, 1, 0, 0)
    assert (figures.kappa.low, figures.kappa.high) == (1.0, 1.0)


def test_a_judge_that_always_says_error_agrees_by_chance_only():
    figures = measure(judged(lambda probe: Said.ERROR), swapped=[(Said.ERROR, Said.ERROR)] * 3, again=[])

    assert (figures.sensitivity, figures.specificity, figures.kappa.value) == (1.0, 0.0, 0.0)
    assert figures.swap_consistency == 0.0
    assert math.isnan(figures.retest_agreement)


def test_an_abstention_misses_an_error_and_is_no_false_alarm():
    figures = measure(judged(lambda probe: Said.ABSTAINED), swapped=[], again=[])

    assert (figures.sensitivity, figures.specificity, figures.abstained) == (0.0, 1.0, 1.0)
    assert math.isnan(figures.sensitivity_decided) and math.isnan(figures.specificity_decided)


def test_what_a_judge_cannot_tell_stands_apart():
    figures = measure(judged(lambda p: Said.ABSTAINED if p.bucket is Bucket.DOSE else right(p)), [], [])

    rows = {row.bucket: row for row in figures.buckets}
    assert rows[Bucket.DOSE].said == {Said.ABSTAINED: rows[Bucket.DOSE].probes}
    assert figures.sensitivity < figures.sensitivity_decided == 1.0


def test_failures_are_left_out_of_the_shares_and_counted_by_kind():
    first = PROBES[0].probe_id
    figures = measure(judged(lambda p: Said.FAILED if p.probe_id == first else right(p)), [], [])

    assert (figures.sensitivity, figures.specificity) == (1.0, 1.0)
    assert figures.failures == {FailureKind.TIMEOUT: 1 / 64}
    assert figures.failed == 1 / 64


def test_an_abstention_that_is_a_failure_of_its_own_kind_is_no_failure():
    """A language model that is unsure raises instead of answering."""
    unsure = [(probe, Answer(None, FailureKind.ABSTAINED, 0.1)) for probe in PROBES]
    figures = measure(unsure, [], [])

    assert (figures.failed, figures.abstained, figures.failures) == (0.0, 1.0, {FailureKind.ABSTAINED: 1.0})


def test_malformed_answers_are_a_figure_of_their_own():
    broken = [(probe, Answer(None, FailureKind.MALFORMED, 0.1)) for probe in PROBES]
    figures = measure(broken, [], [])

    assert figures.malformed == figures.failed == 1.0
    assert math.isnan(figures.sensitivity) and math.isnan(figures.kappa.value)


def test_pairs_that_were_not_called_errors_say_nothing_of_the_exchange():
    pairs = [(Said.NO_ERROR, Said.NO_ERROR), (Said.ERROR, Said.ABSTAINED), (Said.ERROR, Said.NO_ERROR)]
    figures = measure(judged(right), swapped=pairs, again=[])

    assert (figures.swap_consistency, figures.swaps) == (1.0, 1)


def test_seconds_are_median_and_95th_percentile():
    timed = [(probe, answer(right(probe), seconds=float(place))) for place, probe in enumerate(PROBES)]
    figures = measure(timed, [], [])

    assert figures.seconds_median == 31.5
    assert figures.seconds_p95 == pytest.approx(59.85)


@settings(max_examples=15)
@given(st.lists(st.sampled_from(Said), min_size=64, max_size=64))
def test_every_figure_is_a_share_and_the_matrix_holds_every_probe(said: list[Said]):
    answered = [(probe, answer(one)) for probe, one in zip(PROBES, said, strict=True)]
    figures = measure(answered, [], [])

    assert sum(row.probes for row in figures.buckets) == figures.probes == 64
    for value in (figures.sensitivity, figures.specificity, figures.abstained, figures.failed):
        assert math.isnan(value) or 0 <= value <= 1
    if not math.isnan(figures.kappa.low):
        assert -1 <= figures.kappa.low <= figures.kappa.high <= 1
    assert shares(answered) == pytest.approx((figures.sensitivity, figures.specificity), nan_ok=True)


def test_the_interval_depends_on_its_seed_alone():
    noisy = judged(lambda p: Said.ERROR if p.request.game_id % 3 else Said.NO_ERROR)

    assert measure(noisy, [], [], seed=1).kappa == measure(noisy, [], [], seed=1).kappa
    assert measure(noisy, [], [], seed=1).kappa != measure(noisy, [], [], seed=2).kappa


@settings(max_examples=40)
@given(st.lists(st.integers(0, 60), min_size=4, max_size=4))
def test_kappa_is_the_one_of_scikit_learn(counts: list[int]):
    from sklearn.metrics import cohen_kappa_score

    (kappa,) = kappas(np.array([counts], dtype=np.float64))

    if counts[0] + counts[1] == 0 or counts[2] + counts[3] == 0:
        assert math.isnan(kappa)  # one class alone: there is no agreement beyond chance to speak of
    else:
        assert kappa == pytest.approx(cohen_kappa_score([0, 0, 1, 1], [0, 1, 0, 1], sample_weight=counts))
