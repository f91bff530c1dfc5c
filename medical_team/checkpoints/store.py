"""The checkpoints of a run: saved beside the training, one at a time, and found again by a resume.

Driven by the trainer. ``checkpoints/step-000012/`` is whole or not there; see ``docs/checkpoints.md``.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medical_team.checkpoints import files, names, transaction
from medical_team.checkpoints.background import Background
from medical_team.checkpoints.manifest import FileEntry
from medical_team.checkpoints.receipt import collect_receipts
from medical_team.checkpoints.state import TrainerState, check_identity, read_state
from medical_team.checkpoints.validity import verify
from medical_team.errors import CheckpointError, CheckpointWriteError, DiskFull, StallError

logger = logging.getLogger(__name__)

CopyModels = Callable[[Path], Mapping[str, int] | None]
"""Has the ranks copy their states and write them below the folder it is given, in the background. Returns how many
ranks will leave a receipt, by group."""

# Room asked for beyond the size of a checkpoint: records, metrics and logs are written meanwhile.
_SPARE = 1.05

# Seconds that a run which is ending for another reason still waits for the ranks: one of them may be that reason.
_ENDING_S = 120.0

# Seconds beyond its own deadline after which a background write that does not even end is left behind.
_GRACE_S = 30.0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One that was verified, and the driver's part of it."""

    path: Path
    state: TrainerState


