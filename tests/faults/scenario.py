"""What a scenario is: a fault, how a run is to get over it, and the play that does the one and sees the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from faults.running import Measured, Run


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table.

    Attributes:
        name: The fault, in a few words; unique.
        done: What is done to the run, and when.
        recovers: How the run gets over it. ``play`` raises ``NotCovered`` where it does not.
        play: Does it to a run and sees what becomes of it.
        obstacle: Why it cannot be played on this machine, or "".
    """

    name: str
    done: str
    recovers: str
    play: Callable[[Run], Measured]
    obstacle: Callable[[], str] = lambda: ""
