"""Engines that die and come back: who serves, who is lost, and when a lost one serves again.

Pools lease an engine for each turn. One whose process is gone, or that has answered nothing for too long, is reported
lost: it is started anew by ``restart`` (``training.revival``: same place, current weights, verified) while the others
serve on, and the turns it owed are asked again, with the same seeds. Plain asyncio; knows nothing of Ray.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from medical_team.errors import EnginesLost

logger = logging.getLogger(__name__)

Restart = Callable[[int], Awaitable[Any]]
"""Starts the engine of a place anew; the result is its handle, ready to serve at the current weights."""


@dataclass(slots=True)
class Place:
    """Where one engine runs.

    Attributes:
        index: Of the engine among all of the run's.
        handle: The Ray actor that runs there now.
        in_flight: Turns it owes.
        heard_at: When it last answered, by the clock of ``time.monotonic``.
        serving: False from its loss to its return.
    """

    index: int
    handle: Any
    in_flight: int = 0
    heard_at: float = field(default_factory=time.monotonic)
    serving: bool = True

    def answered(self) -> None:
        self.heard_at = time.monotonic()


class EngineSupervisor:
    """All engines of a run. Used from one event loop.

    Args:
        handles: The engines' actors; kept up to date in place, so that who holds the list has the living ones.
        restart: Starts one anew.
        max_restarts: How many of them a run may need; the next loss ends it.
    """

    def __init__(self, handles: list[Any], restart: Restart, max_restarts: int) -> None:
        self._handles = handles
        self._restart = restart
        self._max_restarts = max_restarts
        self._places = [Place(index, handle) for index, handle in enumerate(handles)]
        self._returned = asyncio.Condition()
        self._restarting: set[asyncio.Task[None]] = set()
        self._given_up: EnginesLost | None = None
        self._restarts = 0
        self._replayed = 0
        self._slowest_return_s = 0.0

    @property
    def restarts(self) -> int:
        """Engines that were started anew in the run so far."""
        return self._restarts

    @property
    def places(self) -> tuple[Place, ...]:
        """All engines' places, to look at."""
        return tuple(self._places)

    @asynccontextmanager
    async def lease(self, among: Sequence[int]) -> AsyncIterator[Place]:
        """The serving engine ``among`` these that owes the fewest turns; waits where none serves.

        Raises:
            EnginesLost: There will be none.
        """
        place = await self._next(among)
        place.in_flight += 1
        try:
            yield place
        finally:
            place.in_flight -= 1

    def lost(self, place: Place, handle: Any, why: str) -> None:
        """A turn was not answered because the engine behind ``handle`` is gone; the caller asks another one."""
        self._replayed += 1
        self._lose(place, handle, why)

    async def check(self, ping: Callable[[Any], Awaitable[Any]]) -> int:
        """Ask every engine for a sign of life, and return when all of them serve: how many did not give one.

        ``ping`` raises for one that is lost.

        Raises:
            EnginesLost: They will not.
        """
        handles = [place.handle for place in self._places]
        signs = await asyncio.gather(*(ping(handle) for handle in handles), return_exceptions=True)
        for place, handle, sign in zip(self._places, handles, signs, strict=True):
            if isinstance(sign, Exception):
                self._lose(place, handle, type(sign).__name__)
            elif isinstance(sign, BaseException):
                raise sign
        await self.settle()
        return sum(isinstance(sign, Exception) for sign in signs)

    async def settle(self) -> None:
        """Wait until no engine is being started.

        Raises:
            EnginesLost: One will not come back.
        """
        while self._restarting:
            await asyncio.wait(set(self._restarting))
        if self._given_up:
            raise self._given_up

    def metrics(self) -> dict[str, float]:
        """Of the whole run so far."""
        return {
            "faults/engine_restarts": float(self._restarts),
            "faults/turns_replayed": float(self._replayed),
            "faults/slowest_engine_return_s": self._slowest_return_s,
        }

    async def _next(self, among: Sequence[int]) -> Place:
        async with self._returned:
            while True:
                if self._given_up:
                    raise self._given_up
                serving = [self._places[index] for index in among if self._places[index].serving]
                if serving:
                    return min(serving, key=lambda place: place.in_flight)
                await self._returned.wait()

    def _lose(self, place: Place, handle: Any, why: str) -> None:
        """Start the engine anew, once a loss: the turns it owed fail one after the other."""
        if place.handle is not handle or not place.serving:
            return
        place.serving = False
        logger.warning("engine %d is lost (%s): starting it anew", place.index, why)
        task = asyncio.create_task(self._bring_back(place))
        self._restarting.add(task)
        task.add_done_callback(self._restarting.discard)

    async def _bring_back(self, place: Place) -> None:
        began = time.monotonic()
        error: Exception | None = None
        while self._restarts < self._max_restarts:
            self._restarts += 1
            try:
                handle = await self._restart(place.index)
            except Exception as failure:  # whatever keeps an engine from starting: the budget decides
                error = failure
                logger.warning("engine %d did not come back: %s", place.index, type(failure).__name__)
                continue
            took = time.monotonic() - began
            self._slowest_return_s = max(self._slowest_return_s, took)
            logger.warning("engine %d serves again after %.0f s", place.index, took)
            self._handles[place.index] = place.handle = handle
            place.answered()
            place.serving = True
            break
        else:
            self._given_up = EnginesLost(
                f"engine {place.index} is lost and cluster.max_engine_restarts = {self._max_restarts} are used up"
                + (f" (the last one: {type(error).__name__})" if error else "")
                + ": see the worker logs of Ray's session; run.resume=auto goes on"
            )
        async with self._returned:
            self._returned.notify_all()
