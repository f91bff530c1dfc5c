"""The checkpoints of a run: one folder a step, complete or not there.

Layout: ``checkpoints/step-000012/{actor,critic}/`` by DeepSpeed and ``trainer.json``. A checkpoint is written under
another name and renamed when everything is in it; old ones are removed after that, never before, and never the newest.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from medical_team.errors import CheckpointError

FORMAT = 1


@dataclass(frozen=True, slots=True)
class TrainerState:
    """What the driver must know to go on at the next step.

    Attributes:
        step: Steps done.
        manager: State of the deck and of the quotas (``MedicalGameManager.state``).
        kl_coef: Present value of the KL controller.
        identity: What the run was started with and may not change (data set, seed, mix): key to value.
        judge: State of the watch over the judge (``WatchedJudge.state``).
    """

    step: int
    manager: Mapping[str, Any]
    kl_coef: float
    identity: Mapping[str, Any]
    judge: Mapping[str, Any] = field(default_factory=dict)


class CheckpointStore:
    """Folder of checkpoints of one run."""

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder = folder
        self._keep = keep

    def save(self, state: TrainerState, write_models: Callable[[Path], None]) -> Path:
        """Write one checkpoint; ``write_models`` fills the folder it is given with the groups' parts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        final = self._path(state.step)
        partial = self.folder / f".{final.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        write_models(partial)
        with open(partial / "trainer.json", "w") as file:
            json.dump({"format": FORMAT} | asdict(state), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
        for old in self.steps()[: -self._keep]:
            shutil.rmtree(self._path(old))
        return final

    def steps(self) -> list[int]:
        """Steps with a complete checkpoint, ascending."""
        found = self.folder.glob("step-*/trainer.json")
        return sorted(int(path.parent.name.removeprefix("step-")) for path in found)

    def newest(self) -> Path | None:
        steps = self.steps()
        return self._path(steps[-1]) if steps else None

    def _path(self, step: int) -> Path:
        return self.folder / f"step-{step:06d}"


def read_state(checkpoint: Path, identity: Mapping[str, Any]) -> TrainerState:
    """State of a checkpoint, checked against what this run was started with.

    Raises:
        CheckpointError: It is unreadable, of another format, or of a run over other data, seed or mix (named).
    """
    path = checkpoint / "trainer.json"
    try:
        content = json.loads(path.read_text())
        written = content.pop("format")
        state = TrainerState(**content)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} cannot be read ({type(error).__name__}): remove {checkpoint.name}") from None
    if written != FORMAT:
        raise CheckpointError(f"{path} has format {written}, this version reads {FORMAT}")
    changed = sorted(key for key in {*identity, *state.identity} if identity.get(key) != state.identity.get(key))
    if changed:
        pairs = "; ".join(f"{key} was {state.identity.get(key)!r}, is {identity.get(key)!r}" for key in changed)
        raise CheckpointError(f"{checkpoint} belongs to another run ({pairs}): restore these or choose a new run.name")
    return state
