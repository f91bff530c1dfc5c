"""Deadlines whose clock can stand still.

Whoever waits for an audit sets a ``Deadline``; whoever gives it may know that for a while nothing can be given, since
the judge is away, and that this is no fault of the audit. It says so with ``standing_still``, which stops the clocks
of all deadlines around it, however many judges, caches and panels lie in between. What bounds the standing itself is
the outage budget of who calls it. A context variable carries them, so the two must be in one process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self

_AROUND: ContextVar[tuple[Deadline, ...]] = ContextVar("deadlines", default=())


class Deadline:
    """``asyncio.timeout(seconds)``, counting only the seconds in which nobody below is standing still.

    Leaving the block late raises ``TimeoutError``, as ``asyncio.timeout`` does.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._left_s = seconds
        self._standing = 0
        self._open = False

    async def __aenter__(self) -> Self:
        self._timeout = asyncio.timeout(self.seconds)
        await self._timeout.__aenter__()
        self._token: Token[tuple[Deadline, ...]] = _AROUND.set((*_AROUND.get(), self))
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        self._open = False
        _AROUND.reset(self._token)
        return await self._timeout.__aexit__(kind, error, trace)

    @property
    def left_s(self) -> float:
        """Seconds that are left; they do not become fewer while the clock stands."""
        when = self._timeout.when()
        return self._left_s if when is None else max(0.0, when - asyncio.get_running_loop().time())

    def stop(self) -> None:
        self._standing += 1
        if self._standing == 1 and self._open:
            self._left_s = self.left_s
            self._timeout.reschedule(None)

    def go_on(self) -> None:
        self._standing -= 1
        # A task that was cancelled together with the block may leave its standstill after the block is over.
        if self._standing == 0 and self._open:
            self._timeout.reschedule(asyncio.get_running_loop().time() + self._left_s)


@contextmanager
def standing_still() -> Iterator[None]:
    """Stop the clocks of all deadlines around this block while it runs; several at once count once."""
    around = _AROUND.get()
    for deadline in around:
        deadline.stop()
    try:
        yield
    finally:
        for deadline in around:
            deadline.go_on()
