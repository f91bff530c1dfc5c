"""Placeholder."""

from faults.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = ()
