"""The engines' weights after each step: given, counted and compared with the policy's. Driven by the trainer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ray.exceptions import RayError

from medical_team.errors import SyncError
from medical_team.rollout.supervisor import EngineSupervisor
from medical_team.training.cluster import Cluster
from medical_team.training.revival import ping
from medical_team.training.waiting import Deadline


class WeightSync:
    """Brings all engines to the policy's weights, and sees that they hold them.

    Args:
        cluster: Its policy gives the weights, its engines take them.
        engines: Who starts engines anew that have died.
        broadcast: Upstream's call that hands the weights out; it returns when every engine has loaded them.
        loop: Where engines are started anew.
        deadline: Of each wait.
    """

    def __init__(
        self,
        cluster: Cluster,
        engines: EngineSupervisor,
        broadcast: Callable[[], object],
        loop: asyncio.Runner,
        deadline: Deadline,
    ) -> None:
        self.version = 0
        """Syncs so far, the engines' own count of them."""
        self._cluster = cluster
        self._engines = engines
        self.broadcast = broadcast
        self._loop = loop
        self._deadline = deadline
        self._taken_in = engines.restarts

    def sync(self) -> None:
        """Give the engines the new weights.

        Raises:
            SyncError: An engine missed a sync, or holds other weights.
            StallError, WorkerLost: It takes too long, or a rank of a group died.
        """
        self._loop.run(self._engines.check(ping))  # who died while the groups learnt
        try:
            self._give_to_all()
        except RayError:
            if not self._loop.run(self._engines.check(ping)):
                raise
            self._give_to_all()  # an engine had died over it
        synced = [engine.weights_synced.remote() for engine in self._cluster.engines]
        versions = self._deadline.results("the weight sync", synced)
        self.version += 1
        for index, version in enumerate(versions):
            if version != self.version:
                raise SyncError(f"engine {index} counts {version} weight syncs, the trainer {self.version}")
        self.verify()

    def _give_to_all(self) -> None:
        """Engines that were started anew had their weights alone: they are taken in first."""
        if self._engines.restarts != self._taken_in:
            opened = self._cluster.actor.async_run_method("open_sync_group", self._cluster.engines)
            self._deadline.results("taking in the engines that came back", opened)
            self._taken_in = self._engines.restarts
        self._deadline.run("the weight sync", self.broadcast)

    def verify(self) -> None:
        """Compare digests of the policy's weights and of what every engine loaded.

        Raises:
            SyncError: They differ.
        """
        if not self._cluster.digests_compare:
            return
        held = [engine.weights_digest.remote() for engine in self._cluster.engines]
        own = self._cluster.actor.async_run_method(method_name="weights_digest")
        expected, *_ = self._deadline.results("summing the trainer's weights", own)
        for index, digest in enumerate(self._deadline.results("summing the engines' weights", held)):
            if digest != expected:
                raise SyncError(f"engine {index} does not hold the trainer's weights: {digest} for {expected}")

    def resume_at(self, version: int) -> None:
        """Sync the weights of a checkpoint that was loaded, as sync number ``version``."""
        self.version = version - 1
        told = [engine.adopt_version.remote(self.version) for engine in self._cluster.engines]
        self._deadline.results("telling the engines their version", told)
        self.sync()
