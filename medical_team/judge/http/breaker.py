"""A circuit breaker: an endpoint that failed several times in a row is left alone for a while, then tried once.

Pure: the clock is the caller's, in seconds.
"""

from __future__ import annotations

import random
from enum import StrEnum

FIRST_REST_S = 0.5
LONGEST_REST_S = 15.0


class BreakerState(StrEnum):
    """Whether an endpoint is asked."""

    CLOSED = "closed"
    """It is."""
    OPEN = "open"
    """It is left alone until its rest is over."""
    HALF_OPEN = "half_open"
    """One request is trying it out."""


class Breaker:
    """Of one endpoint. Each opening in a row rests twice as long; jitter keeps many clients from returning at once."""

    def __init__(self, failures_to_open: int, rng: random.Random | None = None) -> None:
        self.state = BreakerState.CLOSED
        self.rests_until = 0.0
        self._failures_to_open = failures_to_open
        self._failures = 0
        self._successes = 0
        self._rest_s = FIRST_REST_S
        self._rng = rng or random.Random()

    def lets_through(self, now: float) -> bool:
        if self.state is BreakerState.OPEN:
            return now >= self.rests_until
        return self.state is BreakerState.CLOSED

    def depart(self) -> bool:
        """A request leaves. Whether it is the one that tries the endpoint out."""
        if self.state is BreakerState.CLOSED:
            return False
        self.state = BreakerState.HALF_OPEN
        return True

    def succeed(self) -> None:
        """The endpoint answered, whatever it said."""
        self.state = BreakerState.CLOSED
        self._failures = 0
        self._successes += 1
        # One answer between two failures is no recovery: the rests go on growing.
        if self._successes >= self._failures_to_open:
            self._rest_s = FIRST_REST_S

    def fail(self, now: float, *, trial: bool, at_once: bool = False) -> None:
        """A request got no answer. ``at_once``: nobody is there, so that more failures would say nothing new."""
        self._successes = 0
        self._failures += 1
        if self.state is BreakerState.CLOSED:
            if at_once or self._failures >= self._failures_to_open:
                self._open(now)
        elif trial:
            self._open(now)

    def abandon(self) -> None:
        """The trial ended without a word about the endpoint: another one may try."""
        if self.state is BreakerState.HALF_OPEN:
            self.state = BreakerState.OPEN

    def _open(self, now: float) -> None:
        self.state = BreakerState.OPEN
        self.rests_until = now + self._rest_s * self._rng.uniform(0.5, 1.0)
        self._rest_s = min(LONGEST_REST_S, 2 * self._rest_s)
