"""MEDEC's CSV files: the quirks they have, and the complaints about files that are something else."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from medical_team.data.medec import find_split, read_medec, repair_encoding
from medical_team.errors import DataError
from medical_team.types import ErrorType

COLUMNS = [
    *("Text ID", "Text", "Sentences", "Error Flag", "Error Type", "Error Sentence ID"),
    *("Error Sentence", "Corrected Sentence", "Corrected Text"),
]
ERROR_ROW = ["n-0", "text ", "0 Fever.\n1 Given A.", "1", "pharmacotherapy", "1", "Given A.", "Given B.", "text"]
CLEAN_ROW = ["n-1", "text ", "0 Fever.\n1 Given B.", "0", "NA", "-1", "NA", "NA", "NA"]

needs_medec = pytest.mark.skipif("MEDEC_DIR" not in os.environ, reason="MEDEC_DIR is not set")


def write_csv(path: Path, *rows: list[str], header: list[str] = COLUMNS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def changed(row: list[str], **cells: str) -> list[str]:
    names = {column.replace(" ", "_").lower(): number for number, column in enumerate(COLUMNS)}
    copy = list(row)
    for name, cell in cells.items():
        copy[names[name]] = cell
    return copy


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "MEDEC-MS-ValidationSet.csv"


def test_reads_error_and_clean_twins(path: Path) -> None:
    error, clean = read_medec(write_csv(path, ERROR_ROW, CLEAN_ROW)).notes
    assert error.sentences == ("Fever.", "Given A.")
    assert (error.error_type, error.error_sentence_id) == (ErrorType.PHARMACOTHERAPY, 1)
    assert error.corrected_sentence == "Given B."
    assert not clean.has_error
    assert clean.error_type is None
    assert clean.group == error.group == "n-0"


def test_a_clean_note_after_a_clean_note_is_a_group_of_its_own(path: Path) -> None:
    rows = [ERROR_ROW, CLEAN_ROW, changed(CLEAN_ROW, text_id="n-2")]
    assert [note.group for note in read_medec(write_csv(path, *rows)).notes] == ["n-0", "n-0", "n-2"]


def test_lines_that_do_not_count_on_continue_the_sentence(path: Path) -> None:
    row = changed(CLEAN_ROW, sentences="0 Studies show:\nNa+ 137\n5 mg were given.\n1 He is well.\n\n")
    file = read_medec(write_csv(path, row))
    assert file.notes[0].sentences == ("Studies show: Na+ 137 5 mg were given.", "He is well.")
    assert file.continuation_lines == 4


def test_empty_rows_are_skipped_and_counted(path: Path) -> None:
    file = read_medec(write_csv(path, ERROR_ROW, [""] * 9, CLEAN_ROW, [" "] * 9))
    assert len(file.notes) == 2
    assert file.empty_rows == 2


def test_double_encoding_is_repaired_and_counted(path: Path) -> None:
    broken = "37 °C, “high”".encode().decode("cp1252", errors="surrogateescape").replace("\udc9d", "\x9d")
    file = read_medec(write_csv(path, changed(ERROR_ROW, sentences=f"0 {broken}\n1 Given A."), CLEAN_ROW))
    assert file.notes[0].sentences[0] == "37 °C, “high”"
    assert file.repaired_encoding == 1


@pytest.mark.parametrize("text", ["plain", "37 °C", "β-lactam ≥ 2 “x”", "é"])
def test_text_that_was_encoded_once_stays(text: str) -> None:
    assert repair_encoding(text) == text


def test_one_run_that_cannot_be_repaired_keeps_no_other_from_it() -> None:
    assert repair_encoding("36.9Â\nC and â€œyesâ€\x9d at 5 °C") == "36.9\nC and “yes” at 5 °C"


def test_an_error_sentence_that_is_elsewhere_is_counted(path: Path) -> None:
    assert read_medec(write_csv(path, changed(ERROR_ROW, error_sentence="Given  C."))).unlocated_errors == 1
    assert read_medec(write_csv(path, changed(ERROR_ROW, error_sentence="Given\n A."))).unlocated_errors == 0


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        ({"error_flag": "2"}, r"row 1 \(n-0\), column Error Flag.*'2'"),
        ({"error_flag": ""}, r"row 1 \(n-0\), column Error Flag"),
        ({"error_type": "dosage"}, r"row 1 \(n-0\), column Error Type.*'dosage'"),
        ({"error_sentence_id": "7"}, r"row 1 \(n-0\), column Error Sentence ID.*0 to 1"),
        ({"error_sentence_id": "-1"}, r"row 1 \(n-0\), column Error Sentence ID"),
        ({"corrected_sentence": "NA"}, r"row 1 \(n-0\), column Corrected Sentence"),
        ({"sentences": " "}, r"row 1, column Sentences.*without sentences"),
        ({"sentences": "0"}, r"row 1, column Sentences.*without sentences"),
        ({"sentences": "3 Fever."}, r"row 1, column Sentences.*sentence id 0"),
        ({"text_id": ""}, r"row 1, column Text ID"),
        ({"text_id": "Given A."}, r"row 1, column Text ID: an id has no blanks"),
        ({"error_flag": "Given A."}, r"row 1 \(n-0\), column Error Flag.*a text of 2 words"),
        ({"error_type": "Given A."}, r"row 1 \(n-0\), column Error Type.*a text of 2 words"),
        ({"error_sentence_id": "Given A."}, r"row 1 \(n-0\), column Error Sentence ID.*a text of 2 words"),
    ],
)
def test_a_bad_row_is_named_with_its_column(path: Path, cells: dict[str, str], complaint: str) -> None:
    with pytest.raises(DataError, match=complaint) as raised:
        read_medec(write_csv(path, changed(ERROR_ROW, **cells)))
    assert str(path) in str(raised.value)
    assert "Given" not in str(raised.value)


def test_bad_files_are_named(path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_medec(path)
    path.write_text("")
    with pytest.raises(DataError, match="is empty"):
        read_medec(path)
    write_csv(path)
    with pytest.raises(DataError, match="no notes"):
        read_medec(path)
    write_csv(path, ERROR_ROW[1:], header=COLUMNS[1:])
    with pytest.raises(DataError, match=r"lacks the column.*Text ID"):
        read_medec(path)
    write_csv(path, ERROR_ROW, CLEAN_ROW[:4])
    with pytest.raises(DataError, match="row 2 has 4 columns"):
        read_medec(path)
    write_csv(path, ERROR_ROW, changed(CLEAN_ROW, text_id="n-0"))
    with pytest.raises(DataError, match="same Text ID n-0"):
        read_medec(path)
    path.write_bytes(b"Text ID,\xff\xfe")
    with pytest.raises(DataError, match="no UTF-8"):
        read_medec(path)


@pytest.mark.parametrize(
    "name", ["MEDEC-Full-TrainingSet-with-ErrorType.csv", "my-Train.csv", "MEDEC-MS/a-TrainSet.csv"]
)
def test_a_split_is_found_by_a_tolerant_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    write_csv(tmp_path / name, ERROR_ROW)
    assert find_split(tmp_path, "train") == tmp_path / name


def test_a_missing_split_names_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder"):
        find_split(tmp_path / "absent", "train")
    with pytest.raises(DataError, match="holds no MEDEC file"):
        find_split(tmp_path, "train")
    write_csv(tmp_path / "X-ValidationSet.csv", ERROR_ROW)
    with pytest.raises(DataError, match=r"X-ValidationSet\.csv \(data\.medec_split=validation\)"):
        find_split(tmp_path, "train")
    write_csv(tmp_path / "Y-ValidSet.csv", ERROR_ROW)
    with pytest.raises(DataError, match="2 files for the validation split"):
        find_split(tmp_path, "validation")


@needs_medec
def test_the_published_validation_split() -> None:
    file = read_medec(find_split(Path(os.environ["MEDEC_DIR"]), "validation"))
    groups: dict[str, set[bool]] = {}
    for note in file.notes:
        groups.setdefault(note.group, set()).add(note.has_error)
    assert len(file.notes) == 574
    assert sum(note.has_error for note in file.notes) == 319
    assert sum(len(classes) == 2 for classes in groups.values()) == 255
    assert file.unlocated_errors == 0
    assert file.repaired_encoding == 124
    assert file.continuation_lines == 585
    assert not any(mark in sentence for note in file.notes for sentence in note.sentences for mark in "Ââ\n")
