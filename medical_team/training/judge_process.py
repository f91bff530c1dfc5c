"""The Ray actor of a judge: started, ended, and known to be gone."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError

from medical_team.judge.actor import JudgeActor

# Seconds in which an actor that can still hear ends itself.
END_S = 5.0


class JudgeProcess:
    """``judge.actor.Process`` on Ray.

    Args:
        actor: The plain class that is wrapped.
        argument: The one argument of its constructor.
        options: Ray's, among them where it is placed.
    """

    def __init__(self, actor: type[JudgeActor], argument: Any, **options: Any) -> None:
        self._actor = ray.remote(actor).options(**options)
        self._argument = argument

    def start(self) -> Any:
        return self._actor.remote(self._argument)

    async def end(self, handle: Any) -> None:
        with suppress(RayError, TimeoutError):  # it is gone already, or does not hear: Ray kills it
            async with asyncio.timeout(END_S):
                await handle.end.remote()
        ray.kill(handle, no_restart=True)

    def is_lost(self, error: Exception) -> bool:
        return isinstance(error, RayActorError)
