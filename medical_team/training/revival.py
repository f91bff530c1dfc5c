"""A lost engine, started anew in its place, at the policy's present weights and verified. Called by the supervisor.

The groups are idle while games are played, so that the policy's ranks can hand out their weights in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import ray
from ray.exceptions import RayError

from medical_team.errors import SyncError
from medical_team.training.cluster import Cluster

# Seconds in which an engine gives a sign of life, however busy its process is.
PING_S = 60.0

# Seconds in which an engine that can still hear ends itself.
END_S = 5.0


async def ping(engine: Any) -> None:
    """Raise where the engine's process does not answer."""
    async with asyncio.timeout(PING_S):
        await engine.ready.remote()


async def end(engine: Any) -> None:
    """End the engine's process and vLLM's, whatever state they are in."""
    with suppress(RayError, TimeoutError):  # it is gone already, or does not hear: Ray kills it
        async with asyncio.timeout(END_S):
            await engine.end.remote()
    ray.kill(engine, no_restart=True)


class Revival:
    """Starts engines anew.

    Args:
        cluster: Where they run.
        version: The count of weight syncs that an engine must have, asked when one comes back.
        timeout_s: Seconds for loading, and again for the weights.
    """

    def __init__(self, cluster: Cluster, version: Callable[[], int], timeout_s: float) -> None:
        self._cluster = cluster
        self._version = version
        self._timeout_s = timeout_s

    async def __call__(self, index: int) -> Any:
        """Handle of the new engine; the old one's process is ended, if it still runs.

        Raises:
            TimeoutError: It did not load in time.
            SyncError: It does not hold the policy's weights.
            RayError: It, or a rank of the policy, died.
        """
        await end(self._cluster.engines[index])
        engine = self._cluster.start_engine(index)
        try:
            async with asyncio.timeout(self._timeout_s):
                await engine.ready.remote()
            async with asyncio.timeout(self._timeout_s):
                await self._give_weights(index, engine)
        except BaseException:
            await end(engine)
            raise
        return engine

    async def _give_weights(self, index: int, engine: Any) -> None:
        """Every rank takes part: under ZeRO-3 they gather the weights together."""
        await _all(self._cluster.actor.async_run_method("sync_engine", engine))
        await engine.adopt_version.remote(self._version())
        if not self._cluster.digests_compare:
            return
        expected, *_ = await _all(self._cluster.actor.async_run_method("weights_digest"))
        if (held := await engine.weights_digest.remote()) != expected:
            raise SyncError(f"engine {index} came back without the policy's weights: {held} for {expected}")


async def _all(refs: Sequence[Any]) -> list[Any]:
    return list(await asyncio.gather(*refs))
