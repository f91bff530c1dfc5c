"""A rank that is killed while the others wait for it: named at once, however long the phase may take."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import ray

from medical_team.errors import WorkerLost
from medical_team.training.state_dump import actor_states
from medical_team.training.waiting import Deadline, still_waiting
from medical_team.training.workers import Workers

pytestmark = pytest.mark.integration

# No test waits that long: who does has not noticed.
PHASE_S = 3600.0


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture
def ranks() -> Iterator[dict[str, Any]]:
    """Two ranks of a group, as DeepSpeed makes them: what one waits for, the others must give.

    They end with the test, as with a run: a wait that nobody ends crashes the process when Ray is left.
    """

    class Rank:  # made here, so that its code travels with it: a worker does not find this file
        def pid(self) -> int:
            return os.getpid()

        def collective(self) -> None:
            threading.Event().wait()

    ranks = {f"actor rank {rank}": ray.remote(Rank).options(num_cpus=0).remote() for rank in range(2)}
    yield ranks
    for rank in ranks.values():
        ray.kill(rank)
    assert still_waiting(within_s=PHASE_S) == []


def kill(rank: Any) -> None:
    os.kill(ray.get(rank.pid.remote(), timeout=PHASE_S), signal.SIGKILL)


def busy(ranks: dict[str, Any]) -> list[Any]:
    return [rank.collective.remote() for rank in ranks.values()]


def kill_once_busy(ranks: dict[str, Any]) -> tuple[list[Any], threading.Timer]:
    """Rank 1 dies a moment after both are in their collective."""
    pid = ray.get(ranks["actor rank 1"].pid.remote(), timeout=PHASE_S)
    ray.get(ranks["actor rank 0"].pid.remote(), timeout=PHASE_S)
    killer = threading.Timer(1.0, os.kill, (pid, signal.SIGKILL))
    killer.start()
    return busy(ranks), killer


def test_a_rank_that_dies_while_results_are_waited_for_is_named(ranks: dict[str, Any]) -> None:
    refs, killer = kill_once_busy(ranks)
    with pytest.raises(WorkerLost, match=r"^actor rank 1 is lost during the update \(ActorDiedError\)"):
        Deadline(PHASE_S, Workers(ranks)).results("the update", refs)
    killer.join()


def test_a_rank_that_dies_while_upstream_waits_for_another_is_named(ranks: dict[str, Any]) -> None:
    (waited_for, _), killer = kill_once_busy(ranks)
    with pytest.raises(WorkerLost, match="actor rank 1 is lost during the forward passes"):
        Deadline(PHASE_S, Workers(ranks)).run("the forward passes", lambda: ray.get(waited_for, timeout=PHASE_S))
    killer.join()


def test_ranks_that_work_are_left_alone_and_listed(ranks: dict[str, Any]) -> None:
    workers = Workers(ranks)
    busy({"actor rank 0": ranks["actor rank 0"]})
    for _ in range(3):
        workers.check("the update")

    assert ray.get(ranks["actor rank 1"].pid.remote(), timeout=PHASE_S) in {
        actor.pid for actor in actor_states() if actor.name.endswith("Rank") and actor.state == "ALIVE"
    }


class Interrupted(Exception):
    """What the handler of a signal raises."""


@pytest.fixture
def interruptible() -> Iterator[None]:
    def handle(*_args: object) -> None:
        raise Interrupted

    previous = signal.signal(signal.SIGUSR1, handle)
    yield
    signal.signal(signal.SIGUSR1, previous)


def test_what_a_signal_raises_comes_out_of_a_wait_as_it_is(ranks: dict[str, Any], interruptible: None) -> None:
    refs = busy(ranks)
    for after_s in (0.5, 1.5):
        threading.Timer(after_s, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        with pytest.raises(Interrupted):
            Deadline(PHASE_S).results("loading", refs)


def test_a_rank_that_is_dead_already_is_named(ranks: dict[str, Any]) -> None:
    kill(ranks["actor rank 0"])
    with pytest.raises(WorkerLost, match="actor rank 0"):
        Deadline(PHASE_S, Workers(ranks)).results("saving", [rank.pid.remote() for rank in ranks.values()])
