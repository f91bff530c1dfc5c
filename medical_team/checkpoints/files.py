"""Every change that a checkpoint makes on the disk, one function each: what happened before a return has lasted.

A file system may keep renames and contents back, in any order, until it is asked to write them: so each content is
synced before the name that stands for it, and each name before what relies on it.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from medical_team.errors import CheckpointWriteError, DiskFull

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def make_folder(path: Path) -> None:
    """A folder for its owner alone, whatever the umask says; parents as they come."""
    path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    path.chmod(PRIVATE_FOLDER)


def write(path: Path, content: bytes) -> None:
    """A new file with that content, for its owner alone, synced; its name is not until its folder is."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, PRIVATE_FILE)
    with open(descriptor, "wb") as file:
        os.fchmod(descriptor, PRIVATE_FILE)
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def sync(path: Path) -> None:
    """A file's content, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename(source: Path, target: Path) -> None:
    """Give ``source`` the name ``target`` in one go; a file of that name is replaced."""
    source.replace(target)
    sync(target.parent)


def protect(path: Path) -> None:
    """Take everybody's rights but the owner's."""
    path.chmod(PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE)


def remove(path: Path) -> None:
    """A folder and all in it, or a file; nothing where there is nothing. A link goes, not what it names."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def failure(number: int | None, message: str) -> CheckpointWriteError:
    """The error for a write that failed with that ``errno``."""
    full = number in (errno.ENOSPC, errno.EDQUOT)
    return DiskFull(f"{message}: make room and resume") if full else CheckpointWriteError(message)
