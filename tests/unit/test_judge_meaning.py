"""What code tells of an edit: a wrong choice, a contradiction, an impossible quantity; and what it does not tell."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medical_team.config import GatesConfig
from medical_team.data.lexicon import Concept, Lexicon, shipped
from medical_team.data.synthetic.table import CONDITIONS
from medical_team.data.synthetic.wording import FRAMES
from medical_team.game.edits import apply_edit
from medical_team.judge import AuditRequest
from medical_team.judge.meaning.choices import choice
from medical_team.judge.meaning.contradictions import finding, side
from medical_team.judge.meaning.quantities import quantity
from medical_team.judge.rule import RuleJudge
from medical_team.types import Edit, ErrorType, GameType, Note

DIAGNOSIS, DRUG = frozenset({ErrorType.DIAGNOSIS}), frozenset({ErrorType.PHARMACOTHERAPY})
STEP, ORGANISM = frozenset({ErrorType.MANAGEMENT, ErrorType.TREATMENT}), frozenset({ErrorType.CAUSAL_ORGANISM})
WORDS = Lexicon(
    (
        Concept("pneumonia", DIAGNOSIS),
        Concept("community-acquired pneumonia", DIAGNOSIS, ("CAP",), None, ("pneumonia",)),
        Concept("pulmonary embolism", DIAGNOSIS, ("PE",)),
        Concept("asthma", DIAGNOSIS),
        Concept("heart attack", DIAGNOSIS, ("myocardial infarction",)),
        Concept("metoprolol", DRUG, ("Lopressor",), "beta blocker"),
        Concept("bisoprolol", DRUG, (), "beta blocker"),
        Concept("beta blocker", DRUG),
        Concept("gentamicin", DRUG),
        Concept("heparin", DRUG),
        Concept("lumbar puncture", STEP, ("spinal tap",)),
        Concept("chest x-ray", STEP, ("chest radiograph",), "chest imaging"),
        Concept("chest CT", STEP, (), "chest imaging"),
        Concept("Escherichia coli", ORGANISM, ("E. coli",)),
        Concept("Candida albicans", ORGANISM),
    )
)

WRONG = [
    ("The patient was diagnosed with pneumonia.", "The patient was diagnosed with a pulmonary embolism."),
    ("Suspected of a heart attack.", "Suspected of asthma."),
    ("He was given metoprolol.", "He was given gentamicin."),
    ("Metoprolol is administered.", "A lumbar puncture is performed."),
    ("After the examination, heparin was given.", "After the examination, gentamicin was given."),
    ("Cultures grow Escherichia coli.", "Cultures grow Candida albicans."),
    ("Diagnosis is PE, showing no rash.", "Diagnosis is asthma, showing no rash."),
    ("The diagnosis of pneumonia is confirmed.", "The diagnosis of asthma is confirmed."),
]
HARMLESS = [
    ("He had a myocardial infarction.", "He had a heart attack."),
    ("A spinal tap was performed.", "The lumbar puncture is done."),
    ("He was given metoprolol.", "He was given Lopressor."),
    ("Diagnosed with CAP.", "Diagnosed with community-acquired pneumonia."),
]
UNTOLD = [
    ("He was given metoprolol.", "He was given bisoprolol."),  # a class
    ("He was given metoprolol.", "He was given a beta blocker."),  # more general
    ("Diagnosed with pneumonia.", "Diagnosed with CAP."),  # more special
    ("A chest x-ray is ordered.", "A chest CT is ordered."),  # as good
    ("He was diagnosed with pneumonia.", "He was diagnosed with CAP, not asthma."),
    ("Pneumonia was ruled out.", "Asthma was ruled out."),
    ("His father was diagnosed with asthma.", "His father was diagnosed with pneumonia."),
    ("She has a history of asthma.", "She has a history of pneumonia."),
    ("She had pneumonia at the age of 22.", "She had asthma at the age of 22."),
    ("She has hypertension treated with heparin.", "She has hypertension treated with gentamicin."),
    ("She has asthma.", "She has pneumonia."),  # what she had before, perhaps
    ("A 40-year-old man with asthma comes in.", "A 40-year-old man with pneumonia comes in."),
    ("Suspected of asthma or pneumonia.", "Suspected of asthma or a heart attack."),  # a differential
    ("Diagnosed with asthma and pneumonia.", "Diagnosed with pneumonia and asthma."),  # an order
    ("Heparin is not given.", "Gentamicin is not given."),
    ("He was given heparin two years ago.", "He was given gentamicin two years ago."),
    ("He was given heparin.", "He was given gentamicin with heparin."),
    ("He was given heparin.", "He was likely given gentamicin."),
    ("He was given heparin.", "He was given heparine."),
    ("A chest x-ray shows pneumonia.", "A lumbar puncture shows pneumonia."),
    ("Diagnosed with CAP.", "Diagnosed with a cap."),
    ("He was diagnosed with pneumonia.", "He was given heparin."),
    ("Diagnosed with asthma, which was later excluded.", "Diagnosed with PE, which was later excluded."),
]


@pytest.mark.parametrize(("before", "after"), WRONG)
def test_another_concept_of_the_kind_is_an_error_where_the_note_decides(before: str, after: str):
    assert choice(before, after, (), WORDS) is True


@pytest.mark.parametrize(("before", "after"), HARMLESS)
def test_another_name_is_none(before: str, after: str):
    assert choice(before, after, (), WORDS) is False


@pytest.mark.parametrize(("before", "after"), UNTOLD)
def test_what_may_be_right_is_not_told(before: str, after: str):
    assert choice(before, after, (), WORDS) is not True
    assert choice(after, before, (), WORDS) is not True


def test_what_the_note_says_elsewhere_may_be_right_here():
    before, after = WRONG[0]
    assert choice(before, after, ("He also had a PE.",), WORDS) is None


@given(
    st.sampled_from(WRONG),
    st.sampled_from(["today", "Of note,", "likely", "not", "possibly", "mild"]),
    st.integers(0, 8),
)
def test_a_word_more_than_the_right_sentence_is_never_an_error(pair: tuple[str, str], word: str, place: int):
    for sentence in pair:
        words = sentence.split()
        words.insert(min(place, len(words)), word)
        assert choice(sentence, " ".join(words), (), WORDS) is not True


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A head CT", "A brain MRI"),
        ("A CT angiography", "An MR angiography"),
        ("A CT of the chest", "An MRI"),
        ("A chest x-ray", "A CT of the chest"),
        ("A CT pulmonary angiography", "A ventilation-perfusion scan"),
        ("A lobectomy", "A thyroidectomy"),
        ("0.9% saline infusion", "1% saline infusion"),
    ],
)
def test_the_shipped_lexicon_leaves_open_what_may_stand_for_each_other(one: str, other: str):
    before, after = (f"{term} is performed." for term in (one, other))
    assert choice(before, after, (), shipped()) is None and choice(after, before, (), shipped()) is None


def test_images_of_different_sites_are_told_apart():
    assert choice("A CT of the chest is performed.", "An MRI of the hip is performed.", (), shipped()) is True


KNEE = "He has pain in the left knee."


def test_a_side_is_an_error_where_the_note_still_says_the_other_one():
    other = "He has pain in the right knee."
    assert side(KNEE, other, ("The left knee is swollen.",)) is True
    assert side(KNEE, other, ()) is None, "nobody can tell"
    assert side(KNEE, other, ("The left knee is swollen, the right knee is not.",)) is None
    assert side(KNEE, "He has severe pain in the right knee.", ("The left knee is swollen.",)) is None


def test_so_is_a_finding():
    assert finding("There is no edema.", "There is edema.", ("She has no edema of the legs.",)) is True
    assert finding("There is no edema.", "There is edema.", ()) is None
    assert finding("She denies nausea.", "She reports nausea.", ("She has a rash.",)) is None


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("He takes warfarin 5 mg once daily.", "He takes warfarin 50 mg once daily.", True),
        ("He takes warfarin 5 mg once daily.", "He takes warfarin 10 mg once daily.", None),
        ("He takes warfarin 5 mg once daily.", "He takes warfarin 5000 mcg once daily.", None),
        ("His temperature is 36 C.", "His temperature is 36.0 C.", False),
        ("His temperature is 36.0 C.", "His temperature is 63.0 C.", True),
        ("His temperature is 38.5 C.", "His temperature is 101.3 F.", None),
        ("Oxygen saturation is 97%.", "Oxygen saturation is 197%.", True),
        ("A 36-year-old man.", "A 37-year-old man.", None),
        ("A 36-year-old man.", "A 360-year-old man.", None),
        ("Leukocytes are 8,000/mm3.", "Leukocytes are 80,000/mm3.", None),
    ],
)
def test_a_quantity_is_an_error_where_it_cannot_be(before: str, after: str, says: bool | None):
    assert quantity(before, after) is says


def test_what_the_table_of_facts_accepts_for_one_patient_is_no_error_in_the_place_of_another_right_choice() -> None:
    judge = RuleJudge(GatesConfig())
    for condition in CONDITIONS:
        for kind in condition.kinds():
            fact = condition.fact(kind)
            assert fact is not None
            for right, other in permutations((*fact.accepted, *fact.unclear[:3]), 2):
                if right not in fact.accepted:
                    continue
                before, after = (FRAMES[kind][0].format(He="She", term=term) for term in (right, other))
                note = Note("n", ("A 50-year-old woman comes to the physician because of pain.", before), "g")
                edit = Edit(1, after, kind)
                request = AuditRequest(0, GameType.ADVERSARIAL_BENIGN, note, edit, apply_edit(note, edit))
                assert judge.decide(request).is_error is not True, f"{condition.name}: {right} -> {other}"
