"""The oracle: exact on statements of fact, silent on everything else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medical_team.data.synthetic.compose import compose_notes
from medical_team.data.synthetic.facts import Condition
from medical_team.data.synthetic.oracle import EditTruth, decide_edit, explain_error, knows
from medical_team.data.synthetic.table import BY_NAME, CONDITIONS
from medical_team.data.synthetic.wording import FRAMES, canonical, read_statement
from medical_team.types import ErrorType, Note

NOTES = compose_notes(300, seed=3)
ERRORS = [note for note in NOTES if note.has_error]


def statement_note(condition: Condition, kind: ErrorType, frame: int = 0) -> Note:
    fact = condition.fact(kind)
    assert fact is not None
    return Note("n", ("She has a fever.", say(kind, fact.accepted[0], frame)), "g", condition=condition.name)


def say(kind: ErrorType, term: str, frame: int = 0) -> str:
    return FRAMES[kind][frame].format(He="She", term=term)


def gold(note: Note) -> tuple[int, str, str]:
    assert note.error_sentence_id is not None
    assert note.corrected_sentence is not None
    return note.error_sentence_id, note.sentences[note.error_sentence_id], note.corrected_sentence


def test_every_gold_error_is_wrong_and_every_correction_right() -> None:
    for note in ERRORS:
        place, error, correction = gold(note)
        assert decide_edit(note, place, error) is EditTruth.WRONG
        assert decide_edit(note, place, correction) is EditTruth.STILL_RIGHT


def test_every_sentence_of_every_note_is_right_as_it_stands() -> None:
    for note in NOTES:
        for place, sentence in enumerate(note.sentences):
            if place != note.error_sentence_id:
                assert decide_edit(note, place, sentence.upper()) is EditTruth.STILL_RIGHT


@pytest.mark.parametrize("kind", ErrorType)
def test_every_listed_term_is_decided_as_listed_in_every_frame(kind: ErrorType) -> None:
    for condition in CONDITIONS:
        fact = condition.fact(kind)
        if fact is None:
            continue
        note = statement_note(condition, kind)
        for frame in range(len(FRAMES[kind])):
            for truth, terms in (
                (EditTruth.STILL_RIGHT, fact.accepted),
                (EditTruth.WRONG, (*fact.wrong, *fact.also_wrong)),
                (EditTruth.UNTOLD, fact.unclear),
            ):
                for term in terms:
                    assert decide_edit(note, 1, say(kind, term, frame)) is truth, (condition.name, term)


@pytest.mark.parametrize(
    ("condition", "kind", "term", "truth"),
    [
        ("cardiac tamponade", ErrorType.DIAGNOSIS, "giardiasis", EditTruth.WRONG),
        ("Mycoplasma pneumonia", ErrorType.DIAGNOSIS, "Pneumocystis pneumonia", EditTruth.UNTOLD),
        ("infective endocarditis", ErrorType.CAUSAL_ORGANISM, "Giardia lamblia", EditTruth.WRONG),
        ("acute pericarditis", ErrorType.PHARMACOTHERAPY, "intravenous naloxone", EditTruth.WRONG),
        ("acute pericarditis", ErrorType.PHARMACOTHERAPY, "doxycycline", EditTruth.WRONG),
        ("pulmonary tuberculosis", ErrorType.PHARMACOTHERAPY, "levofloxacin", EditTruth.UNTOLD),
        ("acute cystitis", ErrorType.PHARMACOTHERAPY, "acetylsalicylic acid", EditTruth.UNTOLD),
        ("acute appendicitis", ErrorType.TREATMENT, "endovascular coiling", EditTruth.WRONG),
        ("acute appendicitis", ErrorType.TREATMENT, "ceftriaxone", EditTruth.UNTOLD),
        ("giant cell arteritis", ErrorType.MANAGEMENT, "cystoscopy", EditTruth.WRONG),
        ("Pneumocystis pneumonia", ErrorType.PHARMACOTHERAPY, "azithromycin", EditTruth.WRONG),
        ("acetaminophen overdose", ErrorType.PHARMACOTHERAPY, "sodium bicarbonate", EditTruth.WRONG),
        ("acute cystitis", ErrorType.MANAGEMENT, "admission to the intensive care unit", EditTruth.WRONG),
        ("testicular torsion", ErrorType.MANAGEMENT, "outpatient follow-up within one week", EditTruth.WRONG),
        ("giant cell arteritis", ErrorType.DIAGNOSIS, "not temporal arteritis", EditTruth.UNTOLD),
    ],
)
def test_terms_that_the_condition_does_not_list(condition: str, kind: ErrorType, term: str, truth: EditTruth) -> None:
    assert decide_edit(statement_note(BY_NAME[condition], kind), 1, say(kind, term)) is truth


def test_harmless_rewordings_are_seen_through() -> None:
    note = statement_note(BY_NAME["Graves disease"], ErrorType.PHARMACOTHERAPY)
    assert decide_edit(note, 1, "the patient  WAS started on Methimazole") is EditTruth.STILL_RIGHT
    assert decide_edit(note, 1, "She is begun on levothyroxine.") is EditTruth.WRONG


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_reworded_statement_is_never_wrong(data: st.DataObject) -> None:
    """Even around a wrong term: "She was not started on ..." may be the right thing to write."""
    note = data.draw(st.sampled_from(ERRORS))
    place, error, _ = gold(note)
    words = error.split()
    at = data.draw(st.integers(0, len(words)))
    extra = data.draw(st.sampled_from(["not", "never", "almost", "instead", "without", "no", "perhaps", "allergic"]))
    reworded = " ".join([*words[:at], extra, *words[at:]])
    assert decide_edit(note, place, reworded) is EditTruth.UNTOLD


def test_a_changed_end_of_a_statement_is_never_wrong() -> None:
    note = statement_note(BY_NAME["giardiasis"], ErrorType.CAUSAL_ORGANISM)
    assert decide_edit(note, 1, "Testing confirmed norovirus as the causal organism.") is EditTruth.WRONG
    assert decide_edit(note, 1, "Testing confirmed norovirus as an excluded organism.") is EditTruth.UNTOLD


@settings(max_examples=150, deadline=None)
@given(note=st.sampled_from(NOTES), place=st.integers(-2, 12), text=st.text(max_size=60))
def test_arbitrary_text_is_never_wrong(note: Note, place: int, text: str) -> None:
    assert decide_edit(note, place, text) is not EditTruth.WRONG


@settings(max_examples=100, deadline=None)
@given(note=st.sampled_from(NOTES), other=st.sampled_from(NOTES), data=st.data())
def test_a_finding_of_another_note_is_never_decided(note: Note, other: Note, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(note.sentences) - 1))
    findings = [sentence for sentence in other.sentences if read_statement(sentence) is None]
    sentence = data.draw(st.sampled_from(findings))
    assert sentence == note.sentences[place] or decide_edit(note, place, sentence) is EditTruth.UNTOLD


@pytest.mark.parametrize(
    ("kind", "term", "truth"),
    [
        # Antibiotics are wrong for influenza and so is another disease.
        (ErrorType.PHARMACOTHERAPY, "amoxicillin", EditTruth.WRONG),
        (ErrorType.DIAGNOSIS, "giardiasis", EditTruth.WRONG),
        (ErrorType.PHARMACOTHERAPY, "oseltamivir", EditTruth.STILL_RIGHT),
        # A drug is no diagnosis, an organism no drug; a disease's name for its virus may be loose wording.
        (ErrorType.DIAGNOSIS, "amoxicillin", EditTruth.WRONG),
        (ErrorType.PHARMACOTHERAPY, "Giardia lamblia", EditTruth.WRONG),
        (ErrorType.CAUSAL_ORGANISM, "influenza", EditTruth.UNTOLD),
        (ErrorType.DIAGNOSIS, "a term of no table", EditTruth.UNTOLD),
    ],
)
def test_what_the_kind_of_the_sentence_allows(kind: ErrorType, term: str, truth: EditTruth) -> None:
    note = statement_note(BY_NAME["influenza"], kind)
    assert decide_edit(note, 1, say(kind, term)) is truth


@settings(max_examples=150, deadline=None)
@given(note=st.sampled_from(NOTES), data=st.data())
def test_a_statement_over_anything_but_its_own_kind_is_never_decided(note: Note, data: st.DataObject) -> None:
    """Overwriting a finding, or adding a second and contradicting diagnosis, plants no error that can be told."""
    place = data.draw(st.integers(0, len(note.sentences) - 1))
    kind = data.draw(st.sampled_from(BY_NAME[note.condition or ""].kinds()))
    fact = BY_NAME[note.condition or ""].fact(kind)
    assert fact
    new = say(kind, data.draw(st.sampled_from([*fact.wrong, *fact.accepted])), data.draw(st.integers(0, 3)))
    there = read_statement(note.sentences[place])
    decided = decide_edit(note, place, new) is not EditTruth.UNTOLD
    assert decided == (there is not None and there.kind is kind)


def test_a_correction_is_right_where_the_table_accepts_it() -> None:
    for note in ERRORS:
        place, error, correction = gold(note)
        fact = BY_NAME[note.condition or ""].fact(note.error_type or ErrorType.DIAGNOSIS)
        assert fact
        assert note.error_type
        assert decide_edit(note, place, correction.upper()) is EditTruth.STILL_RIGHT
        assert decide_edit(note, place, error) is EditTruth.WRONG
        for term in fact.accepted:
            assert decide_edit(note, place, say(note.error_type, term, 2)) is EditTruth.STILL_RIGHT
        for other in (note.sentences[0], "-", "Give arsenic.", ""):
            assert decide_edit(note, place, other) is EditTruth.UNTOLD


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pH is 5.8", "pH is 58"),
        ("base excess is -5", "base excess is 5"),
        ("PCO2 < 40", "PCO2 > 40"),
        ("HBsAg+", "HBsAg-"),
        ("urine protein is 3+", "urine protein is 3"),
        ("5-6 doses", "56 doses"),
        ("titer is 1:8", "titer is 18"),
        ("hepatitis A", "hepatitis"),
        ("group A streptococci", "group B streptococci"),
        ("He was given it?", "He was given it."),
        ("blood pressure is 120/80", "blood pressure is 12080"),
        ("dose is .5 mg", "dose is 5 mg"),
    ],
)
def test_what_carries_meaning_is_compared(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The patient was given it.", "patient was given it"),
        ("a 2-day history; of HSV-1", "2 day history of HSV 1"),
        ("the shingles (zoster), she said", "Shingles zoster he said"),
    ],
)
def test_plain_punctuation_is_not_compared(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


def test_notes_from_elsewhere_are_never_decided() -> None:
    note = replace(statement_note(BY_NAME["influenza"], ErrorType.DIAGNOSIS), condition=None)
    assert decide_edit(note, 1, say(ErrorType.DIAGNOSIS, "giardiasis")) is EditTruth.UNTOLD
    assert not knows(note, note.sentences[1])


def test_known_statements_are_told_from_free_text() -> None:
    note = statement_note(BY_NAME["influenza"], ErrorType.DIAGNOSIS)
    assert knows(note, say(ErrorType.DIAGNOSIS, "giardiasis"))
    assert not knows(note, say(ErrorType.DIAGNOSIS, "a broken heart"))
    assert not knows(note, "She ate soup.")


def test_every_gold_error_is_explained() -> None:
    for note in NOTES:
        assert (explain_error(note) is not None) == note.has_error
    assert not any(re.search(r"[{}]", explain_error(note) or "") for note in NOTES)
