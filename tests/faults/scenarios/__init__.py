"""All scenarios, in the order in which one run meets them: those that it survives first."""

from __future__ import annotations

from faults.scenario import Scenario
from faults.scenarios import checkpoints, disk, driver, engines, judge, memory, network, nothing, ranks, signals, sync

SCENARIOS: tuple[Scenario, ...] = (
    *nothing.SCENARIOS,
    *engines.SCENARIOS,
    *judge.SCENARIOS,
    *ranks.SCENARIOS,
    *sync.SCENARIOS,
    *driver.SCENARIOS,
    *signals.SCENARIOS,
    *checkpoints.SCENARIOS,
    *disk.SCENARIOS,
    *memory.SCENARIOS,
    *network.SCENARIOS,
)
