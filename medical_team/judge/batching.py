"""Audits asked for one by one, sent to the judge in batches. Every wait has a deadline.

Games finish their attacker's turn one at a time; a judge that is a model or a server wants many edits at once. The
manager asks; this file is the one place where a failure of the judge becomes a ``JudgeError``.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from medical_team.errors import JudgeError, JudgeMalformed, JudgeOutage, JudgeTimeout, JudgeUnreachable
from medical_team.judge.deadline import Deadline
from medical_team.judge.protocol import AuditRequest, Judge, JudgeFailure
from medical_team.types import Audit

# A judge closes its connections in a moment; one that does not is left behind.
GIVING_UP_S = 1.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request and the future its audit goes to."""

    request: AuditRequest
    reply: asyncio.Future[Audit]


class BatchedJudge:
    """Gathers concurrent requests: a batch leaves when it is full, or when its first request has waited long enough.

    Several batches may be at the judge at once. An audit takes at most ``max_wait_s + deadline_s``, not counting the
    time in which the judge is away and says so (``deadline.standing_still``). A batch that nobody waits for any longer
    is given up.
    """

    def __init__(self, judge: Judge, *, batch_size: int, max_wait_s: float, deadline_s: float) -> None:
        self._judge = judge
        self._batch_size = batch_size
        self._max_wait_s = max_wait_s
        self._deadline_s = deadline_s
        self._waiting: list[Waiting] = []
        self._timer: asyncio.TimerHandle | None = None
        self._sent: dict[asyncio.Task[None], list[Waiting]] = {}

    async def audit_one(self, request: AuditRequest) -> Audit:
        """The judge's audit of one edit.

        Raises:
            JudgeError: There is none; the subclass and its ``kind`` say why.
            JudgeOutage: The judge stayed away for longer than its budget.
        """
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[Audit] = loop.create_future()
        waiting = Waiting(request, reply)
        self._waiting.append(waiting)
        if len(self._waiting) >= self._batch_size:
            self._send()
        elif self._timer is None:
            self._timer = loop.call_later(self._max_wait_s, self._send)
        try:
            return await reply
        except asyncio.CancelledError:
            self._withdraw(waiting)
            await self._give_up_what_nobody_waits_for()
            raise

    async def _give_up_what_nobody_waits_for(self) -> None:
        """Whoever cancels all requesters finds no task left afterwards."""
        deserted = [task for task, batch in self._sent.items() if all(waiting.reply.done() for waiting in batch)]
        for task in deserted:
            task.cancel()
        if deserted:
            await asyncio.wait(deserted, timeout=GIVING_UP_S)

    def _withdraw(self, waiting: Waiting) -> None:
        """A timer left without requests would belong to an event loop that may be gone when the next one comes."""
        self._waiting = [other for other in self._waiting if other is not waiting]
        if not self._waiting and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send(self) -> None:
        """The batch as it is goes to the judge, in a task of its own: one requester's cancellation does not stop it."""
        if self._timer is not None:
            self._timer.cancel()
        batch = [waiting for waiting in self._waiting if not waiting.reply.done()]
        self._timer, self._waiting = None, []
        if batch:
            task = asyncio.get_running_loop().create_task(self._deliver(batch))
            self._sent[task] = batch
            task.add_done_callback(self._sent.pop)

    async def _deliver(self, batch: list[Waiting]) -> None:
        try:
            answers = await self._ask([waiting.request for waiting in batch])
        except (JudgeError, JudgeOutage) as error:
            # One exception a requester: a shared one would collect the tracebacks of all of them.
            answers = [type(error)(str(error)) for _ in batch]
        except asyncio.CancelledError:  # of something the judge awaited, or of the event loop: nobody may wait on
            answers = [JudgeUnreachable("the audit was cancelled") for _ in batch]
        except Exception as error:  # a bug in a judge belongs to whoever awaits it, not to this background task
            answers = [error for _ in batch]
        for waiting, answer in zip(batch, answers, strict=True):
            if waiting.reply.done():
                continue
            if isinstance(answer, Audit):
                waiting.reply.set_result(answer)
            else:
                waiting.reply.set_exception(answer)

    async def _ask(self, requests: list[AuditRequest]) -> list[Audit | Exception]:
        try:
            async with Deadline(self._deadline_s):
                answers = await self._judge.audit(requests, self._deadline_s)
        except TimeoutError:
            raise JudgeTimeout(f"no audit within {self._deadline_s:g} s") from None
        except OSError as error:
            raise JudgeUnreachable(type(error).__name__) from error
        if len(answers) != len(requests):
            raise JudgeMalformed(f"{len(answers)} audits for {len(requests)} requests")
        return [_audit_or_error(answer) for answer in answers]


def _audit_or_error(answer: object) -> Audit | JudgeError:
    if isinstance(answer, Audit):
        # Realism is paid for: a value out of its range, or not a number, would be a reward without a bound.
        in_range = answer.realism is None or 0 <= answer.realism <= 1
        return answer if in_range else JudgeMalformed("realism outside of [0, 1]")
    if isinstance(answer, JudgeFailure):
        return answer.error()
    return JudgeMalformed(f"{type(answer).__name__} in the place of an audit")
