"""A Ray cluster that a run starts for itself lets nobody else in.

Ray listens on every interface of a host, whatever address it is given, and runs what it is sent. So a cluster of the
run's own asks for a token that only its processes know.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import MutableMapping

from medical_team.config import Config


def guard_own_cluster(config: Config, environment: MutableMapping[str, str] = os.environ) -> bool:
    """Give this process and its children a token for the cluster that they will start; whether it was given.

    Nothing changes where the run joins a cluster, or where the user has chosen a mode. Ray reads the mode when it is
    imported: in a process that has done so already nothing can be changed.
    """
    joins = config.cluster.address or environment.get("RAY_ADDRESS")
    if joins or "RAY_AUTH_MODE" in environment or "ray" in sys.modules:
        return False
    environment.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
    return True
