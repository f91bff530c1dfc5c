"""Engines that are killed or hang in the middle of a turn: the step's games are the ones they would have been."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from tiny import tiny_overrides, write_tiny_model

from medical_team.config import load_config
from medical_team.metrics import read_metrics
from medical_team.records import read_games
from medical_team.training.run import TrainingRun

pytestmark = pytest.mark.integration

DEADLINE_S = 120


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model"))


def play(model: Path, runs: Path, *faults: tuple[str, signal.Signals]) -> tuple[list[Any], list[dict[str, Any]]]:
    """Games and metrics of a run of one engine, with a fault in each of its first steps."""
    overrides = tiny_overrides(
        model,
        runs,
        model__dtype="float32",
        evaluation__notes=0,
        rollout__silence_s=25,
        train__estimator="reinforce",
        train__steps=max(1, len(faults)),
    )
    config = load_config(None, overrides)
    with TrainingRun(config) as run:
        play_step = run.trainer.play
        left = iter(faults)

        def play_with_fault(step: int) -> Any:
            with in_a_turn(run, *next(left)):
                return play_step(step)

        if faults:
            run.trainer.play = play_with_fault  # type: ignore[method-assign]
            run.trainer.weights.broadcast = dying_once(run.trainer.weights.broadcast)
        run.train()
        assert run.trainer.vllm_engines is run.trainer.cluster.engines
    return read_games(config.run_dir / "games").to_pylist(), read_metrics(config.run_dir / "metrics.jsonl")


def dying_once(broadcast: Callable[[], object]) -> Callable[[], None]:
    """The weight sync, at whose first call the engine dies."""
    left = [signal.SIGKILL]

    def over_a_dead_engine() -> None:
        if left:
            os.kill(pid_of("ray::EngineActor"), left.pop())
        broadcast()

    return over_a_dead_engine


@contextmanager
def in_a_turn(run: TrainingRun, process: str, fault: signal.Signals) -> Iterator[None]:
    """Send the signal to the engine's process as soon as the engine owes an answer; it is gone after the step."""
    struck: list[int] = []

    def strike() -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not any(place.in_flight for place in run.trainer.engines.places) and time.monotonic() < deadline:
            time.sleep(0.01)
        struck.append(pid_of(process))
        os.kill(struck[-1], fault)

    striking = threading.Thread(target=strike)
    striking.start()
    try:
        yield
    finally:
        striking.join()
    assert not any(psutil.pid_exists(pid) for pid in struck)


def pid_of(title: str) -> int:
    (process,) = [found for found in psutil.Process().children(recursive=True) if title in " ".join(cmdline(found))]
    return process.pid


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # it ended meanwhile
        return []


def test_an_engine_that_dies_or_hangs_costs_no_game(model: Path, tmp_path: Path) -> None:
    undisturbed, _ = play(model, tmp_path / "undisturbed")
    faults = (
        ("ray::EngineActor", signal.SIGKILL),
        ("VLLM::EngineCore", signal.SIGKILL),
        ("VLLM::EngineCore", signal.SIGSTOP),
    )
    games, metrics = play(model, tmp_path / "disturbed", *faults)

    asked = ("game_id", "seed", "attacker_raw", "assessor_raw", "outcome")
    first = [game for game in games if game["step"] == 1]
    assert [[game[key] for key in asked] for game in first] == [[game[key] for key in asked] for game in undisturbed]
    assert [line["faults/engine_restarts"] for line in metrics] == [2, 3, 4]  # one of them at a sync
    assert all(line["faults/turns_replayed"] for line in metrics)
    ids = [game["game_id"] for game in games]
    assert len(ids) == len(set(ids))
    assert {game["outcome"] for game in games}.isdisjoint({"engine_failed", "judge_failed"})
