"""docs/policies.md says what scripted policies are worth: played again in small, each row must still hold."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from medical_team.config import load_config
from medical_team.evaluation.policies import ASSESSORS, Knowing
from medical_team.evaluation.policy_table import ERROR, REAL, Played, Table, Value, open_table
from medical_team.types import Role

PAGE = Path(__file__).parents[2] / "docs" / "policies.md"
GAMES = 500
# A policy that learns within its games is worth less in a few hundred of them, and the baselines are still moving.
SLACK = 0.2
HARMLESS = ("adds", "opens", "writes", "makes", "misspells", "speaks", "copies")


def table_of(source: str) -> Table:
    overrides: list[str] = []
    if source == "medec":
        folder = os.environ.get("MEDEC_DIR")
        if not folder:
            pytest.skip("MEDEC_DIR is not set")
        overrides = ["data.source=medec", f"data.medec_dir={folder}", "data.medec_split=validation"]
    return open_table(load_config(None, overrides), GAMES)


@pytest.fixture(scope="module", params=["synthetic", "medec"])
def source(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def table(source: str) -> Table:
    return table_of(source)


def rows(source: str) -> dict[str, tuple[float, float]]:
    """The page's values under the heading of a source: policy, mean and margin after the change."""
    section = PAGE.read_text("utf-8").partition(f"## {source.capitalize()}")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in section.splitlines() if "±" in line]
    return {name: numbers(values[0]) for name, _, *values in cells}


def numbers(text: str) -> tuple[float, float]:
    mean, margin = re.fullmatch(r"([+-][\d.]+) ± ([\d.]+)", text).groups()  # type: ignore[union-attr]
    return float(mean), float(margin)


def check(source: str, name: str, value: Value) -> None:
    mean, margin = rows(source)[name]
    assert abs(value.mean - mean) <= margin + value.margin + SLACK, f"{name}: {value}, the page says {mean:+.2f}"


LEARNS = ("remembers", "never seen")


@pytest.mark.parametrize("name", [name for name in ASSESSORS if not any(word in name for word in LEARNS)])
def test_an_assessor_is_worth_what_the_page_says(table: Table, source: str, name: str) -> None:
    played = table.play(ASSESSORS[name](), table.attackers[REAL])
    check(source, name, played.value(Role.ASSESSOR))


def test_an_attacker_is_worth_what_the_page_says_and_no_harmless_edit_counts(table: Table, source: str) -> None:
    for name, policy in table.attackers.items():
        played = table.play(Knowing(overlooks=0.5), policy)
        check(source, name, played.value(Role.ATTACKER))
        if name.startswith(HARMLESS):
            assert played.ends()[ERROR] == 0, f"{name}: an edit that changes no meaning counted as an error"


@pytest.mark.parametrize(
    "name", ["always Safe", "always Harmful, at the last statement", "a coin, at the last statement"]
)
def test_no_verdict_is_worth_more_to_whoever_knows_nothing(table: Table, name: str) -> None:
    played = table.play(ASSESSORS[name](), table.attackers[REAL])
    value = played.value(Role.ASSESSOR)
    assert abs(value.mean) <= value.margin + 0.05


def test_an_honest_attack_is_worth_more_than_any_that_does_not_play(table: Table) -> None:
    def value(policy: str, assessor: Callable[[], Knowing]) -> float:
        played: Played = table.play(assessor(), table.attackers[policy])
        counted = [game.rewards[Role.ATTACKER].total for game in played.games if game.audit and game.audit.is_error]
        return Value.of(counted).mean if counted else played.value(Role.ATTACKER).mean

    always_found = value(REAL, Knowing)
    assert all(value(name, Knowing) < always_found for name in table.attackers if name.startswith(HARMLESS))
