"""What a correction is worth: much for knowing what is right, nothing for anything that needs no knowledge."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medical_team.data.synthetic.compose import compose_notes
from medical_team.data.synthetic.table import BY_NAME
from medical_team.game.correction import correction_score
from medical_team.game.edits import corrected_note
from medical_team.game.wording import normalise
from medical_team.types import ErrorType, Note

SYNTHETIC = [note for note in compose_notes(200, seed=5) if note.has_error]
ELSEWHERE = [replace(note, condition=None) for note in SYNTHETIC]
"""The same notes for somebody who has no table."""

NOTE = Note(
    "n",
    ("He has had a fever for 3 days.", "He was started on gentamicin and told to come back in two days."),
    "g",
    ErrorType.PHARMACOTHERAPY,
    1,
    "He was started on amoxicillin and told to come back in two days.",
)


def error_of(note: Note) -> str:
    assert note.error_sentence_id is not None
    return note.sentences[note.error_sentence_id]


def gold_of(note: Note) -> str:
    assert note.corrected_sentence is not None
    return note.corrected_sentence


def ends(sentence: str) -> tuple[str, str]:
    return sentence[:-1], sentence[-1]


@pytest.mark.parametrize("notes", [SYNTHETIC, ELSEWHERE], ids=["table", "no table"])
def test_the_gold_correction_is_worth_all_and_what_needs_no_knowledge_nothing(notes: list[Note]) -> None:
    for note in notes:
        gold, error = gold_of(note), error_of(note)
        assert correction_score(note, gold) == correction_score(note, f"  {gold.upper().rstrip('.')} ") == 1.0
        whole = " ".join(note.sentences)
        nothing = ["", "-", "...", "Give arsenic.", error, error.upper(), whole, f"{whole} {gold}", f"{error} {gold}"]
        nothing += [sentence for sentence in note.sentences if normalise(sentence) != normalise(gold)]
        nothing += [f"{gold} or {error}", f"It is not true that {gold}", f"{gold} This is wrong."]
        assert {correction_score(note, correction) for correction in nothing} == {0.0}


def test_a_note_without_an_error_has_nothing_to_correct() -> None:
    for note in SYNTHETIC[:5]:
        assert correction_score(corrected_note(note), gold_of(note)) == 0.0


def test_the_table_takes_every_right_choice_and_no_wrong_one() -> None:
    other_choices = 0
    for note in SYNTHETIC:
        assert note.error_type is not None
        fact = BY_NAME[note.condition or ""].fact(note.error_type)
        assert fact is not None
        for terms, score in ((fact.accepted, 1.0), (fact.wrong, 0.0)):
            said = max((term for term in fact.accepted if term in gold_of(note)), key=len, default="")
            frame = gold_of(note).replace(said, "{}")
            for term in terms if said else ():
                assert correction_score(note, frame.format(term)) == score
                other_choices += score == 1.0 and frame.format(term) != gold_of(note)
    assert other_choices > 50


@pytest.mark.parametrize(
    ("correction", "low", "high"),
    [
        ("He was given amoxicillin and told to come back in two days.", 0.25, 0.5),
        ("He was started on oral amoxicillin and told to come back in two days.", 0.4, 0.5),
        ("He was started on amoxicillin and is to return in two days.", 0.2, 0.5),
        ("He was started on amoxicillin, ceftriaxone and told to come back in two days.", 0.4, 0.5),
        ("He was started on amoxicillin, b, c, d, e and told to come back in two days.", 0.0, 0.0),
        ("He was started on ceftriaxone and told to come back in two days.", 0.0, 0.0),
        ("He was started on and told to come back in two days.", 0.0, 0.0),
        ("He was not started on amoxicillin and told to come back in two days.", 0.0, 0.0),
        ("He was started on gentamicin, amoxicillin and told to come back in two days.", 0.0, 0.0),
        ("He was started on amoxicillin or ceftriaxone and told to come back in two days.", 0.0, 0.0),
        ("Amoxicillin.", 0.0, 0.0),
    ],
)
def test_without_a_table_the_words_that_had_to_change_decide(correction: str, low: float, high: float) -> None:
    assert low <= correction_score(NOTE, correction) <= high


def test_a_gold_correction_that_only_takes_words_away() -> None:
    note = replace(NOTE, sentences=("x", "He has severe bacterial pneumonia."), corrected_sentence="He has pneumonia.")
    assert correction_score(note, "He has a pneumonia.") == 1.0
    assert 0.0 < correction_score(note, "He has bacterial pneumonia.") < 0.5
    for correction in ("He has", "-", "He has severe bacterial pneumonia today.", "He has mild viral pneumonia."):
        assert correction_score(note, correction) == 0.0


candidates = st.lists(
    st.sampled_from([f"drug{letter}" for letter in "abcdefghij"]), min_size=1, max_size=8, unique=True
)


@given(candidates)
def test_naming_several_candidates_is_never_worth_more_than_choosing_one(named: list[str]) -> None:
    listed = gold_of(NOTE).replace("amoxicillin", ", ".join(named))
    golds = [replace(NOTE, corrected_sentence=gold_of(NOTE).replace("amoxicillin", name)) for name in named]
    assert sum(correction_score(note, listed) for note in golds) / len(named) <= 1 / len(named)


@given(st.sampled_from(SYNTHETIC + ELSEWHERE), st.text(max_size=1000) | st.just("ß" * 1000), st.booleans())
def test_every_text_has_a_score_and_text_around_the_gold_correction_lowers_it(
    note: Note, text: str, front: bool
) -> None:
    assert 0.0 <= correction_score(note, text) <= 1.0
    gold = gold_of(note)
    padded = f"{text} {gold}" if front else f"{gold} {text}"
    assert 0.0 <= correction_score(note, padded) <= 1.0


@given(st.sampled_from(SYNTHETIC + ELSEWHERE), st.integers(3, 60))
def test_stuffing_lowers_the_score_to_nothing(note: Note, words: int) -> None:
    start, stop = ends(gold_of(note))
    scores = [
        correction_score(note, f"{start} {' '.join(f'word{n}' for n in range(count))}{stop}")
        for count in (1, words, 60)
    ]
    assert 1.0 > scores[0] >= scores[1] >= scores[2] == 0.0
