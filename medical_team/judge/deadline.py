"""Deadlines whose clock can stand still.

Whoever waits for an audit sets a ``Deadline``; whoever gives it may know that for a while nothing can be given, since
the judge is away, and that this is no fault of the audit. It says so with ``standing_still``, which stops the clocks
of all deadlines around it, however many judges, caches and panels lie in between. Who waits for an audit that another
task asked for stands and goes on with that task (``standing_with``). What bounds the standing itself is
the outage budget of who calls it. A context variable carries them, so the two must be in one process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self

_AROUND: ContextVar[tuple[Deadline, ...]] = ContextVar("deadlines", default=())


class Deadline:
    """Seconds, counting only those in which nobody below is standing still.

    As ``async with`` it is ``asyncio.timeout(seconds)``. As ``with`` it only counts, which costs the event loop
    nothing: what is waited for inside must end by ``left_s`` itself, or stand within ``enforced``.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._left_s = seconds
        self._ends_at: float | None = None
        self._standing = 0
        self._followers: list[Deadline] = []
        self._open = False
        self._timeout: asyncio.Timeout | None = None

    def __enter__(self) -> Self:
        self._token: Token[tuple[Deadline, ...]] = _AROUND.set((*_AROUND.get(), self))
        self._ends_at = asyncio.get_running_loop().time() + self._left_s
        self._open = True
        return self

    def __exit__(self, *_exc: object) -> None:
        self._open = False
        _AROUND.reset(self._token)

    async def __aenter__(self) -> Self:
        self.__enter__()
        self._timeout = asyncio.timeout_at(self._ends_at)
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        assert self._timeout is not None
        self.__exit__()
        return await self._timeout.__aexit__(kind, error, trace)

    @asynccontextmanager
    async def enforced(self) -> AsyncIterator[None]:
        """Leaving this block late raises ``TimeoutError``; one block within another is the outer one."""
        if self._timeout is not None:
            yield
            return
        try:
            async with asyncio.timeout_at(self._ends_at) as self._timeout:
                yield
        finally:
            self._timeout = None

    @property
    def left_s(self) -> float:
        """Seconds that are left; they do not become fewer while the clock stands."""
        if self._ends_at is None:
            return self._left_s
        return max(0.0, self._ends_at - asyncio.get_running_loop().time())

    def stop(self) -> None:
        self._standing += 1
        if self._standing > 1:
            return
        if self._open:
            self._left_s = self.left_s
            self._move(None)
        for follower in self._followers:
            follower.stop()

    def go_on(self) -> None:
        self._standing -= 1
        if self._standing > 0:
            return
        # A task that was cancelled together with the block may leave its standstill after the block is over.
        if self._open:
            self._move(asyncio.get_running_loop().time() + self._left_s)
        for follower in self._followers:
            follower.go_on()

    def lead(self, follower: Deadline) -> None:
        """Have another clock stand while this one does."""
        self._followers.append(follower)
        if self._standing:
            follower.stop()

    def let_go(self, follower: Deadline) -> None:
        self._followers.remove(follower)
        if self._standing:
            follower.go_on()

    def _move(self, ends_at: float | None) -> None:
        self._ends_at = ends_at
        if self._timeout is not None and not self._timeout.expired():  # one that has fired is over, its block or not
            self._timeout.reschedule(ends_at)


@contextmanager
def standing_still() -> Iterator[None]:
    """Stop the clocks of all deadlines around this block while it runs; several at once count once."""
    with ExitStack() as stopped:
        for deadline in _AROUND.get():
            deadline.stop()
            stopped.callback(deadline.go_on)
        yield


@contextmanager
def standing_with(leader: Deadline) -> Iterator[None]:
    """Have the clocks of all deadlines around this block stand while that of ``leader`` does: who waits for what
    another task waits for. ``leader`` is none of those around."""
    with ExitStack() as led:
        for deadline in _AROUND.get():
            leader.lead(deadline)
            led.callback(leader.let_go, deadline)
        yield
