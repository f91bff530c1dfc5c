"""Admission: who is let in, who is not and why, and what is kept of it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from medical_team.config import AdmissionConfig
from medical_team.data.synthetic.compose import compose_notes
from medical_team.errors import JudgeNotAdmitted, JudgeOutage, JudgeTimeout, UserError
from medical_team.judge import AuditRequest, FailureKind, JudgeFailure, make_judge
from medical_team.judge.admission import AdmissionReport, admit
from medical_team.judge.admission.asking import Asking, Said, ask
from medical_team.judge.admission.probes import Probe, build_probes
from medical_team.types import Audit

PROBES = build_probes(compose_notes(200, seed=3), 64, seed=3)
# What is wrong for one patient may be right for another.
TRUTH = {(probe.request.note.group, probe.request.edit.replacement): probe.is_error for probe in PROBES}
THRESHOLDS = AdmissionConfig()

Says = Callable[[AuditRequest], Audit | JudgeFailure]


class Scripted:
    """A judge that answers as it is told, and remembers what it was asked."""

    name = "scripted"

    def __init__(self, says: Says) -> None:
        self._says = says
        self.asked: list[AuditRequest] = []

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        self.asked += requests
        return [self._says(request) for request in requests]


def knows(request: AuditRequest) -> Audit:
    """Right about every probe, also where original and edited sentence are exchanged."""
    return Audit(TRUTH.get((request.note.group, request.edit.replacement), False), "scripted-1", "known")


def says(is_error: bool | None) -> Says:
    return lambda request: Audit(is_error, "scripted-1", "always")


def report_on(judge: Scripted, thresholds: AdmissionConfig = THRESHOLDS) -> AdmissionReport:
    return asyncio.run(admit(judge, PROBES, thresholds))


def test_a_judge_that_knows_is_admitted():
    report = report_on(Scripted(knows))

    assert report.admitted and report.missed == ()
    assert report.judge == "scripted-1", "the name that its audits carry"
    assert report.figures.retest_agreement == report.figures.swap_consistency == 1.0
    report.check()


@pytest.mark.parametrize(
    ("is_error", "key"), [(True, "min_specificity"), (False, "min_sensitivity"), (None, "min_decided")]
)
def test_a_constant_judge_is_refused_with_the_threshold_and_the_way_in(is_error: bool | None, key: str):
    report = report_on(Scripted(says(is_error)))

    with pytest.raises(JudgeNotAdmitted) as refused:
        report.check()
    message = str(refused.value)
    assert isinstance(refused.value, UserError) and "\n" not in message
    for part in (
        f"judge.admission.{key} = {getattr(THRESHOLDS, key):g}",
        "0.00",
        "64 probes",
        "judge.admission.accept=scripted-1",
    ):
        assert part in message


def test_a_judge_that_fails_too_often_is_refused():
    report = report_on(Scripted(lambda r: JudgeFailure(FailureKind.TIMEOUT) if r.game_id % 4 == 0 else knows(r)))

    assert [missed.key for missed in report.missed] == ["max_failed"]
    assert report.figures.failures == {FailureKind.TIMEOUT: 0.25}


def test_a_judge_that_never_answers_is_refused_under_its_own_name():
    report = report_on(Scripted(lambda request: JudgeFailure(FailureKind.MALFORMED)))

    assert report.judge == "scripted"
    assert {missed.key for missed in report.missed} == {"min_decided", "max_failed"}


def test_a_judge_is_taken_by_name_with_a_warning(caplog: pytest.LogCaptureFixture):
    report = report_on(Scripted(says(True)), THRESHOLDS.model_copy(update={"accept": "scripted-1"}))

    report.check()
    assert report.admitted
    assert "accepted by name" in caplog.text and "min_specificity" in caplog.text


def test_the_name_of_another_judge_lets_nobody_in():
    report = report_on(Scripted(says(True)), THRESHOLDS.model_copy(update={"accept": "another"}))

    with pytest.raises(JudgeNotAdmitted):
        report.check()


def test_the_report_is_json_without_text_of_a_note():
    report = report_on(Scripted(says(None)))
    text = json.dumps(report.to_json(), allow_nan=False)

    assert json.loads(text)["figures"]["sensitivity"] == 0.0
    for probe in PROBES:
        assert probe.request.edit.replacement not in text or len(probe.request.edit.replacement) < 5


def test_canaries_are_probes_that_were_answered_rightly_of_both_classes():
    report = report_on(Scripted(lambda r: says(False)(r) if r.game_id < 20 else knows(r)))
    canaries = report.canaries(16)

    assert len(canaries) == 16 and sum(probe.is_error for probe in canaries) == 8
    assert not [probe for probe in canaries if probe.is_error and probe.request.game_id < 20]


def test_a_probe_that_was_answered_rightly_only_once_is_no_canary():
    asked: Counter[int] = Counter()

    def wavers(request: AuditRequest) -> Audit:
        asked[request.game_id] += 1
        known = knows(request)
        wrong = request.game_id < 20 and asked[request.game_id] == 2
        return replace(known, is_error=not known.is_error) if wrong else known

    canaries = report_on(Scripted(wavers)).canaries(16)
    assert len(canaries) == 16 and all(probe.request.game_id >= 20 for probe in canaries)


def test_as_many_probes_are_asked_twice_as_the_canaries_need():
    thresholds = THRESHOLDS.model_copy(update={"canaries": 30})
    assert len(report_on(Scripted(knows), thresholds).canaries(30)) == 30
    assert report_on(Scripted(knows), thresholds).figures.retests == 60


def test_a_judge_with_right_answers_of_one_class_has_canaries_of_that():
    canaries = report_on(Scripted(says(True))).canaries(16)

    assert len(canaries) == 16 and all(probe.is_error for probe in canaries)


def test_what_gates_stop_is_not_held_against_a_judge_by_the_lint():
    confirmed = report_on(Scripted(says(True))).confirms()

    assert "no_op" not in confirmed and "dose" not in confirmed
    assert set(confirmed.values()) == {1.0}


def test_admission_without_a_probe_is_a_mistake():
    with pytest.raises(ValueError, match="without a probe"):
        asyncio.run(admit(Scripted(knows), [], THRESHOLDS))


def test_a_judge_that_decides_little_and_is_right_then_is_admitted():
    few = report_on(Scripted(lambda request: knows(request) if request.game_id % 10 == 0 else says(None)(request)))
    enough = report_on(Scripted(lambda request: knows(request) if request.game_id % 6 < 3 else says(None)(request)))

    assert [missed.key for missed in few.missed] == ["min_decided"], "of its errors it decides a fifth"
    assert few.figures.sensitivity_decided == enough.figures.sensitivity_decided == 1.0
    assert enough.missed == () and enough.figures.sensitivity < THRESHOLDS.min_sensitivity


@pytest.mark.parametrize("name", ["rule", "exact"])
def test_judges_made_of_code_are_right_about_what_they_decide(name: str):
    figures = asyncio.run(admit(make_judge(name), PROBES, THRESHOLDS)).figures
    assert figures.sensitivity_decided == figures.specificity == 1.0


def test_answers_come_in_the_order_of_the_requests_and_no_more_at_once_than_a_batch():
    judge = Scripted(knows)
    answers = asyncio.run(ask(judge, [probe.request for probe in PROBES], Asking(batch_size=5)))

    assert [answer.said for answer in answers] == [right(probe) for probe in PROBES]


def right(probe: Probe) -> Said:
    return Said.ERROR if probe.is_error else Said.NO_ERROR


def test_a_batch_that_fails_is_an_answer_for_each_of_it():
    def gone(request: AuditRequest) -> Audit:
        raise JudgeTimeout("late")

    answers = asyncio.run(ask(Scripted(gone), [probe.request for probe in PROBES[:6]], Asking()))
    assert [answer.failure for answer in answers] == [FailureKind.TIMEOUT] * 6


@pytest.mark.parametrize("error", [JudgeOutage("away for too long"), ZeroDivisionError()])
def test_what_is_no_failure_of_an_audit_propagates(error: Exception):
    def broken(request: AuditRequest) -> Audit:
        raise error

    with pytest.raises(type(error)):
        report_on(Scripted(broken))
