"""Whether a checkpoint may be read: nothing of it is unpickled before all of it is what the manifest says.

Its files are the manifest's and no others, plain files below its folder, and nobody but their owner and root could
have changed them: whoever can write a pickle can run code where it is loaded.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from medical_team.checkpoints import manifest as manifests
from medical_team.checkpoints import names
from medical_team.checkpoints.manifest import FileEntry, Manifest, entry_of, read_manifest
from medical_team.errors import CheckpointError

# Hashing runs without Python's lock: a disk that is faster than a core is read by several.
_READERS = 4


def verify(checkpoint: Path, step: int) -> Manifest:
    """Check all of a checkpoint; reads every byte of it.

    Raises:
        CheckpointError: It may not be read; the message is the reason alone.
    """
    manifest = _check_files(checkpoint, step)
    _check_contents(checkpoint, manifest)
    return manifest


def whole_steps(folder: Path) -> list[int]:
    """Steps with a checkpoint in ``folder`` that has all its files at their sizes, ascending; no content is read."""
    return [entry.step for entry in names.entries(folder) if entry.current and _is_whole(entry)]


def _is_whole(entry: names.Entry) -> bool:
    try:
        _check_files(entry.path, entry.step)
    except (CheckpointError, OSError):  # it may be removed meanwhile
        return False
    return True


def _check_files(checkpoint: Path, step: int) -> Manifest:
    """All that can be told without reading the files: owners, names, sizes, and the manifest itself."""
    _check_owner(checkpoint.parent, "the folder of checkpoints")
    present = set(_plain_files(checkpoint))
    manifest = read_manifest(checkpoint)
    if manifest.step != step:
        raise CheckpointError(f"its manifest is of step {manifest.step}")
    _check_names(present, set(manifest.files))
    for name, entry in sorted(manifest.files.items()):
        size = (checkpoint / name).stat().st_size
        if size != entry.size:
            what = "truncated" if size < entry.size else "longer than it was"
            raise CheckpointError(f"{name} is {what}: {size} of {entry.size} bytes")
    return manifest


def _check_names(present: set[str], listed: set[str]) -> None:
    if missing := sorted(listed - present):
        raise CheckpointError(f"{missing[0]} is missing")
    if surplus := sorted(present - listed - {manifests.NAME}):
        raise CheckpointError(f"{surplus[0]} is not in its manifest")


def _check_contents(checkpoint: Path, manifest: Manifest) -> None:
    def differs(item: tuple[str, FileEntry]) -> str | None:
        name, entry = item
        return name if entry_of(checkpoint / name) != entry else None

    with ThreadPoolExecutor(_READERS) as readers:
        for name in readers.map(differs, sorted(manifest.files.items())):
            if name is not None:
                raise CheckpointError(f"{name} has another checksum than in its manifest")


def _plain_files(checkpoint: Path) -> Iterator[str]:
    """Paths below the folder, each a plain file in plain folders that nobody else can write."""
    if checkpoint.is_symlink() or not checkpoint.is_dir():
        raise CheckpointError("it is not a folder")
    _check_owner(checkpoint, "it")
    for where, folders, plain in os.walk(checkpoint):
        for name in sorted(folders + plain):
            path = Path(where, name)
            relative = path.relative_to(checkpoint).as_posix()
            _check_owner(path, relative)
            if name in plain:
                yield relative


def _check_owner(path: Path, what: str) -> None:
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise CheckpointError(f"{what} is a symbolic link")
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise CheckpointError(f"{what} is neither file nor folder")
    if found.st_uid not in (os.geteuid(), 0):
        raise CheckpointError(f"{what} belongs to another user (uid {found.st_uid})")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CheckpointError(f"{what} can be written by other users: chmod -R go-w, if it can be trusted")
