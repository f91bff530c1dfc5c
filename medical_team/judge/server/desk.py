"""What the server does with a request, path by path."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import blake2b
from time import perf_counter

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import ClientDisconnect

from medical_team.judge.protocol import AuditRequest, JudgeFailure
from medical_team.judge.server.answers import outcome, to_wire
from medical_team.judge.server.asking import ask
from medical_team.judge.server.body import parse_batch, read_body
from medical_team.judge.server.metrics import ServerMetrics
from medical_team.judge.server.queue import AuditQueue, QueueFull
from medical_team.judge.server.rim import Told
from medical_team.judge.server.settings import ServerSettings
from medical_team.judge.server.standing import Standing
from medical_team.judge.wire import WireAnswers, WireBatch, WireReady
from medical_team.types import Audit

# Nobody reads the status of an answer to a client that has gone; log and metrics call it what nginx does.
CLIENT_GONE = 499

# Loading a model takes a minute, an admission several.
NOT_READY_RETRY_S = 5


class Desk:
    """Answers requests from a judge's standing and the queue in front of it."""

    def __init__(self, standing: Standing, settings: ServerSettings) -> None:
        self.metrics = ServerMetrics(lambda: self._queue.waiting, lambda: self._queue.at_judge)
        self._standing = standing
        self._settings = settings
        self._queue = AuditQueue(
            self._ask, places=settings.queue, batch_size=settings.batch_size, batches=settings.batches
        )

    async def health(self) -> Response:
        """Alive, whatever the judge does."""
        return JSONResponse({"status": "alive"})

    async def ready(self) -> Response:
        """Whether the judge is loaded and admitted, and if not, why."""
        judge, reason = self._standing.judge, self._standing.reason
        name = self._settings.judge if judge is None else judge.name
        said = WireReady(ready=reason is None, judge=name, model=self._settings.model, reason=reason)
        return Response(said.model_dump_json(), 200 if said.ready else 503, media_type="application/json")

    async def measurements(self) -> Response:
        return Response(self.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    async def audits(self, request: Request) -> Response:
        """An answer for each edit of the batch, at its deadline at the latest.

        Raises:
            HTTPException: The request is refused, or is to come again later.
        """
        told: Told = request.state.told
        if self._standing.reason is not None:
            raise HTTPException(503, self._standing.reason, {"Retry-After": str(NOT_READY_RETRY_S)})
        try:
            body = await read_body(request, limit=self._settings.max_body, timeout_s=self._settings.read_timeout)
        except ClientDisconnect:
            return Response(status_code=CLIENT_GONE)
        told.digest = blake2b(body, digest_size=8).hexdigest()
        batch = parse_batch(body)
        told.audits = len(batch.audits)
        answers = await self._audit_while_there(request, batch, batch.deadline_s - (perf_counter() - told.arrived))
        return Response(status_code=CLIENT_GONE) if answers is None else self._answer(batch, answers)

    async def _audit_while_there(
        self, request: Request, batch: WireBatch, seconds: float
    ) -> list[Audit | JudgeFailure] | None:
        """The answers; ``None`` when the client goes away, which takes its audits back."""
        deadline = asyncio.get_running_loop().time() + seconds
        requests = [audit.to_request() for audit in batch.audits]
        work = asyncio.ensure_future(self._queue.audit(requests, deadline))
        gone = asyncio.ensure_future(_disconnected(request))
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else None
        except QueueFull as full:
            raise HTTPException(429, "the queue is full", {"Retry-After": str(full.retry_after_s)}) from None
        finally:
            work.cancel()
            gone.cancel()

    def _answer(self, batch: WireBatch, answers: Sequence[Audit | JudgeFailure]) -> Response:
        said = tuple(to_wire(asked.id, answer) for asked, answer in zip(batch.audits, answers, strict=True))
        self.metrics.audits(map(outcome, said))
        return Response(WireAnswers(answers=said).model_dump_json(), media_type="application/json")

    async def _ask(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        assert self._standing.judge is not None, "nothing is queued before the judge is loaded"
        return await ask(self._standing.judge, requests, deadline_s)


async def _disconnected(request: Request) -> None:
    """Returns when the client has gone; its body is read, so there is nothing else to receive."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
