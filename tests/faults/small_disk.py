"""A file system that is quickly full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = "1500m"
"""Enough for a run of the tiny model with its checkpoints, and for the next such run where one has failed."""


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """``folder`` is one while this lasts, where this user may mount one; else it stays what it is."""
    if os.geteuid() != 0:
        yield
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
