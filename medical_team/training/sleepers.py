"""What shares its GPUs with the groups and sleeps while they learn: the engines, and the judge's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from ray.exceptions import RayActorError, RayError

from medical_team.errors import StallError
from medical_team.judge.actor import RestartingJudge
from medical_team.rollout.supervisor import EngineSupervisor
from medical_team.training.revival import ping

logger = logging.getLogger(__name__)

# Seconds for going to sleep where the run is about to end: what it ends with matters more.
_LETS_GO_WITHIN_S = 30.0

Calls = Mapping[str, Callable[[], Awaitable[object]]]
"""What is called, by who it is called of."""


class Sleepers:
    """Wakes them for the games and puts them to sleep again.

    Args:
        engines: All of a run's; none of them is waked where they have GPUs of their own.
        judges: Those that sleep too.
        loop: Where they are called.
        timeout_s: Seconds for waking up, and again for going to sleep.
        sleep: Whether there is any sleep at all.
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
            EnginesLost, JudgeOutage: One was lost while it slept, and cannot be started anew.
            StallError: One neither wakes up nor goes to sleep in time.
        """
        if not self._sleep:
            yield
            return
        self._loop.run(self._wake())
        try:
            yield
        except BaseException:
            self._loop.run(self._let_go())
            raise
        self._loop.run(self._put_to_sleep(self._timeout_s))

    async def _wake(self) -> None:
        await self._engines.check(ping)  # whoever died asleep is started anew, and is awake
        judges = {judge.name: judge.wake_up for judge in self._judges}
        engines = {f"engine {place.index}": place.handle.wake_up.remote for place in self._engines.places}
        failed = await self._call("waking up", judges | engines, self._timeout_s)
        if failed and not await self._engines.check(ping):
            raise next(iter(failed.values()))

    async def _put_to_sleep(self, within_s: float) -> None:
        """Whoever is gone needs no sleep: it is started anew when it is needed."""
        judges = {judge.name: judge.sleep for judge in self._judges}
        engines = {f"engine {place.index}": place.handle.sleep.remote for place in self._engines.places}
        for name, error in (await self._call("going to sleep", judges | engines, within_s)).items():
            if not isinstance(error, RayActorError):
                raise error
            logger.warning("%s is gone and does not go to sleep", name)

    async def _let_go(self) -> None:
        try:
            await self._put_to_sleep(min(_LETS_GO_WITHIN_S, self._timeout_s))
        except (StallError, RayError) as error:
            logger.warning("not everybody went to sleep (%s): the run ends all the same", type(error).__name__)

    async def _call(self, what: str, calls: Calls, within_s: float) -> dict[str, RayError]:
        """Call all of them at once; the errors of Ray's, by who had them.

        Raises:
            StallError: One does not answer in time.
        """

        async def one(name: str) -> None:
            try:
                async with asyncio.timeout(within_s):
                    await calls[name]()
            except TimeoutError:
                raise StallError(f"{name}: {what} took longer than {within_s:g} s; run.resume=auto goes on") from None

        ended = await asyncio.gather(*map(one, calls), return_exceptions=True)
        errors: dict[str, RayError] = {}
        for name, error in zip(calls, ended, strict=True):
            if isinstance(error, RayError):
                errors[name] = error
            elif error is not None:
                raise error
        return errors
