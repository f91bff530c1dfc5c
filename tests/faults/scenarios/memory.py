"""The host runs out of memory."""

from __future__ import annotations

import time

from faults.attempt import Attempt
from faults.running import Measured, Run
from faults.scenario import Scenario


def play(run: Run) -> Measured:
    def strike(attempt: Attempt) -> float:
        struck = time.monotonic()
        attempt.let_pass("step")
        return struck

    run.going()
    return run.ends(strike, 75, r"^HostLimit: .* of the host's memory", cluster__max_memory_share=0.01)


SCENARIOS = (
    Scenario(
        "memory short",
        "an attempt with cluster.max_memory_share = 0.01, which every host is above",
        "the run ends before the step, saved; the next attempt, with memory, goes on from it",
        play,
    ),
)
