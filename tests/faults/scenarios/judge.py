"""The judge's process dies while games wait for their audits."""

from __future__ import annotations

from signal import SIGKILL

from faults.scenario import Scenario
from faults.strikes import JUDGE, in_a_turn, send

SCENARIOS = (
    Scenario(
        "judge killed",
        "kill -9 of the judge's actor while games are played",
        "the judge is started anew, and the audits that it owes are asked again; deadlines stand still meanwhile",
        lambda run: run.goes_on(send(JUDGE, SIGKILL, in_a_turn), r"judge exact\S* is lost"),
    ),
)
