"""Writes the games of a run, a file a step, and reads them again.

The trainer hands ``append`` to the manager and calls ``flush`` once a step. Games hold clinical text, so folder and
files are their owner's alone whatever the umask says. A file is there completely or not at all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medical_team.errors import DataError
from medical_team.records.provenance import Provenance, provenance_columns
from medical_team.records.rows import game_of, row_of
from medical_team.records.schema import games_schema
from medical_team.safekeeping import make_private_folder, open_private
from medical_team.types import Game

if TYPE_CHECKING:
    import pyarrow as pa

_STEP_FILE = re.compile(r"step-(\d{6,})\.parquet")


class GameRecorder:
    """Keeps the games of the step under way, and writes them to ``step-000012.parquet`` below ``folder``."""

    def __init__(self, folder: Path, provenance: Provenance | None = None) -> None:
        self._folder = folder
        self._provenance = provenance or Provenance()
        self._rows: list[dict[str, Any]] = []
        make_private_folder(folder)
        for left_over in folder.glob("*.tmp"):
            left_over.unlink()

    def append(self, game: Game) -> None:
        self._rows.append(row_of(game) | provenance_columns(game, self._provenance))

    def flush(self, step: int) -> Path:
        """Write the games appended since the last flush as those of ``step``; a file of that step is replaced."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self._folder / f"step-{step:06d}.parquet"
        unfinished = path.with_suffix(".tmp")
        table = pa.Table.from_pylist([{"step": step, **row} for row in self._rows], schema=games_schema())
        with open(unfinished, "wb", opener=open_private) as file:
            pq.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        self._rows = []
        return path

    def discard_after(self, step: int) -> None:
        """Forget what was recorded of later steps: a run that resumes after ``step`` plays them anew."""
        self._rows = []
        for recorded, path in _step_files(self._folder):
            if recorded > step:
                path.unlink()


def read_games(folder: Path) -> pa.Table:
    """All recorded games below a folder, in the order of steps and deals, as ``games_schema`` has them.

    Raises:
        DataError: The folder does not exist, or a file in it is none of this program's.
    """
    import pyarrow as pa

    tables = [_read(path) for _, path in _step_files(folder)]
    return pa.concat_tables([games_schema().empty_table(), *tables])


def recorded_games(folder: Path) -> Iterator[Game]:
    """The games of a run in their order, read a step at a time: those of a long run do not fit into memory at once.

    Raises:
        DataError: As ``read_games``; or a game lacks what a ``Game`` has, since an earlier version recorded it.
    """
    for path, row in _recorded(folder):
        try:
            yield game_of(row)
        except ValueError as error:
            raise DataError(f"{path}: {error}") from None


def recorded_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """The games as rows of ``games_schema``, read a step at a time; raises as ``read_games``."""
    return (row for _, row in _recorded(folder))


def count_games(folder: Path) -> int:
    """How many games are recorded; raises as ``read_games``."""
    import pyarrow.parquet as pq

    games = 0
    for _, path in _step_files(folder):
        with _blaming(path):
            games += pq.read_metadata(path).num_rows
    return games


def _recorded(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for _, path in _step_files(folder):
        for row in _read(path).to_pylist():
            yield path, row


def _read(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    with _blaming(path):
        return pq.read_table(path, schema=games_schema())


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    """What goes wrong with a file is one sentence about that file."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is no file of recorded games ({type(error).__name__}): remove it") from None


def _step_files(folder: Path) -> list[tuple[int, Path]]:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; a run keeps its games in games/")
    found = ((_STEP_FILE.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted((int(match.group(1)), path) for match, path in found if match)
