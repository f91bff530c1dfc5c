"""A run that was killed and resumed has the weights and the games of one that was not, bit for bit.

Engines are stand-ins, whose answers depend on weights, prompt and seed alone; Ray, DeepSpeed and the update are real.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tiny import tiny_overrides, write_tiny_model

from medical_team.backends import prepare
from medical_team.checkpoints.manifest import read_manifest
from medical_team.metrics import read_metrics
from medical_team.records import read_games

pytestmark = pytest.mark.integration

PROGRAM = Path(__file__).parents[1] / "killed_run.py"
STEPS, FINISHED, PATIENCE_S = 3, 3, 240


@dataclass(frozen=True)
class Attempts:
    """Several starts of one run: its folder, and what the engines were asked in each."""

    run: Path
    requests: list[list[str]]


def attempts(folder: Path, overrides: list[str], *kills: list[str]) -> Attempts:
    """Start the run once for each of ``kills`` and once more without."""
    requests = []
    for number, kill in enumerate((*kills, [])):
        file = folder / f"requests-{number}"
        file.touch()
        command = [sys.executable, str(PROGRAM), *kill, "--requests", str(file), *overrides]
        environment = os.environ | {"PYTHONPATH": str(PROGRAM.parents[1])}
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, env=environment)
        assert done.returncode == (-signal.SIGKILL if kill else 0), done.stderr[-3000:]
        requests.append(file.read_text().splitlines())
    return Attempts(folder / "tiny", requests)


@pytest.fixture(scope="module")
def whole_and_killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Attempts, Attempts]:
    model = write_tiny_model(tmp_path_factory.mktemp("model"))

    def overrides(folder: Path) -> list[str]:
        return tiny_overrides(
            model,
            folder,
            model__dtype="float32",
            train__steps=STEPS,
            run__resume="auto",
            evaluation__notes=0,
            train__kl_coef=0,
        )

    whole, killed = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("killed")
    return attempts(whole, overrides(whole)), attempts(
        killed, overrides(killed), ["--kill-in-save", "2"], ["--kill-in-turn", f"{STEPS}:{FINISHED}"]
    )


def test_the_weights_are_the_same_bit_for_bit(whole_and_killed: tuple[Attempts, Attempts]) -> None:
    whole, killed = (attempts.run for attempts in whole_and_killed)

    assert (whole / "model/model.safetensors").read_bytes() == (killed / "model/model.safetensors").read_bytes()


def test_optimizers_schedules_and_random_states_are_the_same(whole_and_killed: tuple[Attempts, Attempts]) -> None:
    """Everything in every file of the last checkpoint that a rank wrote."""
    prepare()
    from medical_team.training.state_files import BackgroundFiles

    whole, killed = (attempts.run / f"checkpoints/step-{STEPS:06d}" for attempts in whole_and_killed)
    files = sorted(name for name in read_manifest(whole).files if name.endswith(".pt"))
    assert [name.split("/")[0] for name in files] == ["actor", "actor", "critic", "critic"]
    for name in files:
        one, other = (BackgroundFiles().load(str(checkpoint / name)) for checkpoint in (whole, killed))
        differing = list(differences(one, other))
        assert not differing, name


def differences(one: Any, other: Any, place: str = "") -> Iterator[str]:
    """Places in nested states that are not the same bit for bit."""
    import torch

    if type(one) is not type(other):
        yield place
    elif isinstance(one, torch.Tensor):
        if one.dtype != other.dtype or not torch.equal(one, other):
            yield place
    elif isinstance(one, dict):
        for key in {*one, *other}:
            yield from differences(one.get(key), other.get(key), f"{place}/{key}")
    elif isinstance(one, list | tuple):
        if len(one) != len(other):
            yield place
        for index, pair in enumerate(zip(one, other, strict=False)):
            yield from differences(*pair, f"{place}/{index}")
    elif hasattr(one, "__dict__"):
        yield from differences(vars(one), vars(other), place)
    elif one != other:
        yield place


def test_the_games_are_the_same(whole_and_killed: tuple[Attempts, Attempts]) -> None:
    def games(attempts: Attempts) -> list[dict[str, object]]:
        rows = read_games(attempts.run / "games").to_pylist()
        return [{key: value for key, value in row.items() if not key.endswith("seconds")} for row in rows]

    whole, killed = map(games, whole_and_killed)
    assert killed == whole
    assert [game["game_id"] for game in whole] == list(range(len(whole)))
    assert len({game["assessor_raw"] for game in whole}) > 3, "games differ from each other"


def test_no_step_is_reported_twice(whole_and_killed: tuple[Attempts, Attempts]) -> None:
    for attempts in whole_and_killed:
        assert [line["step"] for line in read_metrics(attempts.run / "metrics.jsonl")] == [1, 2, 3]


def test_no_finished_turn_is_sampled_twice(whole_and_killed: tuple[Attempts, Attempts]) -> None:
    """The step that was killed in a turn goes on with the turns it had."""
    whole, killed = whole_and_killed
    weights_of_the_last_step = json.loads(whole.requests[0][-1])[0]
    last_step = [line for line in whole.requests[0] if json.loads(line)[0] == weights_of_the_last_step]
    after_the_kill = killed.requests[-1]

    assert set().union(*killed.requests) == set(whole.requests[0])
    assert set(after_the_kill) <= set(last_step)
    assert len(after_the_kill) == len(last_step) - FINISHED


def test_nothing_unfinished_is_left(whole_and_killed: tuple[Attempts, Attempts]) -> None:
    for attempts in whole_and_killed:
        folder = attempts.run / "checkpoints"
        assert sorted(path.name for path in folder.iterdir()) == ["latest", "step-000002", "step-000003"]
        assert (folder / "latest").read_text() == "step-000003\n"
        assert not list((attempts.run / "journal").iterdir())
        assert json.loads((folder / "step-000003/trainer.json").read_text())["step"] == 3
