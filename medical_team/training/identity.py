"""What makes a run this run, and what it goes on from: a checkpoint of another run is refused key by key."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from medical_team.checkpoints import Checkpoint, CheckpointStore
from medical_team.checkpoints.names import FOLDER
from medical_team.checkpoints.state import changed_settings, flatten
from medical_team.config import Config
from medical_team.data.dataset import NoteSplits
from medical_team.data.fresh import FreshNotes
from medical_team.training.model_folder import weights_fingerprint
from medical_team.training.preflight import checkpoint_bytes
from medical_team.types import Note

logger = logging.getLogger(__name__)

# Sections and keys that decide what is dealt or what a reward is worth: a run in which they changed is two runs.
_FIXED_SETTINGS = (
    "game.gates",
    "judge.explanations",
    "rewards",
    "rollout.deals_ahead",
    "rollout.max_deals_factor",
)


def checkpoint_store(config: Config) -> CheckpointStore:
    """The checkpoints of the run's folder."""
    return CheckpointStore(
        config.run_dir / FOLDER,
        config.checkpoint.keep,
        config.cluster.phase_timeout_s,
        checkpoint_bytes(config),
    )


def newest_checkpoint(config: Config, store: CheckpointStore, notes: NoteSplits) -> Checkpoint | None:
    """What a resumed run goes on from, verified; ``None`` where it starts. Says what is configured otherwise.

    Raises:
        CheckpointError: No checkpoint is valid, or the newest valid one belongs to another run.
    """
    newest = store.newest(identity(config, notes)) if config.run.resume == "auto" else None
    if newest is not None:
        for change in changed_settings(newest.state, settings(config)):
            logger.info("%s goes on with another setting: %s", newest.path.name, change)
    return newest


def identity(config: Config, notes: NoteSplits) -> dict[str, Any]:
    """What makes a run this run; a resume with anything else would deal other games or learn something else."""
    all_settings = settings(config)
    fixed = {key: value for key, value in all_settings.items() if _is_fixed(key)}
    return fixed | {
        "run.seed": config.run.seed,
        "data.source": config.data.source,
        "train notes": f"{len(notes.train)} with digest {notes_digest(notes.train)}",
        "game.mix": {str(kind): weight for kind, weight in config.game.mix.items()},
        "samples a step": config.samples_per_step,
        "train.estimator": config.train.estimator,
        "train.zero_stage": config.train.zero_stage,
        "train.kl_coef": config.train.kl_coef,
        "weights of model.path": weights_fingerprint(config.model.path),
        "model.critic_layers": config.model.critic_layers,
        "actor ranks": config.cluster.actor.world_size(),
        "critic ranks": config.cluster.critic.world_size() if config.uses_critic else 0,
    }


def start_position(of_run: Mapping[str, Any]) -> str:
    """Name of the point before the first step: the same in every attempt at a run, another in another run."""
    return hashlib.sha256(json.dumps(of_run, sort_keys=True).encode()).hexdigest()[:32]


def settings(config: Config) -> dict[str, Any]:
    """The whole configuration by dotted key, JSON-able."""
    return json.loads(json.dumps(flatten(config.model_dump(mode="json"))))


def notes_digest(notes: Iterable[Note]) -> str:
    """Of everything in the notes, in their order, and of what later rounds are made from: 64 bits, which tell data
    sets apart and nothing about a note."""
    made_from = notes.made_from if isinstance(notes, FreshNotes) else ""
    content = json.dumps([made_from, *(asdict(note) for note in notes)], sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()[:16]


def _is_fixed(key: str) -> bool:
    return any(key == fixed or key.startswith(f"{fixed}.") for fixed in _FIXED_SETTINGS)
