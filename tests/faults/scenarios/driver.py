"""The driver is killed where it hurts. Nobody is left to notice: what the next attempt finds must be enough."""

from __future__ import annotations

import time
from signal import SIGKILL, SIGSTOP

from faults.attempt import Attempt
from faults.running import STEP_WITHIN_S, Measured, Run
from faults.scenario import Scenario
from faults.strikes import CRITIC, held_at, in_a_turn, to_driver


def between_the_groups(run: Run) -> Measured:
    """The critic's process stands still from before the save on, so that only the actor's part is written."""
    written = run.checkpoints / f".step-{run.going_step():06d}.partial" / "actor" / "receipt-0.json"

    def strike(attempt: Attempt) -> float:
        held_at("save")(attempt)
        for process in attempt.workers(CRITIC):
            process.send(SIGSTOP)
        attempt.release("save")
        attempt.wait_until(written.exists, STEP_WITHIN_S, "the actor's part was written")
        struck = time.monotonic()
        attempt.process.kill()
        return struck

    return run.ends(strike, -SIGKILL)


def after_the_rename(run: Run) -> Measured:
    """Also sees that the kill came before the rotation: there is a checkpoint more than are kept."""
    kept = int(str(run.keys["checkpoint__keep"]))

    def strike(attempt: Attempt) -> float:
        held_at("renamed")(attempt)
        there = len(list(run.checkpoints.glob("step-*")))
        assert there == kept + 1, f"{there} checkpoints before the rotation, where {kept} are kept"
        return to_driver(SIGKILL, lambda _: None)(attempt)

    return run.ends(strike, -SIGKILL)


AGAIN = "the next attempt goes on from the newest whole checkpoint"

SCENARIOS = (
    Scenario(
        "driver killed in a rollout",
        "kill -9 while games are played",
        "the next attempt plays the step on: turns that were answered are taken from the journal",
        lambda run: run.ends(to_driver(SIGKILL, in_a_turn), -SIGKILL),
    ),
    Scenario(
        "driver killed during a save",
        "kill -9 when all parts are written and the manifest is not",
        f"{AGAIN}; the unfinished one is removed",
        lambda run: run.ends(to_driver(SIGKILL, held_at("written")), -SIGKILL),
    ),
    Scenario(
        "driver killed between actor and critic",
        "kill -9 when the actor's part of a checkpoint is written and the critic's is not",
        f"{AGAIN}; the unfinished one is removed",
        between_the_groups,
    ),
    Scenario(
        "driver killed before the rotation",
        "kill -9 when a checkpoint has its name and old ones are still there",
        f"{AGAIN}; old ones are removed by the next save",
        after_the_rename,
    ),
)
