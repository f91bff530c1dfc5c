"""A request to whichever endpoint is free, within a deadline: limits, retries, breakers and outages in one place.

``HttpJudge`` and ``OpenAiCompleter`` say what is sent and read what comes; nothing of HTTP's failures reaches them but
a ``JudgeError``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from http import HTTPStatus
from typing import Generic, Self, TypeVar

from medical_team.config.judge import HttpJudgeConfig
from medical_team.errors import JudgeTimeout
from medical_team.judge.bearer import read_token
from medical_team.judge.deadline import Deadline, standing_still
from medical_team.judge.http.address import endpoint_urls
from medical_team.judge.http.endpoint import Endpoint, Slot
from medical_team.judge.http.pool import EndpointPool
from medical_team.judge.http.retries import Tries
from medical_team.judge.http.transport import Transport
from medical_team.judge.http.trouble import AWAY, UNFIT, UNTIL_DEADLINE, RequestFailed, Trouble, UnusableAnswer

T = TypeVar("T")

FAILURES_TO_OPEN = 5
# An attempt ends before the deadline does, so that it can still be told what it failed of.
ATTEMPT_SHARE = 0.97
# A request that was late is given so many times the patience: an audit may be slow, and only a stall is endless.
MORE_PATIENCE = 4.0
# For a word about itself, which costs an endpoint nothing.
SIGN_OF_LIFE_S = 2.0


class Request(Generic[T]):
    """What is sent, as often as it takes.

    Attributes:
        path: Below the endpoint's own.
        make_body: Of each attempt, by the seconds that the endpoint has for it.
        read: What the answer to the body made last says.
        deadline: Of all attempts.
        patience: Times what a request may take at an endpoint; more after each attempt that was late.
        avoided: The endpoint that failed last: another one is next, where there is one.
        barred_by: Endpoints that took it for none of theirs.
        has_no_time: The attempt under way has all the time that is left.
    """

    # Of the class until something goes wrong, which is rare.
    patience = 1.0
    avoided: Endpoint | None = None
    barred_by: tuple[Endpoint, ...] = ()
    has_no_time = False

    def __init__(
        self, path: str, make_body: Callable[[float], bytes], read: Callable[[bytes], T], deadline: Deadline
    ) -> None:
        self.path = path
        self.make_body = make_body
        self.read = read
        self.deadline = deadline


class Caller:
    """POSTs to the endpoints of a configuration."""

    def __init__(self, config: HttpJudgeConfig, sign_of_life: str) -> None:
        """Nothing is sent yet. ``sign_of_life`` is the path that an endpoint answers at once as long as it is there.

        Raises:
            ConfigError: A URL or the token is none.
        """
        self._attempts = config.attempts
        self._sign_of_life = sign_of_life
        self.transport = Transport(read_token(config.token_file, os.environ))
        # At most as many as one audit has attempts: an audit alone in a run then finds the breaker open, and waits.
        failures_to_open = min(FAILURES_TO_OPEN, config.attempts)
        self.pool = EndpointPool(
            [Endpoint(url, config.max_concurrency, failures_to_open) for url in endpoint_urls(config.urls)],
            config.outage_budget_s,
        )

    async def post(
        self, path: str, make_body: Callable[[float], bytes], read: Callable[[bytes], T], deadline_s: float
    ) -> T:
        """What ``read`` makes of the answer.

        ``make_body`` is called anew for each attempt, with the seconds that the endpoint has for it; ``read`` with the
        answer to the body made last. Time in which all endpoints are away does not count.

        Raises:
            JudgeError: There is no answer within ``deadline_s``; the kind says why.
            JudgeOutage: All endpoints were away for longer than the budget.
        """
        tries = Tries(self._attempts)
        try:
            with Deadline(deadline_s) as deadline:
                return await tries.run(deadline, self._attempt, Request(path, make_body, read, deadline))
        except RequestFailed as failure:
            raise failure.error() from None
        except TimeoutError:
            raise tries.last_error or JudgeTimeout(f"no endpoint was free within {deadline_s:g} s") from None

    async def close(self) -> None:
        self.pool.close()
        await self.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def _attempt(self, request: Request[T]) -> T:
        deadline = request.deadline
        while True:
            slot = self.pool.take_at_once(request.avoided)
            if slot is None:
                async with deadline.enforced():
                    slot = await self.pool.take(request.avoided)
            try:
                if slot.trial:  # its clock stands still: however little is left, the endpoint has a fair chance
                    with standing_still():
                        answer = await self._send(slot.endpoint, request, deadline.seconds)
                else:
                    answer = await self._send(slot.endpoint, request, deadline.left_s)
            except RequestFailed as failed:
                failure = await self._explained(slot, failed)
                failure.counts = failure.counts or slot.trial
                # What the deadline has cut off, and not the patience, has no time for another attempt.
                failure.is_last = failure.trouble in UNTIL_DEADLINE and request.has_no_time and not slot.trial
                self.pool.failed(slot, failure)
                if not self._moves_on(request, slot.endpoint, failure.trouble):
                    raise failure from None
            else:
                self.pool.answered(slot)
                return answer
            finally:
                self.pool.leave(slot)

    async def _explained(self, slot: Slot, failure: RequestFailed) -> RequestFailed:
        """A late answer is the request's own matter where the endpoint has a word for others, and else its absence."""
        if failure.trouble is not Trouble.LATE:
            return failure
        if slot.endpoint.has_answered_since(slot):
            return RequestFailed(Trouble.UNANSWERED, failure.cause, failure.retry_after_s, url=failure.url)
        if await self._lives(slot.endpoint):
            return RequestFailed(Trouble.MUTE, failure.cause, failure.retry_after_s, url=failure.url)
        return failure

    async def _lives(self, endpoint: Endpoint) -> bool:
        try:
            with standing_still():  # the request's time is over, and has said nothing about the endpoint
                status, _ = await self.transport.exchange("GET", endpoint.at(self._sign_of_life), None, SIGN_OF_LIFE_S)
        except RequestFailed as failure:
            return failure.trouble not in AWAY and failure.trouble is not Trouble.SERVER_ERROR
        return status == HTTPStatus.OK

    def _moves_on(self, request: Request[T], endpoint: Endpoint, trouble: Trouble) -> bool:
        """Whether this was the endpoint's matter alone, and is no attempt of the request's."""
        request.avoided = endpoint
        if trouble in UNTIL_DEADLINE:
            request.patience *= MORE_PATIENCE
        if trouble in UNFIT:
            if endpoint not in request.barred_by:
                request.barred_by += (endpoint,)
            return len(request.barred_by) < len(self.pool.endpoints)
        # What the judge's absence cost is not the request's attempt: it waits for the return.
        return trouble in AWAY and self.pool.is_away

    async def _send(self, endpoint: Endpoint, request: Request[T], left_s: float) -> T:
        url = endpoint.at(request.path)
        patience_s = request.patience * endpoint.patience_s
        within_s = ATTEMPT_SHARE * left_s
        request.has_no_time = within_s <= patience_s
        within_s = min(within_s, patience_s)
        _, body = await self.transport.exchange("POST", url, request.make_body(within_s), within_s)
        try:
            return request.read(body)
        except UnusableAnswer as unusable:
            raise RequestFailed(unusable.trouble, f"{unusable.trouble} ({unusable})", url=url) from None
