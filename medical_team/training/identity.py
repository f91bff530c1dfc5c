"""What makes a run this run, and what it goes on from: a checkpoint of another run is refused key by key."""

from __future__ import annotations

from typing import Any

from medical_team.config import Config
from medical_team.data.dataset import NoteSplits
from medical_team.training.checkpoint import CheckpointStore, TrainerState, read_state
from medical_team.training.model_folder import weights_fingerprint


def newest_state(config: Config, notes: NoteSplits) -> TrainerState | None:
    """What a resumed run goes on from; ``None`` where it starts.

    Raises:
        CheckpointError: The newest checkpoint belongs to another run.
    """
    store = CheckpointStore(config.run_dir / "checkpoints", config.checkpoint.keep)
    newest = store.newest() if config.run.resume == "auto" else None
    return read_state(newest, identity(config, notes)) if newest is not None else None


def identity(config: Config, notes: NoteSplits) -> dict[str, Any]:
    """What makes a run this run; a resume with anything else would deal other games."""
    return {
        "run.seed": config.run.seed,
        "data.source": config.data.source,
        "train notes": len(notes.train),
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
