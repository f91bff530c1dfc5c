"""Probes put to a judge the way training puts its audits: at once, in batches, each with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter

from medical_team.config import JudgeConfig
from medical_team.errors import JudgeError
from medical_team.judge.batching import BatchedJudge
from medical_team.judge.protocol import AuditRequest, FailureKind, Judge
from medical_team.types import Audit


class Said(StrEnum):
    """What came back for a probe."""

    ERROR = "error"
    NO_ERROR = "no_error"
    ABSTAINED = "abstained"
    """The judge says that it cannot tell."""
    FAILED = "failed"
    """There is no audit, whatever the reason."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A judge's answer to one probe: an audit, or the kind of failure in its place; ``seconds`` from asking to it."""

    audit: Audit | None
    failure: FailureKind | None
    seconds: float

    @property
    def said(self) -> Said:
        if self.audit is None:
            return Said.ABSTAINED if self.failure is FailureKind.ABSTAINED else Said.FAILED
        if self.audit.is_error is None:
            return Said.ABSTAINED
        return Said.ERROR if self.audit.is_error else Said.NO_ERROR


@dataclass(frozen=True, slots=True)
class Asking:
    """How a judge is asked: as many at once as a batch holds, and how long one may take, in seconds."""

    batch_size: int = 32
    deadline_s: float = 30.0

    @classmethod
    def of(cls, config: JudgeConfig) -> Asking:
        """As the run asks for its audits."""
        return cls(config.batch_size, config.deadline_s)


AS_USUAL = Asking()


async def ask(judge: Judge, requests: Sequence[AuditRequest], how: Asking) -> list[Answer]:
    """An answer for each request, in their order. A failed audit is an answer; anything else propagates."""
    audits = BatchedJudge(judge, batch_size=how.batch_size, max_wait_s=0.0, deadline_s=how.deadline_s)
    seats = asyncio.Semaphore(how.batch_size)

    async def one(request: AuditRequest) -> Answer:
        async with seats:
            started = perf_counter()
            try:
                audit = await audits.audit_one(request)
            except JudgeError as error:
                return Answer(None, FailureKind(error.kind), perf_counter() - started)
            return Answer(audit, None, perf_counter() - started)

    answers: list[Answer] = []
    for answer in await asyncio.gather(*map(one, requests), return_exceptions=True):
        if isinstance(answer, BaseException):
            raise answer
        answers.append(answer)
    return answers
