"""How fast the judge is, measured; and so how long a client that found the queue full should stay away."""

from __future__ import annotations

import math

# Of the newest batch in the average: a dozen batches after a judge has become slower, the estimate has followed.
_WEIGHT = 0.2

_UNKNOWN_S, _LEAST_S, _MOST_S = 1, 1, 60


class Throughput:
    """Seconds an audit, averaged over the batches that came back lately."""

    def __init__(self) -> None:
        self._seconds: float | None = None

    def finished(self, audits: int, seconds: float, batches: int) -> None:
        """A batch of so many audits came back after so long, while so many batches were at the judge."""
        measured = seconds / (audits * batches)
        old = measured if self._seconds is None else self._seconds
        self._seconds = old + _WEIGHT * (measured - old)

    def seconds_for(self, audits: int) -> int:
        """Whole seconds until so many audits are done: from 1 to 60, and 1 before anything was measured."""
        if self._seconds is None:
            return _UNKNOWN_S
        return max(_LEAST_S, min(_MOST_S, math.ceil(audits * self._seconds)))
