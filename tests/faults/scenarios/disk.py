"""The disk of the run's folder is full when a checkpoint is due."""

from __future__ import annotations

import os
import shutil
import time

from faults.attempt import Attempt
from faults.running import Measured, Run
from faults.scenario import Scenario

LEFT_BYTES = 20_000_000  # for the journal, records and metrics of a step; a checkpoint of the tiny model takes more


def play(run: Run) -> Measured:
    ballast = run.folder / "ballast"

    def strike(attempt: Attempt) -> float:
        fill(ballast, LEFT_BYTES)
        struck = time.monotonic()
        attempt.let_pass("step")
        return struck

    try:
        return run.ends(strike, 75, r"^DiskFull: ", mended=ballast.unlink)
    finally:
        ballast.unlink(missing_ok=True)


def fill(ballast, left: int) -> None:
    """Take the file system's free space but for so many bytes."""
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        os.posix_fallocate(descriptor, 0, shutil.disk_usage(ballast.parent).free - left)
    finally:
        os.close(descriptor)


SCENARIOS = (
    Scenario(
        "disk full",
        "a small file system is filled before a step; room is made when the run has ended",
        "the run ends, and the checkpoint before is kept; the next attempt goes on from it",
        play,
        obstacle=lambda: "" if os.geteuid() == 0 else "needs root, who may mount a small file system",
    ),
)
