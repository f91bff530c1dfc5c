"""What shares its GPUs with the groups and sleeps while they learn: the engines, and the judge's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from ray.exceptions import RayError

from medical_team.judge.actor import RestartingJudge
from medical_team.rollout.supervisor import EngineSupervisor
from medical_team.training.revival import end, ping

logger = logging.getLogger(__name__)

# Seconds for going to sleep where the run is about to end: what it ends with matters more.
_LETS_GO_WITHIN_S = 30.0


class Sleepers:
    """Wakes them for the games and puts them to sleep again.

    Who does not do so in time, or is lost, is ended, so that it keeps no memory of the GPU, and started anew when it is
    needed: how often is limited by ``cluster.max_engine_restarts`` and ``judge.max_restarts``.

    Args:
        engines: All of a run's.
        judges: Those that sleep too.
        loop: Where they are called.
        timeout_s: Seconds for waking up, and again for going to sleep.
        sleep: Whether there is any sleep at all: none where they have GPUs of their own.
    """

    def __init__(
        self,
        engines: EngineSupervisor,
        judges: Sequence[RestartingJudge],
        loop: asyncio.Runner,
        timeout_s: float,
        sleep: bool,
    ) -> None:
        self._engines = engines
        self._judges = judges
        self._loop = loop
        self._timeout_s = timeout_s
        self._sleep = sleep

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Inside, all of them are awake. What the block raises is what comes out of it, whoever does not sleep then.

        Raises:
            EnginesLost, JudgeOutage: One is lost once more than it may be started anew.
        """
        if not self._sleep:
            yield
            return
        self._loop.run(self._wake())
        try:
            yield
        except BaseException:
            self._loop.run(self._put_to_sleep(min(_LETS_GO_WITHIN_S, self._timeout_s)))
            raise
        self._loop.run(self._put_to_sleep(self._timeout_s))

    async def _wake(self) -> None:
        """Judges first: a lost one is loaded anew, and an engine that loads takes what is in use for its own."""
        for judge in self._judges:
            await judge.wake_up(self._timeout_s)
        await self._engines.check(ping)  # whoever died asleep is started anew, and is awake
        if not await self._tell_engines("wake_up", self._timeout_s):
            await self._engines.check(ping)

    async def _put_to_sleep(self, within_s: float) -> None:
        judges = [judge.sleep(within_s) for judge in self._judges]
        await asyncio.gather(self._tell_engines("sleep", within_s), *judges)

    async def _tell_engines(self, what: Literal["wake_up", "sleep"], within_s: float) -> bool:
        """Whether all of them have done it; who has not is ended."""
        told = (self._tell(place.index, place.handle, what, within_s) for place in self._engines.places)
        return all(await asyncio.gather(*told))

    async def _tell(self, index: int, engine: Any, what: Literal["wake_up", "sleep"], within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                await getattr(engine, what).remote()
        except (RayError, TimeoutError) as error:
            logger.warning("engine %d: no %s (%s), its process is ended", index, what, type(error).__name__)
            await end(engine)
            return False
        return True
