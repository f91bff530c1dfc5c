"""What a step trains on, in numbers: samples by role, optimizer steps, passes a rank, tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from medical_team.config import Config
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
    """

    samples: int
    by_role: Mapping[Role, float]
    games: float
    optimizer_steps: int
    forward_passes: Mapping[str, int]
    backward_passes: Mapping[str, int]
    tokens: int
    steps: int


def batches_of(config: Config) -> Batches:
    samples, batch = config.samples_per_step, config.train_batch_size
    weights = config.game.mix
    attacked = sum(weight for kind, weight in weights.items() if kind.has_attacker) / sum(weights.values())
    games = samples / (1 + attacked)  # a game is a sample of the assessor, and one of the attacker where there is one
    ranks = {name: group.world_size() for name, group in config.groups.items()}
    return Batches(
        samples=samples,
        by_role={Role.ATTACKER: games * attacked, Role.ASSESSOR: games},
        games=games,
        optimizer_steps=samples // batch * config.train.epochs,
        forward_passes={name: samples // (n * config.rollout.micro_batch_size) for name, n in ranks.items()},
        backward_passes={
            name: batch // (n * config.train.micro_batch_size) for name, n in ranks.items() if name != "reference"
        },
        tokens=samples * config.model.max_length,
        steps=config.train.steps,
    )
