"""One endpoint as the pool sees it: its address, its breaker, how much it takes, what it is doing."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from yarl import URL

from medical_team.judge.http.breaker import Breaker, BreakerState
from medical_team.judge.http.limit import AdaptiveLimit
from medical_team.judge.http.trouble import OPENS_AT_ONCE, RequestFailed, Trouble

# A server that asks for more than this may as well be asked now and then.
LONGEST_RETRY_AFTER_S = 60.0
# A request that takes this many times what requests take has stalled, and holds a slot that others wait for.
STALLED = 20.0
SHORTEST_PATIENCE_S = 1.0
SMOOTHING = 0.1

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Slot:
    """The right to send one request. ``trial``: it tries out an endpoint that was away."""

    endpoint: Endpoint
    departed_at: float
    trial: bool


class Endpoint:
    """Times are the event loop's, in seconds."""

    def __init__(self, url: URL, most_in_flight: int, failures_to_open: int) -> None:
        self.url = url
        self._urls: dict[str, URL] = {}
        self.breaker = Breaker(failures_to_open)
        self.limit = AdaptiveLimit(most_in_flight)
        self.in_flight = 0
        self.last_trouble = ""
        self._told: set[Trouble] = set()
        self._asked_to_wait_until = 0.0
        self._answered_at = float("-inf")
        self._typical_s: float | None = None

    def __str__(self) -> str:
        return str(self.url)

    def at(self, path: str) -> URL:
        """The URL of a path, below the endpoint's own."""
        url = self._urls.get(path)
        if url is None:
            url = self._urls[path] = self.url / path.lstrip("/")
        return url

    @property
    def is_away(self) -> bool:
        return self.breaker.state is not BreakerState.CLOSED

    def serves(self, now: float) -> bool:
        """Whether it takes requests, as soon as it has room."""
        return not self.is_away and now >= self._asked_to_wait_until

    def has_answered_since(self, slot: Slot) -> bool:
        """Whether it answered something after that request had left."""
        return self._answered_at > slot.departed_at

    @property
    def load(self) -> float:
        return self.in_flight / self.limit.value

    @property
    def patience_s(self) -> float:
        """How long one request may take here; without bound as long as nothing is known."""
        return max(SHORTEST_PATIENCE_S, STALLED * self._typical_s) if self._typical_s is not None else float("inf")

    def is_free(self, now: float) -> bool:
        return self.in_flight < self.limit.value and now >= self._asked_to_wait_until and self.breaker.lets_through(now)

    def free_at(self) -> float:
        """When to look again, as far as it is a matter of time."""
        return max(self._asked_to_wait_until, self.breaker.rests_until)

    def depart(self, now: float) -> Slot:
        self.in_flight += 1
        return Slot(self, now, self.breaker.depart())

    def answered(self, slot: Slot, now: float) -> None:
        self._answered_at = now
        self.breaker.succeed()
        self.limit.answered(slot.departed_at, now)
        took = now - slot.departed_at
        self._typical_s = took if self._typical_s is None else self._typical_s + SMOOTHING * (took - self._typical_s)

    def failed(self, slot: Slot, failure: RequestFailed, now: float, *, counts: bool) -> None:
        """A request brought nothing. ``counts``: for the breaker."""
        self.last_trouble = failure.cause
        self._tell(failure)
        if failure.trouble is Trouble.OVERLOADED:
            self.limit.overloaded(slot.departed_at, now)
        elif failure.trouble is Trouble.UNFINISHED:
            self.limit.answered(slot.departed_at, now)
        if failure.retry_after_s is not None:
            wait_s = min(failure.retry_after_s, LONGEST_RETRY_AFTER_S)
            self._asked_to_wait_until = max(self._asked_to_wait_until, now + wait_s)
        if counts:
            self.breaker.fail(now, trial=slot.trial, at_once=failure.trouble in OPENS_AT_ONCE)
        else:
            self.breaker.succeed()

    def _tell(self, failure: RequestFailed) -> None:
        """The first of each trouble, with what to do about it: who asked keeps the kind of failure alone."""
        if failure.trouble not in self._told:
            self._told.add(failure.trouble)
            logger.warning("%s; further ones of the kind are not told", failure)

    def left(self, slot: Slot) -> None:
        """The request is over, with or without a word about the endpoint."""
        self.in_flight -= 1
        if slot.trial:
            self.breaker.abandon()
