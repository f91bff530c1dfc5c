"""Splits, the Parquet store, the checks and the door that puts them together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import cloudpickle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medical_team.config import DataConfig
from medical_team.data import dataset
from medical_team.data.checks import check_notes
from medical_team.data.dataset import load_notes
from medical_team.data.fresh import FreshNotes
from medical_team.data.splits import limit_by_group, split_by_group
from medical_team.data.store import read_notes, write_notes
from medical_team.data.synthetic.compose import compose_notes
from medical_team.errors import DataError
from medical_team.types import ErrorType, Note

NOTES = compose_notes(200, seed=4)
ANONYMOUS = tuple(replace(note, condition=None) for note in NOTES)


@settings(max_examples=30, deadline=None)
@given(share=st.floats(0.01, 0.99), seed=st.integers(0, 999), known=st.booleans())
def test_a_split_separates_groups_and_conditions(share: float, seed: int, known: bool) -> None:
    notes = NOTES if known else ANONYMOUS
    train, held_out = split_by_group(notes, share, seed)
    assert train and held_out
    assert sorted((*train, *held_out), key=lambda note: note.note_id) == sorted(notes, key=lambda note: note.note_id)
    assert not {note.group for note in train} & {note.group for note in held_out}
    assert not known or not {note.condition for note in train} & {note.condition for note in held_out}


def test_a_split_has_the_share_asked_for_and_depends_on_the_seed() -> None:
    train, held_out = split_by_group(ANONYMOUS, 0.25, seed=1)
    assert 0.2 < len({n.group for n in held_out}) / len({n.group for n in ANONYMOUS}) < 0.3
    assert (train, held_out) == split_by_group(ANONYMOUS, 0.25, seed=1)
    assert (train, held_out) != split_by_group(ANONYMOUS, 0.25, seed=2)


def test_a_split_heeds_what_it_costs_to_hold_something_out() -> None:
    avoided = NOTES[0].condition
    for seed in range(5):
        _, held_out = split_by_group(NOTES, 0.2, seed, cost=lambda kept: 9.0 * (avoided in kept))
        assert avoided not in {note.condition for note in held_out}


def test_a_single_group_cannot_be_split() -> None:
    with pytest.raises(DataError, match="at least two groups"):
        split_by_group(NOTES[:1], 0.2, seed=1)


@settings(max_examples=40, deadline=None)
@given(count=st.integers(2, 220), seed=st.integers(0, 99))
def test_a_limit_keeps_whole_groups_and_balances_classes(count: int, seed: int) -> None:
    chosen = limit_by_group(NOTES, count, seed)
    assert min(count, len(NOTES)) - 1 <= len(chosen) <= count
    sizes = Counter(note.group for note in NOTES)
    assert all(sizes[group] == size for group, size in Counter(note.group for note in chosen).items())
    clean = sum(not note.has_error for note in chosen)
    assert clean == min(len(chosen) // 2, sum(not note.has_error for note in NOTES))
    assert [note for note in NOTES if note in set(chosen)] == list(chosen)


def test_a_small_limit_holds_all_error_types() -> None:
    assert {note.error_type for note in limit_by_group(NOTES, 10, seed=1)} == {None, *ErrorType}


def test_parquet_gives_back_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "notes.parquet"
    write_notes(path, NOTES)
    assert read_notes(path) == NOTES
    assert [file.name for file in path.parent.iterdir()] == ["notes.parquet"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "notes.parquet"
    write_notes(path, NOTES[:4])
    with pytest.raises(RuntimeError):
        write_notes(path, (note for note in failing()))
    assert read_notes(path) == NOTES[:4]
    assert list(tmp_path.iterdir()) == [path]


def failing():
    yield NOTES[0]
    raise RuntimeError("the source broke")


def test_unreadable_parquet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.parquet"
    with pytest.raises(DataError, match="no such file"):
        read_notes(path)
    path.write_bytes(b"no parquet")
    with pytest.raises(DataError, match="no readable Parquet"):
        read_notes(path)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_notes(tmp_path / "file" / "notes.parquet", NOTES)


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (replace(NOTES[0], sentences=()), "has no sentences"),
        (replace(NOTES[0], corrected_sentence=None), "incomplete gold"),
        (replace(NOTES[0], error_sentence_id=99), "sentence 99"),
        (replace(NOTES[0], corrected_sentence=""), "empty correction"),
        (replace(NOTES[0], note_id=NOTES[1].note_id), "occurs twice"),
    ],
)
def test_notes_that_break_the_rules_are_named(broken: Note, complaint: str) -> None:
    with pytest.raises(DataError, match=complaint):
        check_notes([broken, *NOTES[1:]], "a test")


def test_synthetic_notes_are_loaded_split_by_condition(tmp_path: Path) -> None:
    config = DataConfig(cache_dir=tmp_path, synthetic_notes=120)
    splits = load_notes(config, seed=17)
    assert len(splits.train) + len(splits.held_out) == 120
    assert not {note.condition for note in splits.train} & {note.condition for note in splits.held_out}
    assert {note.error_type for note in splits.held_out} == {None, *ErrorType}
    assert load_notes(config, seed=17) == splits != load_notes(config, seed=18)


def test_every_round_of_synthetic_notes_is_new_and_of_the_same_conditions_and_size(tmp_path: Path) -> None:
    config = DataConfig(cache_dir=tmp_path, synthetic_notes=100, num_samples=30)
    splits = load_notes(config, seed=2)
    assert isinstance(splits.train, FreshNotes)
    rounds = [splits.train.round(number) for number in range(4)]
    every = [*splits.held_out, *(note for notes in rounds for note in notes)]
    check_notes(every, "all rounds")
    assert len({note.sentences for note in every}) == len(every)
    assert {len(notes) for notes in rounds} == {30}
    assert {sum(note.has_error for note in notes) for notes in rounds} == {15}
    assert not {note.condition for notes in rounds for note in notes} & {note.condition for note in splits.held_out}


def test_notes_that_go_to_another_process_have_the_same_later_rounds(tmp_path: Path) -> None:
    notes = load_notes(DataConfig(cache_dir=tmp_path, synthetic_notes=100), seed=2).train
    copy = cloudpickle.loads(cloudpickle.dumps(notes))
    assert isinstance(notes, FreshNotes) and isinstance(copy, FreshNotes)
    assert copy == notes and copy.round(2) == notes.round(2) and copy.made_from == notes.made_from


def test_a_limit_does_not_change_what_is_held_out(tmp_path: Path) -> None:
    config = DataConfig(cache_dir=tmp_path, synthetic_notes=100)
    limited = config.model_copy(update={"num_samples": 10})
    assert len(load_notes(limited, seed=1).train) == 10
    assert load_notes(limited, seed=1).held_out == load_notes(config, seed=1).held_out


def test_a_changed_medec_file_is_read_again(tmp_path: Path) -> None:
    header = "Text ID,Text,Sentences,Error Flag,Error Type,Error Sentence ID,Error Sentence,Corrected Sentence"
    rows = [f"n-{number},t,0 Fever {number}.,0,NA,-1,NA,NA" for number in range(4)]
    path = tmp_path / "X-TestSet.csv"
    config = DataConfig(source="medec", medec_dir=tmp_path, medec_split="test", cache_dir=tmp_path / "cache")
    path.write_text("\n".join([header, *rows]))
    assert len(sum_up(load_notes(config, seed=1))) == 4
    path.write_text("\n".join([header, *rows[:3]]))
    assert len(sum_up(load_notes(config, seed=1))) == 3
    path.write_text(header)
    with pytest.raises(DataError, match="no notes"):
        load_notes(config, seed=1)
    assert len(list((tmp_path / "cache").iterdir())) == 2


def sum_up(splits: dataset.NoteSplits) -> set[str]:
    return {note.note_id for note in (*splits.train, *splits.held_out)}
