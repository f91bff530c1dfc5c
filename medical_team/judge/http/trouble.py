"""What can go wrong with one HTTP request, and what follows from it: the table that the other files read.

To add a trouble, add a member here and say in the sets below what follows; ``of_exception`` and ``of_status``
recognise it, or who reads an answer says it by ``UnusableAnswer``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

import aiohttp
from yarl import URL

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
    """502, 503, or an audit's own failure of that kind: there is something, and it says that the judge is not."""
    SERVER_ERROR = "server error"
    OVERLOADED = "overloaded"
    LATE = "no answer in time"
    UNANSWERED = "this was not answered in time"
    """Late, of an endpoint that answers others meanwhile: it is there."""
    MUTE = "no audit in time"
    """Late, of an endpoint that answers nobody, and yet has a word about itself."""
    UNFINISHED = "not done in time"
    """A server's own word about audits: it is there, and the time it was given was too short."""
    MALFORMED = "malformed answer"
    ANOTHER_JUDGE = "another judge"
    """Its audits are not those of the judge that was identified."""
    TURNED_AWAY = "turned away"
    """No such path, not allowed, a redirect, a bad certificate: it is not the endpoint that was meant."""
    REFUSED = "refused"
    """Asking this again gives the same answer: too large, say."""


ERRORS: dict[Trouble, type[JudgeError]] = {
    Trouble.NOBODY_LISTENS: JudgeUnreachable,
    Trouble.BROKEN_OFF: JudgeUnreachable,
    Trouble.NOT_SERVING: JudgeUnreachable,
    Trouble.SERVER_ERROR: JudgeError,
    Trouble.OVERLOADED: JudgeOverloaded,
    Trouble.LATE: JudgeTimeout,
    Trouble.UNANSWERED: JudgeTimeout,
    Trouble.MUTE: JudgeTimeout,
    Trouble.UNFINISHED: JudgeTimeout,
    Trouble.MALFORMED: JudgeMalformed,
    Trouble.ANOTHER_JUDGE: JudgeMalformed,
    Trouble.TURNED_AWAY: JudgeRefused,
    Trouble.REFUSED: JudgeRefused,
}

AWAY = {Trouble.NOBODY_LISTENS, Trouble.BROKEN_OFF, Trouble.NOT_SERVING, Trouble.LATE}
"""The endpoint's own fault, whatever was asked: while its breaker is open, no audit pays for these."""
UNFIT = {Trouble.ANOTHER_JUDGE, Trouble.TURNED_AWAY}
"""The endpoint's own fault too, and it answers: a request pays for these only when it got them from all endpoints."""
OPENS_BREAKER = AWAY | UNFIT | {Trouble.SERVER_ERROR}
OPENS_AT_ONCE = UNFIT | {Trouble.NOBODY_LISTENS}
OPENS_BESIDE_OTHERS = {Trouble.MALFORMED, Trouble.MUTE, Trouble.UNFINISHED}
"""Opens a breaker only where there are other endpoints: to rest the only one would help nobody."""
RETRIES: dict[Trouble, int] = {
    Trouble.REFUSED: 0,
    Trouble.ANOTHER_JUDGE: 0,
    Trouble.TURNED_AWAY: 0,
    Trouble.MALFORMED: 1,
}
"""How often a request is sent again after it; as often as there are attempts where nothing is said. A judge that
answered nonsense twice will do so a third time."""

UNTIL_DEADLINE = {Trouble.LATE, Trouble.UNANSWERED, Trouble.MUTE, Trouble.UNFINISHED}
"""Sent again, with more patience, while there is time; these are none of the attempts that are counted. But for trials,
whose clock stands: they are."""

TURNS_AWAY = {401, 403, 404, 405}
ADVICE = {
    401: "its bearer token is missing or wrong: set judge.http.token_file or MEDICAL_TEAM_JUDGE_TOKEN",
    403: "the bearer token is not allowed to ask it: set judge.http.token_file or MEDICAL_TEAM_JUDGE_TOKEN",
    404: "it has no such path: see judge.http.urls and judge.http.api",
    405: "it has no such path: see judge.http.urls and judge.http.api",
    413: "the batch is too large for it: lower judge.batch_size",
}


class UnusableAnswer(ValueError):
    """Raised by who reads an answer that is of no use. The message holds nothing of what was received."""

    trouble: ClassVar[Trouble]


class MalformedAnswer(UnusableAnswer):
    """It is no answer."""

    trouble = Trouble.MALFORMED


class ForeignAnswer(UnusableAnswer):
    """It is another judge's."""

    trouble = Trouble.ANOTHER_JUDGE


class JudgeGone(UnusableAnswer):
    """A server answers, and the judge behind it does not."""

    trouble = Trouble.NOT_SERVING


class Unfinished(UnusableAnswer):
    """The judge was not done in the time that it was given."""

    trouble = Trouble.UNFINISHED


class RequestFailed(Exception):
    """One request to ``url`` brought nothing. ``cause`` says why, and never what was sent or received."""

    def __init__(
        self, trouble: Trouble, cause: str, retry_after_s: float | None = None, *, url: URL | None = None
    ) -> None:
        super().__init__(f"{url}: {cause}" if url else cause)
        self.trouble = trouble
        self.cause = cause
        self.url = url
        self.retry_after_s = retry_after_s
        self.counts = trouble not in UNTIL_DEADLINE
        """Whether it is one of a request's attempts."""
        self.is_last = False
        """Whether the request's own time is over, so that another attempt would have none."""

    def error(self) -> JudgeError:
        return ERRORS[self.trouble](str(self))


def of_exception(error: Exception) -> tuple[Trouble, str]:
    """The trouble behind an exception of aiohttp's, and a word about it."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Trouble.TURNED_AWAY, "its certificate is not valid"
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return Trouble.NOBODY_LISTENS, type(error).__name__
    if isinstance(error, TimeoutError):
        return Trouble.LATE, ""
    return Trouble.BROKEN_OFF, type(error).__name__


def of_status(status: int) -> tuple[Trouble, str]:
    """The trouble behind a status other than 200, and a word about it."""
    if status == 429:
        return Trouble.OVERLOADED, f"status {status}"
    if status == 504:  # a proxy's, who may have waited for this request alone
        return Trouble.LATE, f"status {status}"
    if status in (502, 503):
        return Trouble.NOT_SERVING, f"status {status}"
    if status >= 500:
        return Trouble.SERVER_ERROR, f"status {status}"
    if 300 <= status < 400:
        return Trouble.TURNED_AWAY, f"status {status}; a redirect is not followed, give its target in judge.http.urls"
    advice = ADVICE.get(status)
    trouble = Trouble.TURNED_AWAY if status in TURNS_AWAY else Trouble.REFUSED
    return trouble, f"status {status}" + (f"; {advice}" if advice else "")
