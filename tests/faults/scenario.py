"""What a scenario is: a fault, how a run is to get over it, and the play that does the one and sees the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from faults.running import Measured, Run


class Ground(StrEnum):
    """What a scenario's run stands on."""

    ONE_HOST = "one host"
    """A Ray cluster that the run starts itself."""
    HOSTS = "hosts"
    """A cluster of several hosts (``clustered``)."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table.

    Attributes:
        name: The fault, in a few words; unique.
        done: What is done to the run, and when.
        recovers: How the run gets over it. ``play`` raises ``NotCovered`` where it does not.
        play: Does it to a run and sees what becomes of it.
        obstacle: Why it cannot be played on this machine, or "".
        ground: What the run must stand on.
    """

    name: str
    done: str
    recovers: str
    play: Callable[[Run], Measured]
    obstacle: Callable[[], str] = lambda: ""
    ground: Ground = Ground.ONE_HOST
