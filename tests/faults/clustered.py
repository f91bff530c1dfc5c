"""A run on a cluster of several hosts: one that holds the engine, one that holds the policy, and one to spare."""

from __future__ import annotations

from pathlib import Path

from faults.hosts import Hosts
from faults.running import Run

HOSTS = 3


class ClusteredRun(Run):
    """Without a critic, which would need a host more."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.hosts = Hosts(HOSTS)
        address = self.hosts.address
        super().__init__(
            folder, model, cluster__address=address, train__estimator="reinforce", model__critic_layers="null"
        )

    def close_for_good(self) -> None:
        super().close_for_good()
        self.hosts.close()
