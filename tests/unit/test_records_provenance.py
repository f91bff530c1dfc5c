"""A planted error never leaves without its mark and where it is from; and what has text is its owner's alone."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fakes import make_note

from medical_team.data.store import read_notes, write_notes
from medical_team.errors import DataError
from medical_team.judge.cache.store import AuditStore
from medical_team.records import ErrorOrigin, GameRecorder, Provenance, read_games
from medical_team.records.export import main
from medical_team.safekeeping import MARKER, MARKER_KEY
from medical_team.types import Deal, Edit, ErrorType, Game, GameType, Generation, Note, Outcome, Role, Turn

CLEAN, WRONG = make_note(1, harmful=False), make_note(2, harmful=True)
ATTACK = Turn(Role.ATTACKER, Generation((1,), (2,), "an answer"))
EDIT = Edit(0, "Planted.", ErrorType.DIAGNOSIS)


def planted(note: Note) -> Note:
    return Note(
        note.note_id, (EDIT.replacement, *note.sentences[1:]), note.group, EDIT.error_type, 0, note.sentences[0]
    )


GAMES = {
    "copied clean": Game(Deal(0, GameType.VANILLA_BENIGN, CLEAN, 7), Outcome.COUNTED, shown=CLEAN),
    "copied wrong": Game(Deal(1, GameType.VANILLA_HARMFUL, WRONG, 7), Outcome.COUNTED, shown=WRONG),
    "attacked": Game(
        Deal(2, GameType.ADVERSARIAL_BENIGN, CLEAN, 7),
        Outcome.COUNTED,
        shown=planted(CLEAN),
        edit=EDIT,
        turns=(ATTACK,),
    ),
    "refused by a gate": Game(
        Deal(3, GameType.ADVERSARIAL_BENIGN, CLEAN, 7), Outcome.GATED, edit=EDIT, turns=(ATTACK,), reason="no_op"
    ),
}
EXPECTED = {
    "copied clean": (None, None),
    "copied wrong": (MARKER, ErrorOrigin.DATA_SET),
    "attacked": (MARKER, ErrorOrigin.ATTACKER),
    "refused by a gate": (MARKER, None),
}


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    recorder = GameRecorder(tmp_path / "run" / "games", Provenance("night", "medec-train"))
    for game in GAMES.values():
        recorder.append(game)
    recorder.flush(4)
    return tmp_path / "run"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_recorded_game_says_where_it_is_from_and_who_planted_its_error(run: Path):
    rows = dict(zip(GAMES, read_games(run / "games").to_pylist(), strict=True))

    assert {name: (row["marker"], row["error_origin"]) for name, row in rows.items()} == EXPECTED
    assert {(row["run"], row["data_source"], row["step"]) for row in rows.values()} == {("night", "medec-train", 4)}
    assert rows["attacked"]["note_id"] == CLEAN.note_id


def test_a_file_of_games_is_marked_as_a_whole(run: Path):
    (file,) = (run / "games").glob("*.parquet")

    assert pq.read_schema(file).metadata[MARKER_KEY.encode()] == MARKER.encode()


def test_games_of_an_earlier_version_are_read_without_provenance(run: Path):
    (file,) = (run / "games").glob("*.parquet")
    pq.write_table(pq.read_table(file).drop_columns(["marker", "run", "data_source", "error_origin"]), file)

    assert read_games(run / "games").column("marker").to_pylist() == [None] * len(GAMES)


def test_an_export_marks_every_line(run: Path, tmp_path: Path):
    out = tmp_path / "games.jsonl"
    out.touch(0o644)
    main([str(run), "--out", str(out)])
    lines = [json.loads(line) for line in out.read_text().splitlines()]

    assert [line["game_id"] for line in lines] == [0, 1, 2], "a note that nobody was shown is not exported"
    assert {line["marker"] for line in lines} == {MARKER}
    assert [line["error_origin"] for line in lines] == [None, ErrorOrigin.DATA_SET, ErrorOrigin.ATTACKER]
    assert {(line["run"], line["data_source"], line["step"]) for line in lines} == {("night", "medec-train", 4)}
    assert lines[2]["shown_sentences"][0] == EDIT.replacement
    assert mode(out) == 0o600


def test_an_export_that_cannot_be_written_is_one_sentence(run: Path, tmp_path: Path):
    with pytest.raises(DataError, match="cannot be written: Is a directory"):
        main([str(run), "--out", str(tmp_path)])
    with pytest.raises(DataError, match="no such folder"):
        main([str(tmp_path / "nobody"), "--out", str(tmp_path / "out")])


def test_notes_in_a_file_are_marked_and_their_owners_alone(tmp_path: Path):
    file = tmp_path / "new" / "notes.parquet"
    write_notes(file, [CLEAN, WRONG])

    assert read_notes(file) == (CLEAN, WRONG)
    assert pq.read_schema(file).metadata[MARKER_KEY.encode()] == MARKER.encode()
    assert mode(file) == 0o600


def test_records_are_their_owners_alone_whatever_the_umask(run: Path):
    assert mode(run / "games") == 0o700
    assert [mode(file) for file in (run / "games").iterdir()] == [0o600]


def test_kept_audits_are_their_owners_alone_whatever_the_umask(tmp_path: Path):
    file = tmp_path / "audits.sqlite"
    file.touch(0o666)
    store = AuditStore(file)

    assert mode(file) == 0o600
    assert {mode(beside) for beside in tmp_path.iterdir()} == {0o600}
    store.close()
