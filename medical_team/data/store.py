"""Notes in Parquet: the cache that makes the second start cheap. Driven by ``dataset``."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from medical_team.errors import DataError
from medical_team.safekeeping import MARKER, MARKER_KEY, open_private
from medical_team.types import ErrorType, Note


def write_notes(path: Path, notes: Iterable[Note]) -> None:
    """Write all notes, or nothing: under a temporary name first, then renamed. Missing folders are made.

    The file is its owner's alone, and its metadata say that the notes have planted errors.

    Raises:
        DataError: The file cannot be written (no right, no room).
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb", opener=open_private) as file:
            pq.write_table(pa.Table.from_pylist([asdict(note) for note in notes], schema=_schema()), file)
        partial.replace(path)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def read_notes(path: Path) -> tuple[Note, ...]:
    """What ``write_notes`` wrote, in the same order.

    Raises:
        DataError: The file is missing, no Parquet, or holds other columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, pa.ArrowException):
        raise DataError(f"{path} is no readable Parquet file: remove it, it will be written again") from None
    if table.schema.names != _schema().names:
        raise DataError(f"{path} holds other columns than notes have: remove it, it will be written again")
    return tuple(_to_note(row) for row in table.to_pylist())


def _to_note(row: dict[str, Any]) -> Note:
    error_type = row.pop("error_type")
    sentences = tuple(row.pop("sentences"))
    return Note(sentences=sentences, error_type=ErrorType(error_type) if error_type else None, **row)


def _schema() -> Any:
    import pyarrow as pa

    return pa.schema(
        [
            ("note_id", pa.string()),
            ("sentences", pa.list_(pa.string())),
            ("group", pa.string()),
            ("error_type", pa.string()),
            ("error_sentence_id", pa.int32()),
            ("corrected_sentence", pa.string()),
            ("condition", pa.string()),
        ],
        metadata={MARKER_KEY: MARKER},
    )
