"""How an actor's states get to the disk and back: DeepSpeed's checkpoint engine, of which training waits for a copy.

DeepSpeed hands each file of a checkpoint to its engine. This one copies what is in it to host memory and returns; a
thread writes, sums and syncs the files beside the next step and leaves a receipt. Reading allows tensors and plain
types and the few classes that DeepSpeed puts beside them: nothing in a file is called.
"""

from __future__ import annotations

import copy
import os
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from deepspeed.runtime.checkpoint_engine.checkpoint_engine import CheckpointCommitInfo, CheckpointEngine
from deepspeed.runtime.fp16.loss_scaler import DynamicLossScaler, LossScaler, LossScalerBase
from deepspeed.runtime.zero.config import ZeroStageEnum
from deepspeed.utils.tensor_fragment import fragment_address

from medical_team.checkpoints import files
from medical_team.checkpoints.manifest import FileEntry, entry_of
from medical_team.checkpoints.receipt import leave_failure, leave_receipt

# What DeepSpeed puts into its files beside tensors and plain types.
ALLOWED = (DynamicLossScaler, LossScaler, LossScalerBase, ZeroStageEnum, fragment_address)


class BackgroundFiles(CheckpointEngine):
    """The files of one rank: copied when DeepSpeed saves them, written when ``write`` says that they are all there."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "BackgroundFiles"
        self._copied: list[tuple[Path, Any]] = []
        self._writing: threading.Thread | None = None

    def create(self, info: CheckpointCommitInfo) -> None:
        """Files of an older save that are not written yet are written first: a checkpoint is held in memory once."""
        if self._writing is not None:
            self._writing.join()

    def save(self, state_dict: Any, path: str) -> None:
        self._copied.append((Path(path), copied(state_dict)))

    def load(self, path: str, map_location: Any = None) -> Any:
        with torch.serialization.safe_globals(list(ALLOWED)):
            return torch.load(path, map_location=map_location, weights_only=True)

    def commit(self, info: CheckpointCommitInfo) -> bool:
        return True

    def preserves_storage_sharing(self) -> bool:
        return False

    def write(self, folder: Path, rank: int) -> None:
        """Start writing what was copied; ``folder`` gets the receipt."""
        copies, self._copied = self._copied, []
        self._writing = threading.Thread(target=_write_all, args=(copies, folder, rank), daemon=True)
        self._writing.start()


def copied(value: Any, known: dict[Any, torch.Tensor] | None = None) -> Any:
    """A copy in host memory that training does not change; a tensor that is there twice (tied weights) is copied once.

    Tensors are copied as far as they are seen: a small part of a large buffer does not bring the buffer along.
    """
    known = {} if known is None else known
    if isinstance(value, torch.Tensor):
        return _copied_tensor(value, known)
    if type(value) in (dict, OrderedDict):
        return type(value)((key, copied(item, known)) for key, item in value.items())
    if type(value) in (list, tuple):
        return type(value)(copied(item, known) for item in value)
    return copy.deepcopy(value)


def _copied_tensor(tensor: torch.Tensor, known: dict[Any, torch.Tensor]) -> torch.Tensor:
    place = (tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride(), str(tensor.device))
    if tensor.numel() == 0 or place not in known:
        # Not clone(): that keeps an expanded tensor's strides and a parameter's class.
        known[place] = torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu").copy_(tensor.detach())
    return known[place]


def _write_all(copies: list[tuple[Path, Any]], folder: Path, rank: int) -> None:
    try:
        written = {}
        for path, state in copies:
            written[path] = write_state(state, path)
        leave_receipt(folder, rank, written)
    except Exception as error:  # whatever it is, the driver decides
        _say_that_it_failed(folder, rank, error)


def _say_that_it_failed(folder: Path, rank: int, error: Exception) -> None:
    try:
        leave_failure(folder, rank, error)
    except OSError:
        return  # the folder is gone, which is how the driver abandons a save; or the driver's deadline ends it


def write_state(state: Any, path: Path) -> FileEntry:
    """Write a file as ``torch.save`` does, for its owner alone, and sync it; it is summed while the disk writes."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, files.PRIVATE_FILE)
    try:
        os.fchmod(descriptor, files.PRIVATE_FILE)
        torch.save(state, path)
        with ThreadPoolExecutor(1) as beside:
            synced = beside.submit(os.fsync, descriptor)
            entry = entry_of(path)
        synced.result()
    finally:
        os.close(descriptor)
    return entry
