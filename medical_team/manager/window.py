"""A window over the newest steps of a run, as wide as what is counted in it needs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def forget_oldest(steps: deque[T], size: Callable[[T], int], enough: int, at_least: int = 1) -> None:
    """Drop the oldest steps as long as the others still hold ``enough``, and are ``at_least`` so many."""
    total = sum(map(size, steps))
    while len(steps) > at_least and total - size(steps[0]) >= enough:
        total -= size(steps.popleft())
