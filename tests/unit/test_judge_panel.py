"""Several judges as one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import product

import pytest
from audit_requests import planted_errors
from hypothesis import given
from hypothesis import strategies as st

from medical_team.errors import JudgeOutage, JudgeTimeout
from medical_team.judge import AuditRequest, FailureKind, JudgeFailure
from medical_team.judge.panel import PanelJudge, decide
from medical_team.types import Audit

TIMEOUT = JudgeFailure(FailureKind.TIMEOUT, "late")


def says(verdict: bool | None, realism: float | None = None, **scores: bool) -> Audit:
    return Audit(verdict, "member", "code", realism=realism, **scores)


class Member:
    def __init__(self, name: str, answers: Sequence[Audit | JudgeFailure] | Exception) -> None:
        self.name = name
        self._answers = answers

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        if isinstance(self._answers, Exception):
            raise self._answers
        return list(self._answers)


def panel(*members: Sequence[Audit | JudgeFailure] | Exception, requests: int = 1):
    judges = [Member(name, answers) for name, answers in zip("abc", members, strict=False)]
    return asyncio.run(PanelJudge(judges).audit(planted_errors(requests), 1.0))


@pytest.mark.parametrize(
    ("agreement", "answers", "verdict"),
    [
        ("unanimous", [says(True), says(True)], True),
        ("unanimous", [says(False), says(False)], False),
        ("unanimous", [says(True), says(False)], FailureKind.ABSTAINED),
        ("unanimous", [says(True), says(None)], FailureKind.ABSTAINED),
        ("unanimous", [says(True), TIMEOUT], FailureKind.TIMEOUT),
        ("unanimous", [says(True), says(True), says(False)], FailureKind.ABSTAINED),
        ("majority", [says(True), says(True), says(False)], True),
        ("majority", [says(False), says(True), says(False)], False),
        ("majority", [says(True), says(True), TIMEOUT], True),
        ("majority", [says(True), says(False), TIMEOUT], FailureKind.TIMEOUT),
        ("majority", [says(True), says(None), says(None)], FailureKind.ABSTAINED),
        ("majority", [says(True), says(False)], FailureKind.ABSTAINED),
        ("majority", [says(True), says(True), says(False), says(False)], FailureKind.ABSTAINED),
    ],
)
def test_what_a_panel_says(agreement, answers, verdict) -> None:
    said = decide(answers, agreement, "panel")
    assert (said.is_error if isinstance(said, Audit) else said.kind) == verdict


verdicts = st.sampled_from([says(True), says(False), says(None), TIMEOUT])


@given(st.lists(verdicts, min_size=2, max_size=5))
def test_a_panel_never_says_what_half_of_its_members_do_not(answers) -> None:
    for agreement in ("unanimous", "majority"):
        said = decide(answers, agreement, "panel")
        if isinstance(said, Audit):
            agreeing = [one for one in answers if isinstance(one, Audit) and one.is_error is said.is_error]
            assert said.is_error is not None
            assert len(agreeing) == len(answers) if agreement == "unanimous" else 2 * len(agreeing) > len(answers)


def test_scales_are_those_of_the_members_that_agree_and_score() -> None:
    said = decide([says(True, 1.0), says(True, None), says(True, 0.5), says(False, 0.0)], "majority", "p")
    assert isinstance(said, Audit) and said.realism == 0.75


@pytest.mark.parametrize(("one", "other"), list(product([True, False], repeat=2)))
def test_scores_that_differ_are_no_score(one: bool, other: bool) -> None:
    said = decide([says(True, keeps_to_type=one), says(True, keeps_to_type=other)], "unanimous", "p")
    assert isinstance(said, Audit) and said.keeps_to_type == (one if one is other else None)


def test_answers_stay_with_their_requests() -> None:
    answers = panel([says(True), says(False), TIMEOUT], [says(True), says(False), says(True)], requests=3)
    assert [one.is_error if isinstance(one, Audit) else one.kind for one in answers] == [True, False, "timeout"]
    assert isinstance(answers[0], Audit) and (answers[0].judge, answers[0].reason) == ("panel(a,b)", "panel_error")


def test_a_member_that_fails_its_batch_fails_the_panels() -> None:
    answers = panel([says(True), says(True)], JudgeTimeout("late"), requests=2)
    assert [one.kind for one in answers if isinstance(one, JudgeFailure)] == ["timeout", "timeout"]


def test_a_member_that_answers_too_little_is_malformed() -> None:
    answers = panel([says(True), says(True)], [says(True)], requests=2)
    assert [one.kind for one in answers if isinstance(one, JudgeFailure)] == ["malformed", "malformed"]


def test_an_outage_is_no_failure_of_one_audit() -> None:
    with pytest.raises(JudgeOutage):
        panel([says(True)], JudgeOutage("away"))


def test_the_name_says_who_sits_and_by_which_rule() -> None:
    members = [Member("a", []), Member("b", [])]
    assert PanelJudge(members).name == "panel(a,b)"
    assert PanelJudge(members, "majority").name == "panel-majority(a,b)"
    members[0].name = "model/audit-1"  # an actor says so once it is loaded
    assert PanelJudge(members).name == "panel(model/audit-1,b)"
