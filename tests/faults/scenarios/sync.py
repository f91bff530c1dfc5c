"""A weight sync that never ends."""

from __future__ import annotations

from signal import SIGSTOP

from faults.attempt import Attempt
from faults.running import Measured, Run
from faults.scenario import Scenario
from faults.strikes import ENGINE_CORE, held_at, send


def play(run: Run) -> Measured:
    def strike(attempt: Attempt) -> float:
        struck = send(ENGINE_CORE, SIGSTOP, held_at("sync"))(attempt)
        attempt.release("sync")
        return struck

    return run.ends(strike, 75, r"^StallError: the weight sync took longer than")


SCENARIOS = (
    Scenario(
        "weight sync hanging",
        "SIGSTOP of vLLM's core when the weights are broadcast; cluster.sync_timeout_s is 20 here",
        "the run ends and names the phase; the next attempt goes on from the step before",
        play,
    ),
)
