"""An event loop whose time passes only while nothing can be done, and then at once: deadlines without a clock."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: what the loop would have waited for is what its time jumps by."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list:
        events = super().select(0)
        if not events:
            assert timeout is not None, "all tasks wait for something that never comes"
            self.now += max(0.0, timeout)
        return events


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._selector_of_time = _JumpingSelector()
        super().__init__(self._selector_of_time)

    def time(self) -> float:
        return self._selector_of_time.now


def run_in_virtual_time(coroutine: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` in a loop that starts at 0 s; nothing outside of the loop may be waited for."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(coroutine)
