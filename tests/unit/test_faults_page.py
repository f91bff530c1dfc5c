"""The page of docs/faults.md: what is written is read again, and only times may differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from faults.accounts import Accounts
from faults.page import Row, differences, markdown, read_rows, row_of
from faults.running import Measured
from faults.scenario import Scenario


def row(name: str, **changes: object) -> Row:
    measured = Measured(noticed_s=1.5, back_s=42.0, accounts=Accounts(0, 0, 1), exit_code=-9)
    scenario = Scenario(name, "kill -9", "the next attempt goes on", play=lambda run: measured)
    return row_of(scenario, replace(measured, **changes))


@pytest.fixture
def page(tmp_path: Path) -> dict[str, Row]:
    path = tmp_path / "faults.md"
    path.write_text(markdown([row("driver killed"), row("SIGTERM", exit_code=75)]))
    return read_rows(path)


def test_what_is_written_is_read_again(page: dict[str, Row]):
    assert page == {"driver killed": row("driver killed"), "SIGTERM": row("SIGTERM", exit_code=75)}


def test_times_may_differ(page: dict[str, Row]):
    now = [row("driver killed", noticed_s=None, back_s=7.0), row("SIGTERM", exit_code=75, noticed_s=9.0)]

    assert not list(differences(page, now))


@pytest.mark.parametrize(
    ("now", "says"),
    [
        ([row("driver killed"), row("SIGTERM", exit_code=1)], "SIGTERM: the page says"),
        ([row("driver killed", accounts=Accounts(1, 0, 1)), row("SIGTERM", exit_code=75)], "driver killed: the page"),
        ([row("driver killed"), row("SIGTERM", exit_code=75), row("SIGUSR1")], "SIGUSR1: the page does not have it"),
        ([row("driver killed")], "SIGTERM: the page has it, and no scenario is called that"),
    ],
)
def test_anything_else_may_not(page: dict[str, Row], now: list[Row], says: str):
    (difference,) = differences(page, now)

    assert difference.startswith(says)


def test_what_cannot_be_played_here_is_not_missed(page: dict[str, Row]):
    assert not list(differences(page, [row("driver killed")], not_played=["SIGTERM"]))


def test_without_a_page_everything_is_missing(tmp_path: Path):
    (difference,) = differences(read_rows(tmp_path / "none.md"), [row("driver killed")])

    assert "does not have it" in difference
