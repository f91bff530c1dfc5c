"""One batch to the judge: an audit or a typed failure for each request comes back, whatever the judge does.

``BatchedJudge`` does the same for games, which want exceptions; here a failure is part of an answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from medical_team.errors import JudgeError
from medical_team.judge.protocol import AuditRequest, FailureKind, Judge, JudgeFailure
from medical_team.judge.server.faults import where
from medical_team.types import Audit

logger = logging.getLogger(__name__)


async def ask(judge: Judge, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
    """As many answers as requests, in their order, after ``deadline_s`` at the latest."""
    try:
        async with asyncio.timeout(deadline_s):
            answers = await judge.audit(requests, deadline_s)
    except TimeoutError:
        failure = JudgeFailure(FailureKind.TIMEOUT)
    except JudgeError as error:
        failure = JudgeFailure(FailureKind(error.kind), str(error))
    except OSError as error:
        failure = JudgeFailure(FailureKind.UNREACHABLE, type(error).__name__)
    except Exception as error:  # a bug in a judge fails its audits, not the server
        logger.error("judge %s failed: %s", judge.name, where(error))
        failure = JudgeFailure(FailureKind.FAILED, type(error).__name__)
    else:
        if len(answers) == len(requests):
            return answers
        failure = JudgeFailure(FailureKind.MALFORMED, f"{len(answers)} audits for {len(requests)} requests")
    return [failure] * len(requests)
