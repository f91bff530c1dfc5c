"""Audits that wait for the judge, and those that are with it. Both are bounded; nobody is waited for in vain.

``BatchedJudge`` sends whatever it has, under one deadline, and nothing it sent can be taken back. A server has to
hold audits back while the judge is busy, since only those can be withdrawn; so here a batch leaves as soon as the
judge has room, and what arrives meanwhile is the next one. A lone request therefore never waits for company.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from medical_team.judge.protocol import AuditRequest, FailureKind, JudgeFailure
from medical_team.judge.server.faults import where
from medical_team.judge.server.throughput import Throughput
from medical_team.types import Audit

Answer = Audit | JudgeFailure
Ask = Callable[[Sequence[AuditRequest], float], Awaitable[list[Answer]]]

logger = logging.getLogger(__name__)


class QueueFull(Exception):
    """There is no place for these audits; ``retry_after_s`` is when there should be."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """One audit that somebody waits for until ``deadline`` (time of the event loop)."""

    request: AuditRequest
    deadline: float
    reply: asyncio.Future[Answer]


class AuditQueue:
    """First come, first served, in batches of at most ``batch_size``, of which ``batches`` are at the judge at once.

    ``ask`` brings a batch to the judge and gives an answer for each, within the seconds it is told.
    """

    def __init__(self, ask: Ask, *, places: int, batch_size: int, batches: int) -> None:
        self._ask = ask
        self._places = places
        self._batch_size = batch_size
        self._batches = batches
        self._waiting: dict[Ticket, None] = {}
        self._sent: dict[asyncio.Task[None], list[Ticket]] = {}
        self._throughput = Throughput()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def at_judge(self) -> int:
        return sum(len(batch) for batch in self._sent.values())

    async def audit(self, requests: Sequence[AuditRequest], deadline: float) -> list[Answer]:
        """An answer for each, in their order; what is not done at the deadline is a failure of kind ``timeout``.

        Cancelling takes the audits out of the queue; the judge is interrupted where nobody waits for its batch.

        Raises:
            QueueFull: They do not all fit.
        """
        if self.waiting + len(requests) > self._places:
            raise QueueFull(self._throughput.seconds_for(self.waiting + self.at_judge))
        loop = asyncio.get_running_loop()
        tickets = [Ticket(request, deadline, loop.create_future()) for request in requests]
        self._waiting.update(dict.fromkeys(tickets))
        # After the requests that this turn of the loop still brings, so that they may share a batch.
        loop.call_soon(self._send)
        try:
            await asyncio.wait([ticket.reply for ticket in tickets], timeout=deadline - loop.time())
        except asyncio.CancelledError:
            self._withdraw(tickets)
            self._interrupt()
            raise
        self._withdraw(tickets)
        late = JudgeFailure(FailureKind.TIMEOUT)
        return [late if ticket.reply.cancelled() else ticket.reply.result() for ticket in tickets]

    def _withdraw(self, tickets: Iterable[Ticket]) -> None:
        for ticket in tickets:
            if ticket.reply.cancel():
                self._waiting.pop(ticket, None)

    def _interrupt(self) -> None:
        """Not what is merely late: that ends by its own deadline, and how long it took is worth knowing."""
        for task, batch in self._sent.items():
            if all(ticket.reply.cancelled() for ticket in batch):
                task.cancel()

    def _send(self) -> None:
        while self._waiting and len(self._sent) < self._batches:
            batch = [ticket for ticket, _ in zip(self._waiting, range(self._batch_size), strict=False)]
            for ticket in batch:
                del self._waiting[ticket]
            loop = asyncio.get_running_loop()
            task = loop.create_task(self._deliver(batch))
            self._sent[task] = batch
            task.add_done_callback(self._returned)

    async def _deliver(self, batch: list[Ticket]) -> None:
        started = asyncio.get_running_loop().time()
        deadline_s = max(ticket.deadline for ticket in batch) - started
        answers = await self._ask([ticket.request for ticket in batch], deadline_s)
        self._throughput.finished(len(batch), asyncio.get_running_loop().time() - started, len(self._sent))
        for ticket, answer in zip(batch, answers, strict=True):
            if not ticket.reply.done():
                ticket.reply.set_result(answer)

    def _returned(self, task: asyncio.Task[None]) -> None:
        """Nobody waits on for a batch whose task has ended, however it ended."""
        batch = self._sent.pop(task)
        if task.cancelled():
            failure = JudgeFailure(FailureKind.UNREACHABLE, "the audit was cancelled")
        elif error := task.exception():
            logger.error("a batch was lost: %s", where(error))
            failure = JudgeFailure(FailureKind.FAILED, type(error).__name__)
        else:
            failure = None
        if failure:
            for ticket in batch:
                if not ticket.reply.done():
                    ticket.reply.set_result(failure)
        self._send()
