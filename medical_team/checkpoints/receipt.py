"""What a rank says it wrote: the ranks write their parts beside the training, and the driver hears of it by a file.

A call to an actor would wait until the actor is done with its update. The ranks share the run's folder with the driver
as it is.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from medical_team.checkpoints import files
from medical_team.checkpoints.manifest import FileEntry
from medical_team.errors import StallError

# Seconds between two looks for receipts; a save takes many of them.
_LOOK_EVERY_S = 0.05


def receipt_path(group: Path, rank: int) -> Path:
    return group / f"receipt-{rank}.json"


def leave_receipt(group: Path, rank: int, written: Mapping[Path, FileEntry]) -> None:
    """Say that all of ``written`` (files below ``group``) is on the disk."""
    content = {path.relative_to(group).as_posix(): asdict(entry) for path, entry in written.items()}
    _leave(group, rank, {"files": content})


def leave_failure(group: Path, rank: int, error: Exception) -> None:
    """Say that it is not, and why: the kind of error alone."""
    number = error.errno if isinstance(error, OSError) else None
    _leave(group, rank, {"failed": type(error).__name__, "errno": number})


def collect_receipts(folder: Path, ranks: Mapping[str, int], until: Callable[[], float]) -> dict[str, FileEntry]:
    """Wait for every rank's receipt and take them out of the folder.

    Args:
        folder: The checkpoint that is being written; the groups' folders are in it.
        ranks: Number of ranks by group.
        until: When to give up, by the monotonic clock; it may come nearer while this waits.

    Returns:
        Entries by path below ``folder``.

    Raises:
        CheckpointWriteError: A rank could not write its part; ``DiskFull`` where that is why.
        StallError: A receipt is missing at the deadline.
    """
    entries: dict[str, FileEntry] = {}
    for group, rank in _every_rank(ranks):
        path = receipt_path(folder / group, rank)
        while not path.exists():
            if time.monotonic() > until():
                raise StallError(f"{group} rank {rank} did not write its part of the checkpoint in time")
            time.sleep(_LOOK_EVERY_S)
        entries |= {f"{group}/{name}": entry for name, entry in _read(path, f"{group} rank {rank}").items()}
        path.unlink()
    return entries


def _every_rank(ranks: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    return ((group, rank) for group, count in ranks.items() for rank in range(count))


def _leave(group: Path, rank: int, content: Mapping[str, object]) -> None:
    path = receipt_path(group, rank)
    unfinished = path.with_suffix(".tmp")
    files.write(unfinished, json.dumps(content).encode())
    unfinished.replace(path)


def _read(path: Path, who: str) -> dict[str, FileEntry]:
    content = json.loads(path.read_bytes())
    if "failed" in content:
        number = content["errno"]
        reason = os.strerror(number) if number else content["failed"]
        raise files.failure(number, f"{who} could not write its part of the checkpoint ({reason})")
    return {name: FileEntry(**entry) for name, entry in content["files"].items()}
