"""No fault: what the accounts say when nothing happens, and what a step takes."""

from __future__ import annotations

import time

from faults.running import Measured, Run
from faults.scenario import Scenario


def play(run: Run) -> Measured:
    run.going()
    before = run.records()
    began = time.monotonic()
    run.step()
    return Measured(None, time.monotonic() - began, run.accounts(before, before.finished), None)


SCENARIOS = (Scenario("none", "a step, undisturbed", "-", play),)
