"""What a fault cost, counted from what a run had written before it and what it had written when it went on.

``count`` is pure. A run deals its games by number, 0, 1, 2 and so on, and records every one with its step; the
checkpoint says how often its weights were updated. Whatever a fault loses or doubles shows in one of these.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from medical_team.metrics import read_metrics
from medical_team.records import read_games
from medical_team.types import Outcome

INFRASTRUCTURE = (Outcome.ENGINE_FAILED, Outcome.JUDGE_FAILED)


@dataclass(frozen=True, slots=True)
class Records:
    """What a run's folder says at one moment.

    Attributes:
        games: Numbers of the recorded games, by step.
        failed: Numbers of those that ended without a result because an engine or the judge failed.
        samples: Samples that were trained on, by finished step.
    """

    games: Mapping[int, tuple[int, ...]]
    failed: frozenset[int] = frozenset()
    samples: Mapping[int, int] | None = None

    @property
    def finished(self) -> int:
        """The last step that was finished; 0 before the first."""
        return max(self.samples or (), default=0)


@dataclass(frozen=True, slots=True)
class Accounts:
    """What a fault cost.

    Attributes:
        lost: Games that were dealt, and that no step which is still in the weights was trained on or counted.
        twice: Games that more than one step which is in the weights has.
        repeated: Finished steps that were done again.
        wrong: Sentences about anything else that should not be.
    """

    lost: int
    twice: int
    repeated: int
    wrong: tuple[str, ...] = ()

    @property
    def in_order(self) -> bool:
        return self.lost == self.twice == 0 and not self.wrong


def count(
    before: Records, after: Records, went_on_after: int, samples_a_step: int, updates: Mapping[int, int]
) -> Accounts:
    """The accounts of a fault.

    Args:
        before: Taken when the fault had done its work.
        after: Taken when the run had finished further steps.
        went_on_after: The step whose state the run went on from: that of the checkpoint it loaded, or, where it did
            not stop, the last one it had finished.
        samples_a_step: What every step is to be trained on.
        updates: Optimizer steps that the weights of checkpoints of ``after`` have had, by step; one a step is right.
    """
    every = Counter(number for games in after.games.values() for number in games)
    missing = set(range(max(every, default=-1) + 1)) - set(every)
    return Accounts(
        lost=len(missing | after.failed),
        twice=sum(1 for times in every.values() if times > 1),
        repeated=max(0, before.finished - went_on_after),
        wrong=tuple(_wrong(before, after, went_on_after, samples_a_step, updates)),
    )


def _wrong(
    before: Records, after: Records, went_on_after: int, samples_a_step: int, updates: Mapping[int, int]
) -> Iterator[str]:
    if after.finished <= before.finished and after.finished <= went_on_after:
        yield f"no step was finished after step {went_on_after}"
    for step in range(1, went_on_after + 1):
        if before.games.get(step) != after.games.get(step):
            yield f"the games of step {step}, which was kept, are not the ones that it was trained on"
    samples = after.samples or {}
    for step in range(1, after.finished + 1):
        if samples.get(step) != samples_a_step:
            yield f"step {step} was trained on {samples.get(step, 0)} samples and not on {samples_a_step}"
    for step, times in updates.items():
        if times != step:
            yield f"the weights after step {step} have had {times} updates"


def read_records(run: Path) -> Records:
    """What the folder of a run says now; a run that is still going may write on."""
    table = read_games(run / "games") if (run / "games").is_dir() else None
    games: dict[int, list[int]] = {}
    failed = set()
    if table is not None:
        for row in table.select(["step", "game_id", "outcome"]).to_pylist():
            games.setdefault(row["step"], []).append(row["game_id"])
            if row["outcome"] in INFRASTRUCTURE:
                failed.add(row["game_id"])
    lines = read_metrics(run / "metrics.jsonl")
    return Records(
        games={step: tuple(numbers) for step, numbers in games.items()},
        failed=frozenset(failed),
        samples={line["step"]: round(_samples(line)) for line in lines},
    )


def _samples(line: Mapping[str, float]) -> float:
    return sum(value for name, value in line.items() if name.startswith("samples/"))


def read_updates(checkpoints: Path) -> dict[int, int]:
    """Optimizer steps that the actor's weights in each checkpoint have had, as DeepSpeed counted them."""
    import torch

    updates = {}
    for state in checkpoints.glob("step-*/trainer.json"):
        (written,) = state.parent.glob("actor/**/mp_rank_00_model_states.pt")
        step = int(json.loads(state.read_text())["step"])
        # Written by a run of this harness a moment ago, in a folder of its own.
        updates[step] = torch.load(written, map_location="cpu", weights_only=False)["global_steps"]
    return updates
