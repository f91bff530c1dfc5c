"""How the entries of a folder of checkpoints are called."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

# Of a run's folder, where its checkpoints are.
FOLDER = "checkpoints"

LATEST = "latest"

_COMPLETE = re.compile(r"step-(\d{6,})(\.old)?")
_REFUSED = re.compile(r"step-\d{6,}\.refused(-\d+)?")
_PARTIAL = re.compile(r"\.step-\d{6,}\.partial")


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A checkpoint by its name alone, whole or not; they sort by age.

    ``current`` is false for one that a newer save of the same step is about to replace.
    """

    step: int
    current: bool
    path: Path


def entries(folder: Path) -> list[Entry]:
    """All there are, oldest first."""
    if not folder.is_dir():
        return []
    found = ((_COMPLETE.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted(Entry(int(match[1]), match[2] is None, path) for match, path in found if match)


def partials(folder: Path) -> list[Path]:
    """What saves that were broken off left."""
    return sorted(path for path in folder.iterdir() if _PARTIAL.fullmatch(path.name)) if folder.is_dir() else []


def refused(folder: Path) -> list[Path]:
    """What resumes went back behind and set aside."""
    return sorted(path for path in folder.iterdir() if _REFUSED.fullmatch(path.name)) if folder.is_dir() else []


def complete_path(folder: Path, step: int) -> Path:
    return folder / f"step-{step:06d}"


def replaced_path(folder: Path, step: int) -> Path:
    return folder / f"step-{step:06d}.old"


def refused_path(folder: Path, step: int) -> Path:
    """A name that is free: what was refused before stays."""
    path, number = folder / f"step-{step:06d}.refused", 1
    while os.path.lexists(path):
        number += 1
        path = folder / f"step-{step:06d}.refused-{number}"
    return path


def partial_path(folder: Path, step: int) -> Path:
    return folder / f".step-{step:06d}.partial"