class CheckpointStore:
    """Folder of checkpoints of one run.

    Args:
        folder: Where they are; made when the first is saved.
        keep: How many stay; the newest always does.
        deadline_s: Seconds a checkpoint may take to be written.
        expected_bytes: Size of a checkpoint, as far as it is known before the first.
    """

    def __init__(self, folder: Path, keep: int, deadline_s: float = 3600.0, expected_bytes: float = 0.0) -> None:
        self.folder = folder
        self._keep = keep
        self._deadline_s = deadline_s
        self._expected_bytes = expected_bytes
        self._saving: Background[Path] | None = None
        self.longest_s = 0.0
        """Seconds that the longest save took, from ``begin`` until it had its name."""
        self._until = 0.0
        self._newest: Checkpoint | None = None

    def begin(self, trainer: TrainerState, copy_models: CopyModels) -> None:
        """Start to save a checkpoint, and return when training may go on.

        Raises:
            CheckpointWriteError: The save before could not be written; ``DiskFull``: there is no room for this one.
            StallError: The save before was not written within its deadline.
        """
        self.finish()
        began = time.monotonic()
        partial = names.partial_path(self.folder, trainer.step)
        self._make_room_for(partial)
        try:
            ranks = copy_models(partial) or {}
        except BaseException:
            _abandon(partial)
            raise
        self._until = time.monotonic() + self._deadline_s
        self._saving = Background(f"checkpoint {trainer.step}", lambda: self._write(partial, trainer, ranks, began))

    def finish(self) -> None:
        """Wait for the save under way, if there is one; raises as ``begin``."""
        saving, self._saving = self._saving, None
        if saving is not None:
            saving.result(self._deadline_s + _GRACE_S)

    def check(self) -> None:
        """Raise what the save under way has failed with, if it has; does not wait."""
        if self._saving is not None and self._saving.done:
            self.finish()

    def close(self) -> None:
        """Finish the save under way for a run that is ending anyway: what goes wrong is said and not raised."""
        self._until = min(self._until, time.monotonic() + _ENDING_S)
        try:
            self.finish()
        except (CheckpointWriteError, StallError) as error:
            logger.error("the last checkpoint was not saved: %s", error)

    def save(self, trainer: TrainerState, copy_models: CopyModels) -> Path:
        """``begin`` and ``finish``."""
        self.begin(trainer, copy_models)
        self.finish()
        return names.complete_path(self.folder, trainer.step)

    def steps(self) -> list[int]:
        """Steps that have a checkpoint by its name, ascending; none is looked into. One that was refused has none."""
        return sorted({entry.step for entry in names.entries(self.folder)})

    def newest(self, identity: Mapping[str, Any]) -> Checkpoint | None:
        """The newest checkpoint that is valid, or ``None`` where no save was ever finished.

        Newer ones that are not are named with the reason and set aside, once: the run will save their steps again.

        Raises:
            CheckpointError: None of them is valid, the valid one belongs to another run, or one that is not cannot be
                set aside.
        """
        # Once in a process: between the check before anything starts and the loading, nothing is saved.
        newest, refused = (self._newest, []) if self._newest is not None else self._newest_valid()
        if newest is not None:
            check_identity(newest.path, newest.state, identity)
            for entry, reason in refused:
                _set_aside(entry, reason, newest.path)
        self._newest = newest
        return newest

    def _newest_valid(self) -> tuple[Checkpoint | None, list[tuple[names.Entry, str]]]:
        """The newest that is valid, and the newer ones with the reasons why they are not."""
        refused: list[tuple[names.Entry, str]] = []
        for entry in reversed(names.entries(self.folder)):
            try:
                return Checkpoint(entry.path, _verified_state(entry)), refused
            except CheckpointError as error:
                refused.append((entry, str(error)))
        if refused:
            reasons = "; ".join(f"{entry.path.name}: {reason}" for entry, reason in refused)
            raise CheckpointError(
                f"{self.folder} has no checkpoint to go on from ({reasons}): restore one from a copy, or choose a new "
                "run.name"
            )
        return None, []

    def _make_room_for(self, partial: Path) -> None:
        """An empty folder for the next save, after what broken-off ones left is gone."""
        try:
            files.make_folder(self.folder)
            for left_over in names.partials(self.folder):
                files.remove(left_over)
            self._ask_for_room()
            files.make_folder(partial)
        except OSError as error:
            raise files.failure(error.errno, f"{partial} could not be made ({error.strerror})") from None

    def _ask_for_room(self) -> None:
        free = shutil.disk_usage(self.folder).free
        needed = self._expected_bytes * _SPARE
        if free < needed:
            raise DiskFull(
                f"{self.folder} has {free / 1e9:.2f} GB free and the next checkpoint takes {needed / 1e9:.2f} GB: the "
                "ones before it are kept; make room and resume"
            )

    def _write(self, partial: Path, trainer: TrainerState, ranks: Mapping[str, int], began: float) -> Path:
        try:
            receipts: dict[str, FileEntry] = collect_receipts(partial, ranks, lambda: self._until)
            manifest = transaction.commit(partial, trainer, receipts)
        except BaseException as error:
            _abandon(partial)
            if isinstance(error, OSError):
                raise files.failure(error.errno, f"{partial} could not be written ({error.strerror})") from None
            raise
        final = names.complete_path(self.folder, trainer.step)
        self._expected_bytes = manifest.total_bytes
        self.longest_s = max(self.longest_s, time.monotonic() - began)
        self._newest = None
        transaction.rotate(self.folder, trainer.step, self._keep)
        return final


def _abandon(partial: Path) -> None:
    """Remove what a failed save left, as far as it can be: ranks may still be writing there, and the failure counts."""
    try:
        files.remove(partial)
    except OSError as error:
        logger.warning("%s is not gone yet (%s): the next save removes it", partial, error.strerror)


def _set_aside(entry: names.Entry, reason: str, newest: Path) -> None:
    try:
        aside = transaction.set_aside(entry, newest)
    except OSError as error:
        raise CheckpointError(
            f"{entry.path} is not valid ({reason}) and cannot be set aside ({error.strerror}): move it away"
        ) from None
    logger.warning("skipped %s: %s; it is kept as %s", entry.path.name, reason, aside.name)


def _verified_state(entry: names.Entry) -> TrainerState:
    verify(entry.path, entry.step)
    trainer = read_state(entry.path)
    if trainer.step != entry.step:
        raise CheckpointError(f"its state is of step {trainer.step}")
    return trainer
