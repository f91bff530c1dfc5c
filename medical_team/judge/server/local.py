"""A judge of plain code beside a server: its rules run in a thread, so that a hard case does not stop the server.

An edit made to be slow can keep the rules busy for a second or more; ``/health`` and deadlines go on meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from threading import Event
from typing import Protocol, cast

from medical_team.config import GatesConfig
from medical_team.judge import make_judge
from medical_team.judge.protocol import AuditRequest, FailureKind, Judge, JudgeFailure
from medical_team.judge.server.faults import where
from medical_team.types import Audit

logger = logging.getLogger(__name__)


class Decides(Protocol):
    """A judge that needs nothing but the request: rule and exact."""

    name: str

    def decide(self, request: AuditRequest) -> Audit: ...


class ThreadedJudge:
    """The Judge protocol over one that decides in place. Cancelled, it begins no further audit of the batch."""

    def __init__(self, judge: Decides, thread: ThreadPoolExecutor) -> None:
        self.name = judge.name
        self._judge = judge
        self._thread = thread

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        unwanted = Event()
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, self._decide, requests, unwanted)
        finally:
            unwanted.set()

    def _decide(self, requests: Sequence[AuditRequest], unwanted: Event) -> list[Audit | JudgeFailure]:
        late = JudgeFailure(FailureKind.TIMEOUT)
        return [late if unwanted.is_set() else self._decide_one(request) for request in requests]

    def _decide_one(self, request: AuditRequest) -> Audit | JudgeFailure:
        """A batch holds audits of several clients: what the rules stumble over fails alone."""
        try:
            return self._judge.decide(request)
        except Exception as error:
            logger.error("judge %s failed: %s", self.name, where(error))
            return JudgeFailure(FailureKind.FAILED, type(error).__name__)


@asynccontextmanager
async def open_local(name: str, gates: GatesConfig) -> AsyncIterator[Judge]:
    """The judge of that name (``rule`` by those gates, or ``exact``) in a thread of its own, while the block lasts."""
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judge")
    try:
        yield ThreadedJudge(cast(Decides, make_judge(name, gates)), thread)
    finally:
        thread.shutdown(wait=False, cancel_futures=True)
