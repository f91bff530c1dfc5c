"""Signals that ask a run to stop: it saves and says that resuming goes on."""

from __future__ import annotations

import signal

from faults.attempt import Attempt
from faults.running import Measured, Run
from faults.scenario import Scenario
from faults.strikes import held_at, in_a_turn, to_driver

SAVED = 75


def in_a_save(run: Run) -> Measured:
    def strike(attempt: Attempt) -> float:
        struck = to_driver(signal.SIGUSR1, held_at("written"))(attempt)
        attempt.release("written")
        attempt.let_pass("step")
        return struck

    return run.ends(strike, SAVED, r"^RunStopped: stopped by SIGUSR1")


STOPS = "the games are broken off and the run ends, saved; the next attempt plays the step on from the journal"

SCENARIOS = (
    Scenario(
        "SIGTERM",
        "SIGTERM to the driver while games are played",
        STOPS,
        lambda run: run.ends(to_driver(signal.SIGTERM, in_a_turn), SAVED, r"^RunStopped: stopped by SIGTERM"),
    ),
    Scenario(
        "SIGUSR1 in a rollout",
        "SIGUSR1 to the driver while games are played",
        STOPS,
        lambda run: run.ends(to_driver(signal.SIGUSR1, in_a_turn), SAVED, r"^RunStopped: stopped by SIGUSR1"),
    ),
    Scenario(
        "SIGUSR1 in a save",
        "SIGUSR1 to the driver while a checkpoint is written",
        "the save is finished, then the run ends; the next attempt goes on from it",
        in_a_save,
    ),
)
