"""How many requests may be in flight at an endpoint: additive increase, multiplicative decrease.

As in TCP (Chiu and Jain 1989, "Analysis of the increase and decrease algorithms for congestion avoidance"): a limit
that every answer raises a little and every sign of congestion cuts finds what an endpoint takes, and shares it with
other clients. Signs are a 429 and a latency well above the smallest it has lately been. 429s halve the limit where
they are the rule and cut it by less where they are few among answers, as marks do in DCTCP (Alizadeh et al. 2010,
"Data center TCP"): else one in twenty, from a proxy say, would hold a judge with room for 64 at five. A request that
stalls while others are answered is no sign. Pure: the clock is the caller's, in seconds.
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
        self._cut_at = float("-inf")
        self._overloaded_share = 1.0
        self._smooth_s: float | None = None
        self._floor_s = float("inf")

    @property
    def value(self) -> int:
        return int(self._value)

    def answered(self, departed_at: float, now: float) -> None:
        """An answer came after ``now - departed_at`` seconds."""
        self._overloaded_share -= SMOOTHING * self._overloaded_share
        if departed_at < self._cut_at:
            return  # sent under the limit that was too high: it would be cut again for the same reason
        latency_s = now - departed_at
        before_s = latency_s if self._smooth_s is None else self._smooth_s
        self._smooth_s = before_s + SMOOTHING * (latency_s - before_s)
        self._floor_s = min(self._smooth_s, self._floor_s * FORGET)
        if self._smooth_s > max(NOISE_S, RISE * self._floor_s):
            self._cut(departed_at, now, 0.5)
        else:
            self._value = min(self._most, self._value + (1 / self._value if self._congested else 1))

    def overloaded(self, departed_at: float, now: float) -> None:
        """The endpoint said 429."""
        self._overloaded_share += SMOOTHING * (1 - self._overloaded_share)
        self._cut(departed_at, now, 1 - self._overloaded_share / 2)

    def _cut(self, departed_at: float, now: float, factor: float) -> None:
        """Once for all requests that were in flight together."""
        if departed_at >= self._cut_at:
            self._value = max(1.0, self._value * factor)
            self._cut_at = now
            self._congested = True
            self._smooth_s = None
