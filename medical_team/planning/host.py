"""The host that a plan is made on: its memory, its disk, what its processor multiplies. Read, never measured."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from medical_team.checkpoints import names
from medical_team.checkpoints.validity import whole_steps

_CPU_INFO = Path("/proc/cpuinfo")
_MEMORY_INFO = Path("/proc/meminfo")
_GROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")

# Instructions that multiply bfloat16; the ones that backends.cpu asks torch about.
_BFLOAT16_UNITS = {"avx512_bf16", "amx_tile"}


@dataclass(frozen=True, slots=True)
class Host:
    """Attributes:
    memory: Bytes that processes may take in all; 0 where it is not known.
    free_disk: Bytes free where the run's folder will be.
    multiplies_bfloat16: Whether ``model.dtype=auto`` is bfloat16 on CPU.
    checkpoints: Whole ones that the run has already; free disk is what they leave.
    """

    memory: float
    free_disk: float
    multiplies_bfloat16: bool
    checkpoints: int = 0


def this_host(folder: Path) -> Host:
    """The host this process runs on; ``folder``, the run's, need not exist yet."""
    there = len(whole_steps(folder / names.FOLDER))
    folder = folder.resolve()
    while not folder.is_dir():
        folder = folder.parent
    return Host(_memory(), float(shutil.disk_usage(folder).free), _multiplies_bfloat16(), there)


def _memory() -> float:
    """The host's memory, or the limit of this process's control group where that is lower."""
    total = 0.0
    for line in _read(_MEMORY_INFO).splitlines():
        if line.startswith("MemTotal:"):
            total = float(line.split()[1]) * 1024
    limit = _read(_GROUP_LIMIT).strip()
    return min(total, float(limit)) if limit.isdecimal() and total else total


def _multiplies_bfloat16() -> bool:
    flags = next((line for line in _read(_CPU_INFO).splitlines() if line.startswith("flags")), "")
    return not _BFLOAT16_UNITS.isdisjoint(flags.split())


def _read(file: Path) -> str:
    """Its text; nothing where the system has no such file."""
    return file.read_text() if file.is_file() else ""
