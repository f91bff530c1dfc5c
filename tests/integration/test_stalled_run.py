"""A real actor that never answers: the run says so in one sentence and its process exits, stalled thread and all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import sys, time
import ray
from ray.util.placement_group import placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy
from medical_team.entry import run_entry_point
from medical_team.errors import CheckpointError, StallError
from medical_team.training.connection import leave
from medical_team.training.waiting import Deadline

class Actor:
    def sleep(self):
        time.sleep(3600)

    def fail(self):
        raise CheckpointError("step-2 holds no checkpoint")

def main(arguments):
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    places = placement_group([{"CPU": 1}] * 2)
    there = PlacementGroupSchedulingStrategy(placement_group=places)
    sleeper, other = (ray.remote(Actor).options(num_cpus=1, scheduling_strategy=there).remote() for _ in range(2))
    try:
        Deadline(300).results("loading", [other.fail.remote()])
    except CheckpointError as error:
        print(type(error).__name__, error)
    try:
        Deadline(1).results("the first phase", [sleeper.sleep.remote()])
    except StallError as error:
        print(error)
    try:
        Deadline(1).run("the second phase", lambda: ray.get(sleeper.sleep.remote()))
    finally:
        remove_placement_group(places)
        leave()
        time.sleep(3)  # a thread that were still in Ray would crash the process now

run_entry_point(main)
"""


def test_a_run_that_stalls_says_where_and_exits() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )

    assert done.returncode == 75, done.stderr[-3000:]
    assert "CheckpointError step-2 holds no checkpoint" in done.stdout
    assert "the first phase took longer than 1 s" in done.stdout
    assert done.stderr.splitlines()[-1].startswith("StallError: the second phase took longer than 1 s")
