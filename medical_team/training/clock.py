"""How long the phases of a step take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Clock:
    """Seconds of every phase of a step; ``begins`` is told the name of each that begins."""

    def __init__(self, begins: Callable[[str], None]) -> None:
        self.seconds: dict[str, float] = {}
        self._begins = begins

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self._begins(name)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
