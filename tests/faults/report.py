"""Does to a run what can happen to one, and writes down what it cost.

    python tests/faults/report.py [--check] [--list] [--keep FILE] [--within S] [SCENARIO ...]

Plays every scenario (or the named ones) on real Ray, vLLM and DeepSpeed with a tiny random model, prints a table, and
writes docs/faults.md when all were played. Fails when a game was lost or trained on twice, or a run did not get over
a fault as its scenario says.

Options:
    --check      write nothing; fail when docs/faults.md names other scenarios or outcomes (times are not compared)
    --list       names of the scenarios
    --keep FILE  keep results there, and do not play again what it has: a report in several sittings
    --within S   begin no scenario after so many seconds: the end of a sitting
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from faults.attempt import NotCovered
from faults.clustered import ClusteredRun
from faults.page import COLUMNS, Row, differences, markdown, read_rows, row_of
from faults.running import Run
from faults.scenario import Ground, Scenario
from faults.scenarios import SCENARIOS
from faults.small_disk import small_disk
from rich.console import Console
from rich.table import Table
from tiny import write_tiny_model

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)


class Kept:
    """Rows of scenarios that were played, in a file between sittings."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.rows = {name: Row(tuple(cells)) for name, cells in self._read().items()}

    def add(self, row: Row) -> None:
        self.rows[row.name] = row
        if self._path is not None:
            self._path.write_text(json.dumps({name: row.cells for name, row in self.rows.items()}, indent=1))

    def _read(self) -> dict[str, list[str]]:
        return json.loads(self._path.read_text()) if self._path is not None and self._path.exists() else {}


def play(scenarios: Sequence[Scenario], kept: Kept, within_s: float) -> list[str]:
    """Play scenarios, as many as begin within so many seconds; sentences about what went wrong."""
    wrong: list[str] = []
    until = time.monotonic() + within_s
    with ground() as folder, Runs(folder) as runs:
        for scenario in scenarios:
            began = time.monotonic()
            if began > until:
                return wrong
            failed = play_one(scenario, runs, kept)
            console.print(f"{time.monotonic() - began:5.0f} s  {scenario.name}{': FAILED' if failed else ''}")
            if failed:
                wrong += [f"{scenario.name}: {reason}" for reason in failed]
                runs.give_up(scenario.ground)
    return wrong


class Runs:
    """One run on each ground, started when it is needed; another one where something went wrong with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._model: Path | None = None
        self._runs: dict[Ground, Run] = {}
        self._started = 0

    def __enter__(self) -> Runs:
        return self

    def __exit__(self, *_exc: object) -> None:
        for ground in list(self._runs):
            self.give_up(ground)

    def on(self, ground: Ground) -> Run:
        if ground not in self._runs:
            for other in list(self._runs):  # two at a time would not fit
                self.give_up(other)
            self._model = self._model or write_tiny_model(self._folder / "model")
            self._started += 1
            kind = ClusteredRun if ground is Ground.HOSTS else Run
            self._runs[ground] = kind(self._folder / f"run-{self._started}", self._model)
        return self._runs[ground]

    def give_up(self, ground: Ground) -> None:
        if ground in self._runs:
            self._runs.pop(ground).close_for_good()


def play_one(scenario: Scenario, runs: Runs, kept: Kept) -> list[str]:
    try:
        measured = scenario.play(runs.on(scenario.ground))
    except (NotCovered, AssertionError) as error:
        return [str(error)]
    accounts = measured.accounts
    if accounts.in_order:
        kept.add(row_of(scenario, measured))
        return []
    return [f"{accounts.lost} games lost, {accounts.twice} trained on twice", *accounts.wrong]


@contextmanager
def ground() -> Iterator[Path]:
    """A folder for runs, on a small file system of its own where that can be had."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, small_disk(Path(folder)):
        yield Path(folder)


def show(rows: Sequence[Row]) -> None:
    table = Table(title="What faults cost", title_justify="left")
    for column in COLUMNS:
        table.add_column(
            column, justify="right" if column in ("noticed", "back", "lost", "twice", "repeated") else "left"
        )
    for row in rows:
        table.add_row(*row.cells)
    console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="SCENARIO", help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--list", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--within", type=float, default=math.inf, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.list:
        print("\n".join(scenario.name for scenario in SCENARIOS))
        return 0
    if unknown := set(options.names) - {scenario.name for scenario in SCENARIOS}:
        parser.error(f"no scenario is called {', '.join(sorted(unknown))}: --list shows what there is")
    # Whoever ends a report ends what it has started, too.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    return report(options.names, options.check, Kept(options.keep), options.within)


def report(names: Sequence[str], check: bool, kept: Kept, within_s: float) -> int:
    """Play, show, write or compare; the exit code."""
    obstacles = {scenario.name: reason for scenario in SCENARIOS if (reason := scenario.obstacle())}
    for name, reason in obstacles.items():
        console.print(f"not played: {name} ({reason})")
    wanted = [each for each in SCENARIOS if each.name not in obstacles and (not names or each.name in names)]
    wrong = play([each for each in wanted if each.name not in kept.rows], kept, within_s)
    rows = [kept.rows[each.name] for each in SCENARIOS if each.name in kept.rows]
    show(rows)
    if len(rows) < len(SCENARIOS) - len(obstacles):
        console.print(f"{len(rows)} of {len(SCENARIOS)} scenarios were played: {PAGE} is neither written nor compared")
    elif check:
        wrong += differences(read_rows(PAGE), rows, tuple(obstacles))
    elif not wrong and not obstacles:
        PAGE.write_text(markdown(rows))
        console.print(f"written: {PAGE}")
    for reason in wrong:
        console.print(reason, style="red", markup=False)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
