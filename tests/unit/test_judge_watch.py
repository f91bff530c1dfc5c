"""Canaries: a judge that changes for the worse is set aside, once and for good."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import pytest

from medical_team.config import AdmissionConfig, GatesConfig
from medical_team.data.synthetic.compose import compose_notes
from medical_team.judge import AuditRequest, FailureKind, JudgeFailure
from medical_team.judge.admission.probes import build_probes
from medical_team.judge.admission.watch import WatchedJudge
from medical_team.judge.rule import RuleJudge
from medical_team.types import Audit

CANARIES = build_probes(compose_notes(200, seed=3), 16, seed=3)
TRUTH = {probe.request.game_id: probe.is_error for probe in CANARIES}
EVERY_FIVE = AdmissionConfig(canary_every=5)


class Drifting:
    """Knows every canary until it is told to change."""

    def __init__(self, name: str = "opinion-1") -> None:
        self.name = name
        self.asked = 0
        self.wrong = 0
        self.fails = False

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        self.asked += len(requests)
        return [self._one(request) for request in requests]

    def _one(self, request: AuditRequest) -> Audit | JudgeFailure:
        if self.fails:
            return JudgeFailure(FailureKind.TIMEOUT)
        is_error = TRUTH[request.game_id]
        return Audit(is_error if request.game_id >= self.wrong else not is_error, self.name, "drift")


def watched(judge: Drifting, thresholds: AdmissionConfig = EVERY_FIVE) -> WatchedJudge:
    watch = WatchedJudge(judge, RuleJudge(GatesConfig()), thresholds)
    watch.watch(CANARIES)
    return watch


def look(watch: WatchedJudge, step: int) -> dict[str, float]:
    return asyncio.run(watch.look(step))


def who_audits(watch: WatchedJudge) -> str:
    (audit,) = asyncio.run(watch.audit([CANARIES[0].request], 1.0))
    assert isinstance(audit, Audit)
    return audit.judge


def test_canaries_are_asked_every_so_often_and_are_metrics():
    judge = Drifting()
    watch = watched(judge)

    assert [len(look(watch, step)) for step in range(1, 11)] == [1, 1, 1, 1, 4, 1, 1, 1, 1, 4]
    assert judge.asked == 2 * len(CANARIES)
    assert look(watch, 5) == {
        "judge/set_aside": 0.0,
        "judge/canary_sensitivity": 1.0,
        "judge/canary_specificity": 1.0,
        "judge/canary_failed": 0.0,
    }


def test_a_judge_that_drifts_is_set_aside_for_good_and_says_so_once(caplog: pytest.LogCaptureFixture):
    judge = Drifting()
    watch = watched(judge)
    assert who_audits(watch) == "opinion-1"

    judge.wrong = 8
    with caplog.at_level(logging.WARNING):
        metrics = look(watch, 5)
        judge.wrong = 0
        later = [look(watch, step) for step in (10, 15)]

    assert metrics["judge/set_aside"] == 1.0 and metrics["judge/canary_sensitivity"] == 0.5
    assert later == [{"judge/set_aside": 1.0}] * 2
    assert who_audits(watch) == watch.name == "rule-1"
    (message,) = caplog.messages
    assert "opinion-1 is set aside" in message and "construction alone" in message
    assert not any(probe.request.edit.replacement in message for probe in CANARIES)


def test_one_wrong_answer_in_eight_is_within_the_thresholds():
    judge = Drifting()
    watch = watched(judge)
    judge.wrong = 2  # one of each class

    assert look(watch, 5)["judge/canary_specificity"] == pytest.approx(7 / 8)
    assert not watch.is_set_aside


def test_a_judge_that_does_not_answer_is_not_set_aside_for_it():
    judge = Drifting()
    watch = watched(judge)
    judge.fails = True

    assert look(watch, 5) == {"judge/set_aside": 0.0, "judge/canary_failed": 1.0}


def test_zero_steps_between_looks_are_none():
    judge = Drifting()
    watch = watched(judge, AdmissionConfig(canary_every=0))

    assert look(watch, 20) == {"judge/set_aside": 0.0}
    assert judge.asked == 0


def test_a_judge_without_canaries_is_never_asked():
    judge = Drifting()
    watch = WatchedJudge(judge, RuleJudge(GatesConfig()), EVERY_FIVE)

    look(watch, 5)
    assert judge.asked == 0


def test_what_was_set_aside_stays_aside_after_a_resume():
    judge = Drifting()
    watch = watched(judge)
    judge.wrong = 16
    look(watch, 5)

    resumed = watched(Drifting())
    resumed.restore(watch.state())
    assert resumed.is_set_aside and who_audits(resumed) == "rule-1"


def test_a_run_that_resumes_with_another_judge_uses_it():
    judge = Drifting()
    watch = watched(judge)
    judge.wrong = 16
    look(watch, 5)

    resumed = watched(Drifting("opinion-2"))
    resumed.restore(watch.state())
    assert not resumed.is_set_aside and who_audits(resumed) == "opinion-2"


@pytest.mark.parametrize("state", [{}, {"set_aside": None}])
def test_a_checkpoint_that_knows_of_nothing_sets_nobody_aside(state: dict[str, None]):
    watch = watched(Drifting())
    watch.restore(state)
    assert not watch.is_set_aside
