"""MEDEC's CSV files (Ben Abacha et al., Findings of ACL 2025) as typed notes. Driven by ``dataset``, ``download``.

The files have quirks, and each is handled here and counted: texts that were UTF-8 encoded twice, rows of nothing
but commas, sentences that contain line breaks. ``docs/data.md`` describes the format. Every complaint names the
file, the row (counted from 1 below the header) and the column, never the text of a note.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from medical_team.errors import DataError
from medical_team.types import ErrorType, Note

SPLITS: Mapping[str, str] = {"train": "*Train*.csv", "validation": "*Valid*.csv", "test": "*Test*.csv"}
"""File name pattern of each split; the names differ a little between releases."""

_ID, _SENTENCES, _FLAG, _TYPE = "Text ID", "Sentences", "Error Flag", "Error Type"
_ERROR_ID, _ERROR, _CORRECTED = "Error Sentence ID", "Error Sentence", "Corrected Sentence"
COLUMNS = (_ID, _SENTENCES, _FLAG, _TYPE, _ERROR_ID, _ERROR, _CORRECTED)
"""The columns that are read. ``Text`` and ``Corrected Text`` repeat them."""

_TYPES = {error_type.value.casefold(): error_type for error_type in ErrorType}
_NON_ASCII = re.compile(r"[^\x00-\x7f]+")
_LONE_HALF = re.compile(r"\xc2(?=\s|$)")  # what is left of a non-breaking space that the sentence split cut in two
_NUMBERED = re.compile(r"(\d+)(?:\s+(.*))?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MedecFile:
    """One file's notes in file order, and what had to be repaired to read them.

    Attributes:
        notes: One a row; ``group`` joins a clean note with the error note in the row just before it.
        repaired_encoding: Rows whose text was UTF-8 encoded twice.
        empty_rows: Rows without any content, skipped.
        continuation_lines: Lines that do not open a sentence and were joined to the one before.
        unlocated_errors: Error notes whose error sentence is not the sentence at the id given; the id is kept.
    """

    notes: tuple[Note, ...]
    repaired_encoding: int
    empty_rows: int
    continuation_lines: int
    unlocated_errors: int


def read_medec(path: Path) -> MedecFile:
    """Read one split.

    Raises:
        DataError: The file is missing, empty, no UTF-8, lacks a column, or a row is not what the format says.
    """
    notes: list[Note] = []
    repaired = empty = joined = unlocated = 0
    for number, row in enumerate(_rows(path), start=1):
        if not any(cell.strip() for cell in row.values()):
            empty += 1
            continue
        fixed = {column: repair_encoding(cell) for column, cell in row.items()}
        repaired += fixed != row
        where = f"{path}: row {number}"
        sentences, continued = _parse_sentences(fixed[_SENTENCES], where)
        joined += continued
        note = _to_note(fixed, sentences, previous=notes[-1] if notes else None, where=where)
        unlocated += note.has_error and squeeze(fixed[_ERROR]) != sentences[note.error_sentence_id or 0]
        notes.append(note)
    if not notes:
        raise DataError(f"{path} holds no notes: it needs at least one row below the header")
    _check_ids(notes, path)
    return MedecFile(tuple(notes), repaired, empty, joined, unlocated)


def find_split(folder: Path, split: str) -> Path:
    """The file of a split (a key of ``SPLITS``) in MEDEC's folder, or in ``MEDEC-MS`` below it.

    Raises:
        DataError: No such folder or file, or more than one that fits; the message says which splits are there.
    """
    found = find_splits(folder)
    if split in found:
        return found[split]
    if not found:
        raise DataError(f"{folder} holds no MEDEC file: expected names like {', '.join(SPLITS.values())}")
    names = ", ".join(f"{path.name} (data.medec_split={name})" for name, path in found.items())
    raise DataError(f"{folder} has no file for data.medec_split={split}; it has {names}")


def find_splits(folder: Path) -> dict[str, Path]:
    """Every split that has a file in ``folder``, by name."""
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder: data.medec_dir must be the one with MEDEC's CSV files")
    nested = folder / "MEDEC-MS"
    found: dict[str, Path] = {}
    for split, pattern in SPLITS.items():
        candidates = sorted(folder.glob(pattern)) or sorted(nested.glob(pattern))
        if len(candidates) > 1:
            names = ", ".join(candidate.name for candidate in candidates)
            raise DataError(f"{folder} has {len(candidates)} files for the {split} split ({names}): keep one of them")
        if candidates:
            found[split] = candidates[0]
    return found


def repair_encoding(text: str) -> str:
    """Undo a second UTF-8 encoding (bytes taken for Windows-1252); text without one comes back as it is.

    Every run of non-ASCII characters is judged by itself, so that one that cannot be repaired keeps no other from it.
    """
    if text.isascii():
        return text
    return _LONE_HALF.sub("", _NON_ASCII.sub(lambda run: _decode_again(run[0]), text))


def squeeze(text: str) -> str:
    """One blank between words, none around them."""
    return " ".join(text.split())


def _decode_again(run: str) -> str:
    try:
        return b"".join(map(_windows_byte, run)).decode("utf-8")
    except UnicodeError:
        return run


def _windows_byte(character: str) -> bytes:
    # Windows-1252 leaves five bytes undefined; the broken files carry them through as they are.
    return bytes([ord(character)]) if character in "\x81\x8d\x8f\x90\x9d" else character.encode("cp1252")


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _checked_rows(csv.reader(file), path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no UTF-8 (byte {error.start}): save it as UTF-8 or download it again") from None


def _checked_rows(reader: Iterator[list[str]], path: Path) -> Iterator[dict[str, str]]:
    number = 0
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header, path)
        for number, row in enumerate(reader, start=1):
            if len(row) not in (0, len(header)):
                raise DataError(f"{path}: row {number} has {len(row)} columns, the header has {len(header)}")
            cells = dict(zip(header, row or [""] * len(header), strict=True))
            yield {column: cells[column] for column in COLUMNS}
    except csv.Error as error:
        raise DataError(f"{path}: row {number + 1} is no CSV ({error}): download the file again") from None


def _check_header(header: list[str], path: Path) -> None:
    if not any(header):
        raise DataError(f"{path} is empty: download the file again")
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise DataError(f"{path} lacks the column(s) {', '.join(missing)}: MEDEC's files have {', '.join(COLUMNS)}")


def _parse_sentences(text: str, where: str) -> tuple[tuple[str, ...], int]:
    """Sentences in order of their ids, and how many lines were joined to the sentence before.

    A line opens sentence k only if it starts with k where k is the number of sentences so far: a laboratory value
    on a line of its own starts with a number, too.
    """
    sentences: list[str] = []
    joined = 0
    for line in text.replace("\r\n", "\n").split("\n"):
        numbered = _NUMBERED.match(line)
        if numbered and int(numbered[1]) == len(sentences):
            sentences.append(numbered[2] or "")
        elif sentences:
            sentences[-1] += f" {line}"
            joined += 1
        elif line.strip():
            raise DataError(f"{where}, column {_SENTENCES}: the first line must start with sentence id 0")
    if not any(sentence.strip() for sentence in sentences):
        raise DataError(f"{where}, column {_SENTENCES}: a note without sentences; remove the row or fill it")
    return tuple(squeeze(sentence) for sentence in sentences), joined


def _to_note(row: Mapping[str, str], sentences: tuple[str, ...], previous: Note | None, where: str) -> Note:
    note_id, flag = row[_ID].strip(), row[_FLAG].strip()
    if not note_id:
        raise DataError(f"{where}, column {_ID}: every note needs an id")
    if len(note_id.split()) > 1:  # a sentence: the columns are in disorder, and ids are shown
        raise DataError(f"{where}, column {_ID}: an id has no blanks; is every column below its header?")
    if flag not in ("0", "1"):
        raise DataError(f"{where} ({note_id}), column {_FLAG}: must be 0 or 1, is {_shown(flag)}")
    if flag == "0":
        has_twin = previous is not None and previous.has_error
        return Note(note_id, sentences, group=previous.group if previous and has_twin else note_id)
    corrected = squeeze(row[_CORRECTED])
    if corrected in ("", "NA"):
        raise DataError(f"{where} ({note_id}), column {_CORRECTED}: an error note needs a corrected sentence")
    return Note(
        note_id,
        sentences,
        group=note_id,
        error_type=_error_type(row[_TYPE], f"{where} ({note_id})"),
        error_sentence_id=_error_id(row[_ERROR_ID], len(sentences), f"{where} ({note_id})"),
        corrected_sentence=corrected,
    )


def _error_type(cell: str, where: str) -> ErrorType:
    try:
        return _TYPES[cell.strip().casefold()]
    except KeyError:
        known = ", ".join(ErrorType)
        raise DataError(f"{where}, column {_TYPE}: {_shown(cell)} is none of {known}") from None


def _error_id(cell: str, count: int, where: str) -> int:
    if not cell.strip().isdecimal() or int(cell) >= count:
        raise DataError(f"{where}, column {_ERROR_ID}: {_shown(cell)} is no sentence id from 0 to {count - 1}")
    return int(cell)


def _shown(cell: str) -> str:
    """A cell for a message: one word as it is, more may be text of a note that slipped into another column."""
    words = cell.split()
    return f"a text of {len(words)} words" if len(words) > 1 else repr(cell.strip()[:20])


def _check_ids(notes: list[Note], path: Path) -> None:
    seen: dict[str, int] = {}
    for number, note in enumerate(notes, start=1):
        if note.note_id in seen:
            raise DataError(f"{path}: notes {seen[note.note_id]} and {number} have the same {_ID} {note.note_id}")
        seen[note.note_id] = number
