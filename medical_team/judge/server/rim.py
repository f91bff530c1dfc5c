"""What every request meets first and last: id, token, room, one line in the log, one count, no error that leaks.

An ASGI middleware of the plain kind: it must not stand between the application and the client's going away.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter

from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from medical_team.judge.server.auth import carries_token
from medical_team.judge.server.body import read_away
from medical_team.judge.server.faults import where
from medical_team.judge.server.metrics import ServerMetrics, known_path
from medical_team.judge.server.settings import ServerSettings
from medical_team.judge.wire import AUDITS_PATH, HEALTH_PATH

REQUEST_ID = "X-Request-ID"

# The first of those that are held is done by then, or the queue says when.
_NO_ROOM_RETRY_S = 1

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

logger = logging.getLogger(__name__)


def sentence(status: int, text: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Every answer that is no success looks like this."""
    return JSONResponse({"error": text}, status, headers)


@dataclass(slots=True)
class Told:
    """What the log will say of a request; the application fills in what only it knows.

    Attributes:
        request_id: The client's, where that is an identifier; else made here.
        arrived: ``perf_counter`` when the header was there.
        status: Of the answer; 0 until there is one.
        audits: How many were asked for.
        digest: Hash of the body.
    """

    request_id: str
    arrived: float
    status: int = 0
    audits: int = 0
    digest: str = "-"


class Rim:
    """Around the whole application."""

    def __init__(self, app: ASGIApp, *, settings: ServerSettings, metrics: ServerMetrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(REQUEST_ID, "")
        told = Told(given if _SANE_ID.fullmatch(given) else secrets.token_hex(8), perf_counter())
        scope.setdefault("state", {})["told"] = told
        known = carries_token(headers.get("authorization", "").encode("latin-1"), self._settings.token)

        async def send_told(message: Message) -> None:
            if message["type"] == "http.response.start":
                told.status = message["status"]
                answer = MutableHeaders(scope=message)
                answer[REQUEST_ID] = told.request_id
                if not known:  # nor does a stranger keep a connection
                    answer["Connection"] = "close"
            await send(message)

        try:
            await self._guarded(scope, receive, send_told, told, known)
        finally:
            self._tell(scope, told)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send, told: Told, known: bool) -> None:
        try:
            if not known and scope["path"] != HEALTH_PATH:
                await read_away(receive, limit=self._settings.max_body, timeout_s=self._settings.read_timeout)
                await _unknown()(scope, receive, send)
            elif scope["path"] == AUDITS_PATH:
                await self._hold(scope, receive, send)
            else:
                await self._app(scope, receive, send)
        except asyncio.CancelledError:  # only the server itself cancels requests: its time for stopping is over
            await self._last_word(503, "the server stops", scope, receive, send, told)
        except Exception as error:  # its message may quote the request, so nobody further out may log it
            logger.error("%s: %s", told.request_id, where(error))
            await self._last_word(500, "the server failed", scope, receive, send, told)

    async def _hold(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bodies and audits take memory, so that no more are held than there is room for."""
        if self._held >= self._settings.max_requests:
            await _no_room()(scope, receive, send)
            return
        self._held += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._held -= 1

    async def _last_word(self, status: int, text: str, scope: Scope, receive: Receive, send: Send, told: Told) -> None:
        if not told.status:
            await sentence(status, text, {"Connection": "close"})(scope, receive, send)

    def _tell(self, scope: Scope, told: Told) -> None:
        seconds = perf_counter() - told.arrived
        self._metrics.request(scope["path"], told.status, seconds)
        usual = told.status < HTTPStatus.BAD_REQUEST and scope["path"] != AUDITS_PATH
        logger.log(
            logging.DEBUG if usual else logging.INFO,
            "%s %s: status %d, %d audits, content %s, %.1f ms",
            told.request_id,
            known_path(scope["path"]),
            told.status,
            told.audits,
            told.digest,
            seconds * 1e3,
        )


def _unknown() -> Response:
    return sentence(401, "a valid bearer token is needed", {"WWW-Authenticate": "Bearer"})


def _no_room() -> Response:
    return sentence(429, "too many requests are held", {"Retry-After": str(_NO_ROOM_RETRY_S)})
