"""Memory and disk of the driver's host, looked at every step, so that a run ends while there is room to.

A process that the kernel ends for memory saves nothing, and a full disk cuts off whatever is being written.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from medical_team.errors import HostLimit

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_GOES_ON = "run.resume=auto goes on when there is more"


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes in use, without what the kernel can drop, and bytes that there are."""

    used: int
    total: int

    @property
    def share(self) -> float:
        return self.used / self.total


class HostWatch:
    """Looks at the host.

    Args:
        folder: On the disk that the run writes to.
        min_free_gb: Disk that stays free.
        max_memory_share: Of the host, or of the control group where that allows less.
    """

    def __init__(self, folder: Path, min_free_gb: float, max_memory_share: float, root: Path = Path("/")) -> None:
        self._folder = folder
        self._min_free_gb = min_free_gb
        self._max_memory_share = max_memory_share
        self._root = root

    def look(self) -> dict[str, float]:
        """Metrics of the host.

        Raises:
            HostLimit: Too little is left; it names what, and how much.
        """
        free_gb = shutil.disk_usage(self._folder).free / 1e9
        share = max((memory.share for memory in memories(self._root)), default=0.0)
        if free_gb < self._min_free_gb:
            raise HostLimit(
                f"the disk of {self._folder} has {free_gb:.1f} GB free, less than run.min_free_gb = "
                f"{self._min_free_gb:g}: free some; {_GOES_ON}"
            )
        if share > self._max_memory_share:
            raise HostLimit(
                f"{share:.0%} of the host's memory are in use, more than cluster.max_memory_share = "
                f"{self._max_memory_share:g}: see docs/troubleshooting.md; {_GOES_ON}"
            )
        return {"host/free_disk_gb": free_gb, "host/memory_share": share}


@contextmanager
def no_room_named(what: str) -> Iterator[None]:
    """A disk that is full while ``what`` is written is a HostLimit; any other failure stays what it is."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise HostLimit(f"{what} could not be written, the disk is full: free some; {_GOES_ON}") from None


def memories(root: Path) -> list[Memory]:
    """Of the host and, where it has a limit, of this process's control group (version 2)."""
    found = []
    with_limit = root / "sys/fs/cgroup"
    meminfo = _numbers(root / "proc/meminfo", ":")
    if "MemTotal" in meminfo:
        total = meminfo["MemTotal"] * 1024
        found.append(Memory(total - meminfo.get("MemAvailable", 0) * 1024, total))
    try:
        limit = (with_limit / "memory.max").read_text().strip()
        used = int((with_limit / "memory.current").read_text())
    except (OSError, ValueError):
        return found
    if limit.isdecimal():
        dropped = _numbers(with_limit / "memory.stat").get("inactive_file", 0)
        found.append(Memory(used - dropped, int(limit)))
    return found


def _numbers(path: Path, after_name: str = "") -> dict[str, int]:
    """``name number`` a line; nothing where there is no such file."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    fields = [line.split() for line in lines if len(line.split()) >= 2]
    return {name.removesuffix(after_name): int(number) for name, number, *_ in fields if number.isdecimal()}
