"""How a written checkpoint becomes one: everything synced, the manifest last, then its name, then ``latest``."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from medical_team.checkpoints import files, names, state
from medical_team.checkpoints import manifest as manifests
from medical_team.checkpoints.manifest import FileEntry, Manifest, entry_of
from medical_team.checkpoints.state import TrainerState
from medical_team.errors import CheckpointWriteError

logger = logging.getLogger(__name__)


def commit(partial: Path, trainer: TrainerState, receipts: Mapping[str, FileEntry]) -> Manifest:
    """Turn the folder ``partial`` into the checkpoint of ``trainer.step``, the newest there is.

    At every moment, and after a crash at any, there is a whole checkpoint where there was one before.

    Args:
        partial: Hidden folder beside the checkpoints with all that the ranks wrote.
        trainer: The driver's own part.
        receipts: Entries of the files whose writers synced and summed them; the others are read here.
    """
    files.write(partial / state.NAME, trainer.encode())
    manifest = Manifest(trainer.step, {name: _entry(partial, name, receipts) for name in _contents(partial)})
    if lost := sorted(set(receipts) - set(manifest.files)):
        raise CheckpointWriteError(f"{lost[0]} was written and is not there: is the run's folder shared by all nodes?")
    for where, _, _ in os.walk(partial, topdown=False):
        files.protect(Path(where))
        files.sync(Path(where))
    files.write(partial / manifests.NAME, manifest.encode())
    files.sync(partial)
    publish(partial, trainer.step)
    return manifest


def publish(partial: Path, step: int) -> None:
    """Give a whole checkpoint its name, and make it the latest."""
    folder = partial.parent
    final, replaced = names.complete_path(folder, step), names.replaced_path(folder, step)
    if os.path.lexists(final):
        files.remove(replaced)
        files.rename(final, replaced)
    files.rename(partial, final)
    _make_latest(final)


def _make_latest(checkpoint: Path) -> None:
    unfinished = checkpoint.parent / f".{names.LATEST}"
    files.write(unfinished, f"{checkpoint.name}\n".encode())
    files.rename(unfinished, checkpoint.parent / names.LATEST)


def set_aside(refused: names.Entry, latest: Path) -> Path:
    """Take its name from a checkpoint that a resume goes back behind, to ``latest``; returns the name it has now.

    What asks by name which steps are saved does not find it, and its step can be saved again. It is never removed:
    somebody may want to look at it.
    """
    aside = names.refused_path(refused.path.parent, refused.step)
    files.rename(refused.path, aside)
    _make_latest(latest)
    return aside


def rotate(folder: Path, newest: int, keep: int) -> None:
    """Remove what is more than ``keep``, and what is later than ``newest``, which was just saved.

    What is later is of a run that was begun anew in its folder. What cannot be removed stays and is named.
    """
    there = names.entries(folder)
    kept = [entry for entry in there if entry.current and entry.step <= newest][-keep:]
    for entry in there:
        if entry in kept:
            continue
        try:
            files.remove(entry.path)
        except OSError as error:
            logger.warning("%s cannot be removed (%s)", entry.path, error.strerror)


def _contents(partial: Path) -> list[str]:
    return sorted(
        Path(where, name).relative_to(partial).as_posix() for where, _, found in os.walk(partial) for name in found
    )


def _entry(partial: Path, name: str, receipts: Mapping[str, FileEntry]) -> FileEntry:
    """The entry of a file; whoever wrote it without a receipt did not sync it either."""
    path = partial / name
    files.protect(path)
    if name not in receipts:
        files.sync(path)
        return entry_of(path)
    size = path.stat().st_size
    if size != receipts[name].size:
        raise CheckpointWriteError(f"{name} has {size} of the {receipts[name].size} bytes that were written")
    return receipts[name]
