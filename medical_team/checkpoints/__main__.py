"""The checkpoints of a run, each valid or why not.

    python -m medical_team.checkpoints RUN_FOLDER

Reads every byte of them and unpickles none. Exits with 0 where a run can go on from the newest one, with 2 otherwise.
"""

from __future__ import annotations

from pathlib import Path

from medical_team.checkpoints import names
from medical_team.checkpoints.validity import verify
from medical_team.entry import Parser, run_entry_point
from medical_team.errors import CheckpointError


def main(arguments: list[str]) -> None:
    parser = Parser(__doc__)
    parser.add_argument("run", type=Path, metavar="RUN_FOLDER")
    folder = parser.parse_args(arguments).run / names.FOLDER
    there = names.entries(folder)
    if not there:
        raise CheckpointError(f"{folder} holds no checkpoint: name a run's folder, runs/selfplay for example")
    newest_is_valid = False
    for entry in there:
        newest_is_valid = show(entry)
    for aside in names.refused(folder):
        print(f"{aside.name}  refused by a resume before; remove it when nobody needs to look at it")
    for left_over in names.partials(folder):
        print(f"{left_over.name}  never finished, or being written now")
    if not newest_is_valid:
        raise CheckpointError(f"{there[-1].path} is not valid: a resume goes back behind it")


def show(entry: names.Entry) -> bool:
    """Print a line about one; whether it is valid."""
    try:
        manifest = verify(entry.path, entry.step)
    except CheckpointError as error:
        print(f"{entry.path.name}  refused: {error}")
        return False
    print(f"{entry.path.name}  valid, {len(manifest.files)} files, {manifest.total_bytes / 1e6:.1f} MB")
    return True


if __name__ == "__main__":
    run_entry_point(main)
