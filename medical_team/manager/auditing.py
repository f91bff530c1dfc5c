"""The seam to the judge: one edit asked about, and a failure of the judge as a value.

The referee asks during a game; ``evaluation.rejudging`` asks again about recorded ones.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from time import perf_counter
from typing import Protocol

from medical_team.errors import JudgeError
from medical_team.judge import AuditRequest
from medical_team.types import Assessment, Audit

logger = logging.getLogger(__name__)


class Auditor(Protocol):
    """Whoever gives the audits: ``judge.BatchedJudge``, or a test's."""

    async def audit_one(self, request: AuditRequest) -> Audit:
        """The audit of one edit.

        Raises:
            JudgeError: There is none.
        """
        ...


async def ask_judge(judge: Auditor, request: AuditRequest) -> Audit | JudgeError:
    """The audit with the time it took, or why there is none."""
    started = perf_counter()
    try:
        audit = await judge.audit_one(request)
    except JudgeError as error:
        # The kind and no message: a server elsewhere may have written that, and may have put the note in it.
        logger.warning("game %d: no audit (%s)", request.game_id, error.kind)
        return error
    return replace(audit, seconds=perf_counter() - started)


def explained(assessment: Assessment | None) -> Assessment | None:
    """The answer, where it has an explanation and a correction to be audited."""
    return assessment if assessment is not None and assessment.explanation is not None else None
