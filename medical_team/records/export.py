"""Hand the games of a run on as JSON lines, each with the mark that it is no clinical record and where it is from.

    python -m medical_team.records.export RUN --out FILE

RUN is a run's folder. A line has the note as the assessor saw it, what was planted in it, by whom, and what the
assessor and the judge said; not what the players wrote in hidden. The file is its owner's alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from medical_team.entry import Parser, run_entry_point
from medical_team.errors import DataError
from medical_team.records.recorder import recorded_rows
from medical_team.safekeeping import MARKER, open_private

COLUMNS = (
    "marker",
    "run",
    "data_source",
    "step",
    "game_id",
    "game_type",
    "outcome",
    "note_id",
    "error_origin",
    "shown_sentences",
    "truth",
    "error_type",
    "error_sentence_id",
    "corrected_sentence",
    "verdict",
    "named_sentence_id",
    "correction",
    "explanation",
    "audit_judge",
    "audit_is_error",
    "audit_reason",
)


def main(arguments: list[str]) -> None:
    parser = Parser(__doc__)
    parser.add_argument("run", type=Path, metavar="RUN", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    from medical_team.terminal import console

    console.print(f"{export(options.run / 'games', options.out)} games -> {options.out}")


def export(games: Path, out: Path) -> int:
    """Write the games below a folder whose note an assessor was to see; returns how many.

    Raises:
        DataError: The games cannot be read, or the file cannot be written.
    """
    exported = 0
    try:
        with open(out, "w", encoding="utf-8", opener=open_private) as file:
            for row in recorded_rows(games):
                if row["shown_sentences"] is not None:
                    file.write(json.dumps(_line(row), ensure_ascii=False) + "\n")
                    exported += 1
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror or error}") from None
    return exported


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """Every line is marked: taken out of its file, a note that is right here is not a patient's record either."""
    return {name: row[name] for name in COLUMNS} | {"marker": MARKER}


if __name__ == "__main__":
    run_entry_point(main)
