"""Several judges as one: all are asked at once, and only what they agree on is an audit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Literal

from medical_team.errors import JudgeError
from medical_team.judge.protocol import AuditRequest, FailureKind, Judge, JudgeFailure
from medical_team.types import Audit

Agreement = Literal["unanimous", "majority"]
Answer = Audit | JudgeFailure

_DISAGREE = JudgeFailure(FailureKind.ABSTAINED, "the panel's members do not agree")


class PanelJudge:
    """``unanimous``: every member says the same. ``majority``: more than half do, of all, the failed ones included."""

    def __init__(self, members: Sequence[Judge], agreement: Agreement = "unanimous") -> None:
        if len(members) < 2:
            raise ValueError("a panel has two members at least")
        self.members = tuple(members)
        self.agreement: Agreement = agreement

    @property
    def name(self) -> str:
        """Of the members as they call themselves, and of the rule: audits under another rule are not the same."""
        rule = "panel" if self.agreement == "unanimous" else "panel-majority"
        return f"{rule}({','.join(member.name for member in self.members)})"

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        asked = [_answers(member, requests, deadline_s) for member in self.members]
        columns = await asyncio.gather(*asked, return_exceptions=True)
        for column in columns:
            if isinstance(column, BaseException):
                raise column
        rows = zip(*columns, strict=True)  # pyright: ignore[reportArgumentType] - exceptions were raised above
        return [decide(row, self.agreement, self.name) for row in rows]


async def _answers(member: Judge, requests: Sequence[AuditRequest], deadline_s: float) -> list[Answer]:
    """A member's answers; what fails its whole batch fails each of its audits."""
    try:
        answers = await member.audit(requests, deadline_s)
    except JudgeError as error:
        return [JudgeFailure(FailureKind(error.kind), str(error))] * len(requests)
    if len(answers) == len(requests):
        return answers
    short = JudgeFailure(FailureKind.MALFORMED, f"{member.name}: {len(answers)} audits for {len(requests)} requests")
    return [short] * len(requests)


def decide(answers: Sequence[Answer], agreement: Agreement, name: str) -> Answer:
    """One answer of the panel's.

    Where there is no agreement, the first member without an opinion gives its kind of failure to the panel; where all
    have one, the panel abstains.
    """
    audits = [answer for answer in answers if isinstance(answer, Audit)]
    needed = len(answers) if agreement == "unanimous" else len(answers) // 2 + 1
    for verdict in (True, False):
        agreeing = [audit for audit in audits if audit.is_error is verdict]
        if len(agreeing) >= needed:
            return _joint(agreeing, verdict, name)
    failures = (failure for answer in answers if (failure := _failure(answer)) is not None)
    return next(failures, _DISAGREE)


def _failure(answer: Answer) -> JudgeFailure | None:
    if isinstance(answer, JudgeFailure):
        return answer
    if answer.is_error is None:
        return JudgeFailure(FailureKind.ABSTAINED, f"{answer.judge}: {answer.reason}")
    return None


def _joint(agreeing: Sequence[Audit], verdict: bool, name: str) -> Audit:
    realism = [audit.realism for audit in agreeing if audit.realism is not None]
    return Audit(
        is_error=verdict,
        judge=name,
        reason="panel_error" if verdict else "panel_no_error",
        realism=fmean(realism) if realism else None,
        keeps_to_type=_most(audit.keeps_to_type for audit in agreeing),
        explanation_right=_most(audit.explanation_right for audit in agreeing),
        correction_right=_most(audit.correction_right for audit in agreeing),
    )


def _most(answers: Iterable[bool | None]) -> bool | None:
    """What more than half of those say that say something."""
    given = [answer for answer in answers if answer is not None]
    yes = sum(given)
    return None if 2 * yes == len(given) else 2 * yes > len(given)
