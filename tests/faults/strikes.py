"""How a run is hit: each waits for the moment, does the harm and says when it did. For ``Run.goes_on`` and ``ends``."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from faults.attempt import Attempt
from faults.running import STEP_WITHIN_S, Strike

ACTOR, CRITIC = "ray::PolicyActor", "ray::CriticActor"
ENGINE, ENGINE_CORE = "ray::EngineActor", "VLLM::EngineCore"
JUDGE = "ray::JudgeActor"


def send(name: str, number: signal.Signals, moment: Callable[[Attempt], None]) -> Strike:
    """The signal to every process of a name below the driver."""

    def strike(attempt: Attempt) -> float:
        moment(attempt)
        struck = time.monotonic()
        for process in attempt.workers(name):
            process.send(number)
        return struck

    return strike


def to_driver(number: signal.Signals, moment: Callable[[Attempt], None]) -> Strike:
    """The signal to the driver alone."""

    def strike(attempt: Attempt) -> float:
        moment(attempt)
        struck = time.monotonic()
        attempt.process.send_signal(number)
        return struck

    return strike


def at(point: str) -> Callable[[Attempt], None]:
    """The run has just come to a point and goes on."""

    def moment(attempt: Attempt) -> None:
        times = attempt.times_at(point)
        attempt.let_pass("step")
        attempt.wait_for_point(point, times + 1, STEP_WITHIN_S)

    return moment


def held_at(point: str) -> Callable[[Attempt], None]:
    """The run has come to a point and stays there."""

    def moment(attempt: Attempt) -> None:
        times = attempt.times_at(point)
        attempt.hold(point)
        attempt.let_pass("step")
        attempt.wait_for_point(point, times + 1, STEP_WITHIN_S)

    return moment


in_a_turn = at("turn")
"""The engines have been asked, and have not answered."""
