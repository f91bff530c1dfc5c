"""What the driver puts into a checkpoint beside the models: ``trainer.json``, plain JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from medical_team.errors import CheckpointError

NAME = "trainer.json"

# Keys that a resume changes by being one.
_CHANGES_ANYWAY = frozenset({"run.resume", "train.steps"})

# What cannot change although a user may have to: why, and the way round.
_REMEDIES = {
    "ranks": "DeepSpeed splits the optimizer's states by rank: go on with as many ranks, or put the weights together "
    "with the checkpoint's zero_to_fp32.py and start a new run from them",
}


@dataclass(frozen=True, slots=True)
class TrainerState:
    """What the driver must know to go on at the next step.

    Attributes:
        step: Steps done.
        manager: State of the deck, the quotas, the watch over quarantine and the sentinels.
        kl_coef: Present value of the KL controller.
        identity: What the run was started with and may not change (data set, seed, mix): key to value.
        judge: State of the watch over the judge.
        position: Name of this point of the run; a journal of the step after it bears the same.
        random: The driver's random states.
        config: The whole configuration, by dotted key; it may change, and what did is said.
    """

    step: int
    manager: Mapping[str, Any]
    kl_coef: float
    identity: Mapping[str, Any]
    judge: Mapping[str, Any] = field(default_factory=dict)
    position: str = ""
    random: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)

    def encode(self) -> bytes:
        return (json.dumps(asdict(self), indent=1) + "\n").encode()


def read_state(checkpoint: Path) -> TrainerState:
    """State of a checkpoint.

    Raises:
        CheckpointError: It is not what this version writes; the message is the reason alone.
    """
    try:
        return TrainerState(**json.loads((checkpoint / NAME).read_bytes()))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise CheckpointError(f"its {NAME} cannot be read ({type(error).__name__})") from None


def check_identity(checkpoint: Path, state: TrainerState, identity: Mapping[str, Any]) -> None:
    """Refuse a checkpoint of a run over other data, seed, mix, rewards or ranks.

    Raises:
        CheckpointError: With each key, its old and its new value.
    """
    changed = differences(state.identity, identity)
    if not changed:
        return
    remedies = "; ".join(why for word, why in _REMEDIES.items() if any(word in pair.split() for pair in changed))
    raise CheckpointError(
        f"{checkpoint} belongs to another run ({'; '.join(changed)}): restore these or choose a new run.name"
        + (f". {remedies}" if remedies else "")
    )


def changed_settings(state: TrainerState, config: Mapping[str, Any]) -> list[str]:
    """What else is configured otherwise than when the checkpoint was written, key by key; it is allowed."""
    return differences(_settings(state.config), _settings(config)) if state.config else []


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """``key was x, is y`` for every key that differs."""
    keys = sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
    return [f"{key} was {before.get(key)!r}, is {now.get(key)!r}" for key in keys]


def flatten(section: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested sections by dotted key."""
    flat: dict[str, Any] = {}
    for name, value in section.items():
        key = f"{prefix}{name}"
        flat |= flatten(value, f"{key}.") if isinstance(value, Mapping) else {key: value}
    return flat


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in _CHANGES_ANYWAY}
