"""What a step trains on, in numbers: samples by role, optimizer steps, passes a rank, tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from medical_team.config import Config
from medical_team.data.download import PUBLISHED_NOTES
from medical_team.types import Role


@dataclass(frozen=True, slots=True)
class Batches:
    """Attributes:
    samples: A step, exactly.
    by_role: A step on average; the quotas keep to it over steps.
    games: A step on average that are trained on; failed ones are dealt beside them.
    optimizer_steps: A step, of each model that is trained.
    forward_passes: A step, by group: passes of each rank.
    backward_passes: An optimizer step, by group: passes of each rank.
    tokens: A step, at most: every sample as long as ``model.max_length``.
    steps: Of the run.
    deals_a_note: How often each of MEDEC's notes is dealt over the run, on average and without the games that fail;
        ``None`` for synthetic notes, which are new in every round.
    """

    samples: int
    by_role: Mapping[Role, float]
    games: float
    optimizer_steps: int
    forward_passes: Mapping[str, int]
    backward_passes: Mapping[str, int]
    tokens: int
    steps: int
    deals_a_note: float | None


def batches_of(config: Config) -> Batches:
    samples, batch = config.samples_per_step, config.train_batch_size
    games = games_a_step(config)
    ranks = {name: group.world_size() for name, group in config.groups.items()}
    return Batches(
        samples=samples,
        by_role={Role.ATTACKER: samples - games, Role.ASSESSOR: games},
        games=games,
        optimizer_steps=samples // batch * config.train.epochs,
        forward_passes={name: samples // (n * config.rollout.micro_batch_size) for name, n in ranks.items()},
        backward_passes={
            name: batch // (n * config.train.micro_batch_size) for name, n in ranks.items() if name != "reference"
        },
        tokens=samples * config.model.max_length,
        steps=config.train.steps,
        deals_a_note=games * config.train.steps / _medec_notes(config) if config.data.source == "medec" else None,
    )


def games_a_step(config: Config) -> float:
    """Games that a step is trained on, on average: each is a sample of the assessor, and one of an attacker it has."""
    weights = config.game.mix
    attacked = sum(weight for kind, weight in weights.items() if kind.has_attacker) / sum(weights.values())
    return config.samples_per_step / (1 + attacked)


def _medec_notes(config: Config) -> float:
    """Notes to train on, by MEDEC's published sizes."""
    train = (1 - config.data.held_out) * PUBLISHED_NOTES[config.data.medec_split]
    return min(train, config.data.num_samples or train)
