"""An engine that dies or hangs while it owes answers."""

from __future__ import annotations

from signal import SIGKILL, SIGSTOP

from faults.scenario import Scenario
from faults.strikes import ENGINE, ENGINE_CORE, in_a_turn, send

STARTED_ANEW = (
    "the engine is started anew in its place, given the current weights and verified; its turns are asked again with "
    "the same seeds"
)
LOST = r"engine 0 is lost"

SCENARIOS = (
    Scenario(
        "engine killed",
        "kill -9 of the only engine's actor in a turn",
        STARTED_ANEW,
        lambda run: run.goes_on(send(ENGINE, SIGKILL, in_a_turn), LOST),
    ),
    Scenario(
        "engine core killed",
        "kill -9 of vLLM's core below a living actor, in a turn",
        STARTED_ANEW,
        lambda run: run.goes_on(send(ENGINE_CORE, SIGKILL, in_a_turn), LOST),
    ),
    Scenario(
        "engine hanging",
        "SIGSTOP of vLLM's core in a turn; rollout.silence_s is 10 here",
        STARTED_ANEW,
        lambda run: run.goes_on(send(ENGINE_CORE, SIGSTOP, in_a_turn), LOST),
    ),
)
