"""How many requests may be in flight at an endpoint: additive increase, multiplicative decrease.

As in TCP (Chiu and Jain 1989, "Analysis of the increase and decrease algorithms for congestion avoidance"): a limit
that every answer raises a little and every sign of congestion halves finds what an endpoint takes, and shares it with
other clients. Signs are a 429, a missed deadline, and a latency well above the smallest it has lately been. Pure: the
clock is the caller's, in seconds.
"""

from __future__ import annotations

FIRST_LIMIT = 16
SMOOTHING = 0.1
RISE = 4.0
"""Times the smallest latency that count as congestion; a model that batches is rightly slower with more requests."""
FORGET = 1.002
"""How much the smallest latency is raised at each answer: a judge that became slower for good is slow no more after
some hundred answers."""
NOISE_S = 0.1
"""Below this, latency says more about the scheduler than about the endpoint."""


class AdaptiveLimit:
    """Between 1 and ``most``. Until the first congestion it grows by 1 an answer, then by 1 a round of answers."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._value = float(min(FIRST_LIMIT, most))
        self._congested = False
        self._halved_at = float("-inf")
        self._smooth: float | None = None
        self._floor = float("inf")

    @property
    def value(self) -> int:
        return int(self._value)

    def answered(self, departed_at: float, now: float) -> None:
        """An answer came after ``now - departed_at`` seconds."""
        if departed_at < self._halved_at:
            return  # sent under the limit that was too high: it would be halved again for the same reason
        latency = now - departed_at
        self._smooth = latency if self._smooth is None else self._smooth + SMOOTHING * (latency - self._smooth)
        self._floor = min(self._smooth, self._floor * FORGET)
        if self._smooth > max(NOISE_S, RISE * self._floor):
            self.congested(departed_at, now)
        else:
            self._value = min(self._most, self._value + (1 / self._value if self._congested else 1))

    def congested(self, departed_at: float, now: float) -> None:
        """Halve, once for all requests that were in flight together."""
        if departed_at >= self._halved_at:
            self._value = max(1.0, self._value / 2)
            self._halved_at = now
            self._congested = True
            self._smooth = None
