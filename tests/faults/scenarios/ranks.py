"""A rank of a DeepSpeed group dies. Its group cannot be healed in place: the others wait for it in a collective."""

from __future__ import annotations

from signal import SIGKILL

from faults.scenario import Scenario
from faults.strikes import ACTOR, at, send

SCENARIOS = (
    Scenario(
        "actor rank killed",
        "kill -9 of a rank of the policy when an update begins",
        "the run ends and names the rank; the next attempt goes on from the step before",
        lambda run: run.ends(send(ACTOR, SIGKILL, at("update")), 75, r"^WorkerLost: "),
    ),
)
