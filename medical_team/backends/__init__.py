"""Which hardware a process computes on, and what that takes.

``prepare()`` is called once, before anything imports openrlhf: by the driver, and by every actor module at import.
On GPU it does nothing, upstream's code runs as it is. On CPU it installs ``backends.cpu``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

Backend = Literal["cpu", "gpu"]

BACKEND_VARIABLE = "MEDICAL_TEAM_BACKEND"


def resolve(configured: Literal["auto", "cpu", "gpu"] = "auto") -> Backend:
    """This process's backend: as configured, else as its parent chose, else by whether there is an NVIDIA driver."""
    if configured != "auto":
        return configured
    chosen = os.environ.get(BACKEND_VARIABLE)
    if chosen == "cpu" or chosen == "gpu":
        return chosen
    return "gpu" if Path("/dev/nvidiactl").exists() else "cpu"


def prepare() -> Backend:
    """Make this process able to import and run openrlhf. Idempotent."""
    backend = resolve()
    if backend == "cpu":
        from medical_team.backends import cpu

        cpu.install()
    return backend
