"""What can go wrong with one HTTP request, and what follows from it: the table that the other files read.

To add a trouble, add a member here and say in the sets below what follows; ``of_exception`` and ``of_status``
recognise it.
"""

from __future__ import annotations

from enum import StrEnum

import aiohttp

from medical_team.errors import (
    JudgeError,
    JudgeMalformed,
    JudgeOverloaded,
    JudgeRefused,
    JudgeTimeout,
    JudgeUnreachable,
)


class Trouble(StrEnum):
    """Why a request brought no answer that can be used."""

    NOBODY_LISTENS = "nobody listens"
    """No connection: refused, unknown host, no route."""
    BROKEN_OFF = "the connection broke off"
    NOT_SERVING = "not serving"
    """502, 503, 504: there is something, and it says that the judge is not."""
    SERVER_ERROR = "server error"
    OVERLOADED = "overloaded"
    LATE = "no answer in time"
    MALFORMED = "malformed answer"
    REFUSED = "refused"
    """Asking again gives the same answer: not allowed, too large, no such path."""


ERRORS: dict[Trouble, type[JudgeError]] = {
    Trouble.NOBODY_LISTENS: JudgeUnreachable,
    Trouble.BROKEN_OFF: JudgeUnreachable,
    Trouble.NOT_SERVING: JudgeUnreachable,
    Trouble.SERVER_ERROR: JudgeError,
    Trouble.OVERLOADED: JudgeOverloaded,
    Trouble.LATE: JudgeTimeout,
    Trouble.MALFORMED: JudgeMalformed,
    Trouble.REFUSED: JudgeRefused,
}

AWAY = {Trouble.NOBODY_LISTENS, Trouble.BROKEN_OFF, Trouble.NOT_SERVING, Trouble.LATE}
"""The endpoint's own fault, whatever was asked: while its breaker is open, no audit pays for these."""
OPENS_BREAKER = AWAY | {Trouble.SERVER_ERROR}
RETRIES: dict[Trouble, int] = {Trouble.REFUSED: 0, Trouble.MALFORMED: 1}
"""How often a request is sent again after it; as often as there are attempts where nothing is said. A judge that
answered nonsense twice will do so a third time."""

ADVICE = {
    401: "its bearer token is missing or wrong: set judge.http.token_file or MEDICAL_TEAM_JUDGE_TOKEN",
    403: "the bearer token is not allowed to ask it: set judge.http.token_file or MEDICAL_TEAM_JUDGE_TOKEN",
    404: "it has no such path: see judge.http.urls and judge.http.api",
    405: "it has no such path: see judge.http.urls and judge.http.api",
    413: "the batch is too large for it: lower judge.batch_size",
}


class RequestFailed(Exception):
    """One request brought nothing. ``message`` names endpoint and cause, never what was sent or received."""

    def __init__(self, trouble: Trouble, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.retry_after_s = retry_after_s

    def error(self) -> JudgeError:
        return ERRORS[self.trouble](str(self))


def of_exception(error: Exception) -> tuple[Trouble, str]:
    """The trouble behind an exception of aiohttp's, and a word about it."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Trouble.REFUSED, "its certificate is not valid"
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return Trouble.NOBODY_LISTENS, type(error).__name__
    if isinstance(error, TimeoutError):
        return Trouble.LATE, ""
    return Trouble.BROKEN_OFF, type(error).__name__


def of_status(status: int) -> tuple[Trouble, str]:
    """The trouble behind a status other than 200, and a word about it."""
    if status == 429:
        return Trouble.OVERLOADED, f"status {status}"
    if status in (502, 503, 504):
        return Trouble.NOT_SERVING, f"status {status}"
    if status >= 500:
        return Trouble.SERVER_ERROR, f"status {status}"
    if 300 <= status < 400:
        return Trouble.REFUSED, f"status {status}; a redirect is not followed, give its target in judge.http.urls"
    advice = ADVICE.get(status)
    return Trouble.REFUSED, f"status {status}" + (f"; {advice}" if advice else "")
