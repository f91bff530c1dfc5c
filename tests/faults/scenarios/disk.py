"""The disk of the run's folder is full when a checkpoint is due."""

from __future__ import annotations

import errno
import os
import shutil
import time
from pathlib import Path

from faults.attempt import Attempt
from faults.running import Measured, Run
from faults.scenario import Scenario

LEFT_BYTES = 20_000_000  # for the journal, records and metrics of a step; a checkpoint of the tiny model takes more
LARGEST_PIECE, SMALLEST_PIECE = 1 << 26, 1 << 16


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


def fill(ballast: Path, left: int) -> None:
    """Take the file system's free space but for so many bytes, while the run still writes."""
    size, piece = 0, LARGEST_PIECE
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        while (room := shutil.disk_usage(ballast.parent).free - left) > 0 and piece >= SMALLEST_PIECE:
            taken = min(room, piece)
            try:
                os.posix_fallocate(descriptor, size, taken)
                size += taken
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                piece //= 2
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
