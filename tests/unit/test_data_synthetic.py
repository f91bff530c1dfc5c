"""Composed notes: deterministic, balanced, short, twins, and gold edits that pass the gates."""

from __future__ import annotations

import difflib
import re
import statistics
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medical_team.config import GatesConfig
from medical_team.data.checks import check_notes
from medical_team.data.describe import count_words
from medical_team.data.splits import split_by_group
from medical_team.data.synthetic.compose import compose_notes
from medical_team.data.synthetic.facts import Sex
from medical_team.data.synthetic.table import BY_NAME, CONDITIONS
from medical_team.data.synthetic.wording import read_statement
from medical_team.errors import DataError
from medical_team.types import ErrorType, Note

NOTES = compose_notes(400, seed=17)


@settings(max_examples=15, deadline=None)
@given(count=st.integers(20, 300), seed=st.integers(0, 10**6))
def test_any_count_is_exact_valid_and_deterministic(count: int, seed: int) -> None:
    notes = compose_notes(count, seed)
    assert len(notes) == count
    assert notes == compose_notes(count, seed)
    check_notes(notes, "composed")
    assert len({note.sentences for note in notes}) == count


def test_the_largest_count_has_no_repeated_text() -> None:
    assert len({note.sentences for note in compose_notes(2000, seed=1)}) == 2000


def test_another_seed_gives_other_notes() -> None:
    assert compose_notes(20, seed=1) != compose_notes(20, seed=2)


@pytest.mark.parametrize("count", [0, 19, 2001])
def test_a_count_outside_the_table_is_refused(count: int) -> None:
    with pytest.raises(DataError, match=r"data\.synthetic_notes = "):
        compose_notes(count, seed=1)


def test_error_types_are_balanced_and_all_conditions_used() -> None:
    types = Counter(note.error_type for note in NOTES if note.has_error)
    assert set(types) == set(ErrorType)
    assert max(types.values()) - min(types.values()) <= 1
    assert {note.condition for note in NOTES} == set(BY_NAME)


def test_lengths_are_those_training_on_cpu_can_afford() -> None:
    words = [count_words(note) for note in NOTES]
    assert 55 <= min(words) <= max(words) <= 110
    assert 70 <= statistics.median(words) <= 82
    assert {len(note.sentences) for note in NOTES} <= set(range(6, 11))


def test_twins_share_patient_condition_and_kinds_of_statement_but_not_the_wording() -> None:
    groups: dict[str, list[Note]] = {}
    for note in NOTES:
        groups.setdefault(note.group, []).append(note)
    pairs = [group for group in groups.values() if len(group) == 2]
    assert 0.75 <= len(pairs) / len(groups) <= 0.85
    for error, clean in pairs:
        assert (error.has_error, clean.has_error) == (True, False)
        assert error.condition == clean.condition
        assert patient_of(error) == patient_of(clean)
        assert kinds_of(error) == kinds_of(clean)
        assert not set(clean.sentences) & set(error.sentences)
        assert error.corrected_sentence not in clean.sentences


def patient_of(note: Note) -> str:
    match = re.match(r"An? \d+-year-old \w+ ", note.sentences[0])
    assert match
    return match[0]


def kinds_of(note: Note) -> list[ErrorType]:
    return [statement.kind for statement in map(read_statement, note.sentences) if statement]


def test_gold_edits_pass_the_gates() -> None:
    gates = GatesConfig()
    for note in NOTES:
        if note.error_sentence_id is None or note.corrected_sentence is None:
            continue
        before = " ".join(note.sentences).split()
        fixed = list(note.sentences)
        fixed[note.error_sentence_id] = note.corrected_sentence
        after = " ".join(fixed).split()
        matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
        edited = sum(max(j - i, q - p) for tag, i, j, p, q in matcher.get_opcodes() if tag != "equal")
        assert gates.min_length_ratio <= len(after) / len(before) <= gates.max_length_ratio
        assert gates.min_length_ratio <= len(before) / len(after) <= gates.max_length_ratio
        assert matcher.ratio() >= gates.min_similarity
        assert edited <= gates.max_edited_tokens
        assert note.corrected_sentence != note.sentences[note.error_sentence_id]


def test_pronouns_fit_the_patient_and_nothing_is_left_to_fill_in() -> None:
    for note in NOTES:
        text = " ".join(note.sentences)
        assert "{" not in text
        female = " woman " in note.sentences[0] or " girl " in note.sentences[0]
        condition = BY_NAME[note.condition or ""]
        assert condition.sex in (Sex.ANY, Sex.FEMALE if female else Sex.MALE)
        if condition.sex is Sex.ANY:
            assert not re.search(r"\b(he|his|him)\b" if female else r"\b(she|her)\b", text.split("His mother")[0], re.I)


def test_what_a_note_talks_about_does_not_give_its_class_away() -> None:
    """Words that lean to one class in training say next to nothing about held-out conditions."""
    train, held_out = split_by_group(compose_notes(1000, seed=5), 0.25, seed=5)
    leaning: Counter[str] = Counter()
    for note in train:
        for word in set(" ".join(note.sentences).lower().split()):
            leaning[word] += 1 if note.has_error else -1
    rates = {word: score / len(train) for word, score in leaning.items()}
    scores = {
        note.note_id: sum(rates.get(w, 0) for w in set(" ".join(note.sentences).lower().split())) for note in held_out
    }
    cut = statistics.median(scores.values())
    right = sum((scores[note.note_id] > cut) == note.has_error for note in held_out)
    assert right / len(held_out) < 0.65


def test_the_table_is_large_enough_to_hold_conditions_out() -> None:
    assert len(CONDITIONS) >= 36
    for kind in ErrorType:
        assert sum(condition.fact(kind) is not None for condition in CONDITIONS) >= 12
