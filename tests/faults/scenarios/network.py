"""A host is cut off from the others in the middle of a step. Only Ray's heartbeats tell: no connection is refused."""

from __future__ import annotations

import time
from collections.abc import Callable

from faults.attempt import Attempt
from faults.clustered import ClusteredRun
from faults.running import Measured, Run, Strike
from faults.scenario import Ground, Scenario
from faults.strikes import ACTOR, ENGINE, at, in_a_turn
from namespaces import obstacle


def cut_off(run: ClusteredRun, title: str, moment: Callable[[Attempt], None]) -> Strike:
    """The host that has the process of a title, at a moment."""

    def strike(attempt: Attempt) -> float:
        moment(attempt)
        struck = time.monotonic()
        run.hosts.cut_off(run.hosts.with_process(title))
        return struck

    return strike


def engines_host(run: Run) -> Measured:
    assert isinstance(run, ClusteredRun)
    run.going()
    lost = run.hosts.with_process(ENGINE)
    measured = run.goes_on(cut_off(run, ENGINE, in_a_turn), r"engine 0 is lost")
    run.hosts.bring_back(lost)
    return measured


def policys_host(run: Run) -> Measured:
    assert isinstance(run, ClusteredRun)
    return run.ends(cut_off(run, ACTOR, at("update")), 75, r"^WorkerLost: ")


SCENARIOS = (
    Scenario(
        "engine's host cut off",
        "three hosts (network namespaces); the link of the engine's goes down in a turn",
        "the engine is started anew on another host; its turns are asked again with the same seeds",
        engines_host,
        obstacle,
        Ground.HOSTS,
    ),
    Scenario(
        "policy's host cut off",
        "three hosts; the link of the policy's goes down when an update begins",
        "the run ends and names the rank; the next attempt goes on, on the hosts that are left",
        policys_host,
        obstacle,
        Ground.HOSTS,
    ),
)
