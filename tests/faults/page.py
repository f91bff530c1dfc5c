"""The page with the table: written from rows, and read again to be compared with others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from faults.running import Measured
from faults.scenario import Scenario

HEAD = """\
# Faults: what they cost

Written by `make faults`, which does each of these things to a run of real Ray, vLLM and DeepSpeed processes with a
tiny random model, and reads from the run's records what it cost. `make faults FAULTS_ARGS=--check` does it again and
fails when an outcome is another. Two CPU cores, one engine, one rank of actor and critic, a checkpoint each step.

- **noticed**: seconds from the fault until the run said so or ended; a dash where the driver itself was killed.
- **back**: seconds from the fault until the next step was finished, in an attempt that was started at once where the
  run had ended. Starting one takes most of it.
- **lost**: games that were dealt and are in no step that the weights were trained on. **twice**: games that more than
  one such step has. **repeated**: finished steps that were done again.
- **exit**: the exit code of the process that met the fault. 75 means "saved, resuming goes on"; a batch script puts
  the job back into the queue. A dash: it did not end.
"""

COLUMNS = ("fault", "what was done", "noticed", "back", "recovered", "lost", "twice", "repeated", "exit")
TIMES = ("noticed", "back")
ENDED_BY_SIGNAL = "signal"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, as text, in the order of ``COLUMNS``."""

    cells: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.cells[0]

    @property
    def outcome(self) -> tuple[str, ...]:
        """What must be the same every time."""
        return tuple(cell for column, cell in zip(COLUMNS, self.cells, strict=True) if column not in TIMES)


def row_of(scenario: Scenario, measured: Measured) -> Row:
    accounts, code = measured.accounts, measured.exit_code
    return Row(
        (
            scenario.name,
            scenario.done,
            _seconds(measured.noticed_s),
            _seconds(measured.back_s),
            scenario.recovers,
            str(accounts.lost),
            str(accounts.twice),
            str(accounts.repeated),
            "-" if code is None else f"{ENDED_BY_SIGNAL} {-code}" if code < 0 else str(code),
        )
    )


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def markdown(rows: Sequence[Row], not_played: Sequence[str] = ()) -> str:
    """The whole page; it names the scenarios that were not played."""
    lines = [_line(COLUMNS), _line("---" for _ in COLUMNS), *(_line(row.cells) for row in rows)]
    if not_played:
        lines += ["", f"Not played when this was written: {', '.join(not_played)}."]
    return "\n".join([HEAD, *lines]) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def read_rows(page: Path) -> dict[str, Row]:
    """The rows of a written page, by name; none where there is no page."""
    return {row.name: row for row in _rows(page.read_text() if page.exists() else "")}


def _rows(text: str) -> Iterator[Row]:
    for line in text.splitlines():
        cells = tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])
        if len(cells) == len(COLUMNS) and cells != COLUMNS and set(cells) != {"---"}:
            yield Row(cells)


def differences(written: dict[str, Row], rows: Sequence[Row], not_played: Sequence[str] = ()) -> Iterator[str]:
    """Sentences about what a page says otherwise than the rows; times are not compared."""
    for row in rows:
        if row.name not in written:
            yield f"{row.name}: the page does not have it"
        elif written[row.name].outcome != row.outcome:
            yield f"{row.name}: the page says {written[row.name].outcome} and now it is {row.outcome}"
    for name in written.keys() - {row.name for row in rows} - set(not_played):
        yield f"{name}: the page has it, and no scenario is called that"
