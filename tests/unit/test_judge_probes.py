"""Probes: their answer is really known, they are dealt evenly, and the same arguments deal the same ones."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medical_team.config import GatesConfig
from medical_team.data.synthetic.compose import compose_notes
from medical_team.errors import DataError
from medical_team.game.edits import apply_edit, corrected_note
from medical_team.judge.admission.probes import (
    ERRORS,
    HARMLESS,
    KNOWLEDGE,
    MAKERS,
    Bucket,
    Probe,
    build_probes,
    swapped,
)
from medical_team.judge.admission.probes.doses import DOSES, TENFOLD
from medical_team.judge.exact import ExactJudge
from medical_team.judge.rule import RuleJudge
from medical_team.types import Note

NOTES = compose_notes(400, seed=17)


@pytest.fixture(scope="module")
def probes() -> tuple[Probe, ...]:
    return build_probes(NOTES, 320, seed=5)


def made(bucket: Bucket, *sentences: str, seed: int = 0) -> tuple[str, str] | None:
    """Original and edited sentence that a family makes of a clean note of these sentences."""
    change = MAKERS[bucket](Note("note-1", sentences, "group-1"), random.Random(seed))
    return (change.note.sentences[change.edit.sentence_id], change.edit.replacement) if change else None


def test_every_bucket_is_there_and_both_classes_are_equal(probes: tuple[Probe, ...]):
    counts = Counter(probe.bucket for probe in probes)

    assert set(counts) == set(Bucket)
    for buckets in (ERRORS, HARMLESS):
        assert max(counts[bucket] for bucket in buckets) - min(counts[bucket] for bucket in buckets) <= 1
    assert sum(probe.is_error for probe in probes) == len(probes) // 2


@settings(max_examples=10)
@given(count=st.integers(1, 60), more=st.integers(0, 40), seed=st.integers(0, 5))
def test_fewer_probes_are_the_first_of_more(count: int, more: int, seed: int):
    few, many = build_probes(NOTES, count, seed), build_probes(NOTES, count + more, seed)

    assert len(few) == count
    assert many[:count] == few


def test_another_seed_gives_other_probes():
    assert build_probes(NOTES, 32, seed=1) != build_probes(NOTES, 32, seed=2)


def test_no_probe_comes_twice(probes: tuple[Probe, ...]):
    assert len({probe.probe_id for probe in probes}) == len({p.request.game_id for p in probes}) == len(probes)


def test_a_probe_is_asked_as_the_game_would_ask(probes: tuple[Probe, ...]):
    for probe in probes:
        request = probe.request
        assert request.shown == apply_edit(corrected_note(request.note), request.edit)
        assert ("harmful" in request.game_type) == request.note.has_error


def test_where_the_table_of_facts_decides_it_agrees(probes: tuple[Probe, ...]):
    """The table knows nothing of how probes are made."""
    judge = ExactJudge()
    decided = Counter()
    for probe in probes:
        says = judge.decide(probe.request).is_error
        assert says in (None, probe.is_error), probe.probe_id
        decided[probe.bucket] += says is not None
    assert all(decided[bucket] for bucket in (*KNOWLEDGE, Bucket.CLEAN_TWIN, Bucket.PARAPHRASE, Bucket.NO_OP))


def test_no_judge_made_of_code_calls_a_harmless_edit_an_error(probes: tuple[Probe, ...]):
    judge = RuleJudge(GatesConfig())
    for probe in probes:
        assert probe.is_error or judge.decide(probe.request).is_error is not True, probe.probe_id


def test_an_error_pair_exchanged_is_the_wrong_sentence_made_right(probes: tuple[Probe, ...]):
    for probe in probes:
        if probe.bucket in KNOWLEDGE:
            back, there = swapped(probe.request), probe.request
            place = there.edit.sentence_id
            assert back.note.sentences[place] == there.edit.replacement
            assert back.edit.replacement == there.shown.corrected_sentence
            assert not back.note.has_error and back.shown.sentences == corrected_note(there.note).sentences


@pytest.mark.parametrize("drug", DOSES)
def test_ten_times_a_dose_is_beyond_any_use(drug: str):
    dose = DOSES[drug]
    assert float(dose.usual) <= dose.highest
    assert TENFOLD * float(dose.usual) >= 2 * dose.highest


def test_a_dose_is_put_into_the_note_and_ten_times_as_much_into_the_edit():
    note = ("A 58-year-old woman comes for a check.", "She was started on colchicine.")
    assert made(Bucket.DOSE, *note) == (
        "She was started on colchicine 0.6 mg twice daily.",
        "She was started on colchicine 6 mg twice daily.",
    )


@pytest.mark.parametrize(
    "sentences",
    [
        ("A 9-year-old boy comes for a check.", "He was given amoxicillin."),
        ("A man comes for a check.", "He was given amoxicillin."),
        ("A 40-year-old man comes for a check.", "He is not given amoxicillin."),
        ("A 40-year-old man comes for a check.", "He was given something that nobody knows."),
    ],
)
def test_no_dose_is_made_up_for_children_or_for_a_drug_that_is_not_given(sentences: tuple[str, ...]):
    assert made(Bucket.DOSE, *sentences) is None


@pytest.mark.parametrize(
    ("bucket", "before", "after"),
    [
        (Bucket.UNIT, "Her temperature is 38.5 C.", "Her temperature is 101.3 F."),
        (Bucket.UNIT, "It is 38.5 C (101.3 F).", "It is 101.3 F (38.5 C)."),
        (Bucket.UNIT, "It began 3 weeks ago.", "It began 21 days ago."),
        (Bucket.UNIT, "It is 9 mm wide.", "It is 0.9 cm wide."),
        (Bucket.UNIT, "She takes 5 mg.", "She takes 5 milligrams."),
        (Bucket.ABBREVIATION, "Blood pressure is low.", "BP is low."),
        (Bucket.ABBREVIATION, "CT is normal.", "Computed tomography is normal."),
        (Bucket.ABBREVIATION, "Noncontrast CT is normal.", "Noncontrast computed tomography is normal."),
        (Bucket.SYNONYM, "He has shortness of breath.", "He has dyspnea."),
        (Bucket.PARAPHRASE, "An 8-year-old boy coughs.", "A boy of 8 years coughs."),
        (Bucket.ROUTE, "Intravenous fluids are begun.", "Intramuscular fluids are begun."),
        (Bucket.SIDE, "Left arm and face are weak.", "Right arm and face are weak."),
        (Bucket.NEGATION, "She denies any fever.", "She reports fever."),
        (Bucket.NEGATION, "The test is positive.", "The test is negative."),
        (Bucket.NEGATION, "It is soft without guarding.", "It is soft with guarding."),
    ],
)
def test_what_a_family_makes(bucket: Bucket, before: str, after: str):
    assert made(bucket, before) == (before, after)


@pytest.mark.parametrize(
    ("bucket", "before", "after"),
    [
        (Bucket.UNIT, "She takes 1 mg.", "She takes 1 milligram."),
        (Bucket.UNIT, "It is 1 cm wide.", "It is 1 centimeter wide."),
        (Bucket.SYNONYM, "He uses an albuterol inhaler.", "He uses a salbutamol inhaler."),
        (Bucket.SYNONYM, "A chest x-ray shows a mass.", "A chest radiograph shows a mass."),
        (Bucket.SYNONYM, "The twins had a runny nose.", "The twins had rhinorrhea."),
        (Bucket.SYNONYM, "Pertussis is in the air.", "Whooping cough is in the air."),
        (Bucket.SYNONYM, "The patient was given heparin.", "The patient received heparin."),
        (Bucket.SYNONYM, "There is nuchal rigidity.", "There is neck stiffness."),
        (Bucket.ABBREVIATION, "An HIV test comes next.", "A human immunodeficiency virus test comes next."),
        (Bucket.ABBREVIATION, "An MRI of the knee is done.", "A magnetic resonance imaging scan of the knee is done."),
        (Bucket.ABBREVIATION, "A urinary tract infection is seen.", "A UTI is seen."),
        (Bucket.ABBREVIATION, "A Staphylococcus aureus abscess.", "An S. aureus abscess."),
    ],
)
def test_what_is_written_otherwise_is_still_english(bucket: Bucket, before: str, after: str):
    """By one of the family's rules: several may apply to a sentence."""
    assert after in {
        edited for seed in range(20) if (change := made(bucket, before, seed=seed)) for edited in change[1:]
    }


@pytest.mark.parametrize(
    ("bucket", "sentence"),
    [
        (Bucket.SIDE, "The pain is radiating to the left arm."),
        (Bucket.SIDE, "The left arm is weaker than the right arm."),
        (Bucket.SIDE, "There is right ventricular strain."),
        (Bucket.ROUTE, "He refused intravenous heparin."),
        (Bucket.UNIT, "Opening pressure is 30 cm H2O."),
        (Bucket.UNIT, "She is 8 weeks pregnant."),
        (Bucket.UNIT, "It began 3-4 weeks ago."),
        (Bucket.UNIT, "It began 3 - 4 weeks ago."),
        (Bucket.UNIT, "It began 1 to 2 weeks ago."),
        (Bucket.UNIT, "It began one or 2 weeks ago."),
        (Bucket.UNIT, "It began between 2 and 3 weeks ago."),
        (Bucket.UNIT, "It lasted for 2 weeks to 3 months."),
        (Bucket.UNIT, "It lasts for 2-3 weeks."),
        (Bucket.UNIT, "It lasted 1-2 days."),
        (Bucket.UNIT, "It lasted 2 days or longer."),
        (Bucket.UNIT, "He swims 2 days a week."),
        (Bucket.UNIT, "It is 1.5 mm wide."),
        (Bucket.UNIT, "It is 2-3 mm wide."),
        (Bucket.UNIT, "It is 2 x 3 mm wide."),
        (Bucket.UNIT, "Her temperature was 37.5-38.5 C."),
        (Bucket.UNIT, "Her temperature was 37.5 to 38.5 C."),
        (Bucket.UNIT, "It was 101 to 102.2 F (39.0 C)."),
        (Bucket.UNIT, "She takes two 500 mg tablets."),
        (Bucket.UNIT, "She is given a 500 mg oral tablet."),
        (Bucket.UNIT, "It rose from 38.5 C to 39.0 C."),
        (Bucket.UNIT, "It was 38.5 C or 39.5 C."),
        (Bucket.UNIT, "He has a 2 days history of it."),
        (Bucket.PARAPHRASE, "The tumor was diagnosed with biopsy."),
        (Bucket.PARAPHRASE, "A 1-year-old boy coughs."),
        (Bucket.UNIT, "She takes 0.5-1 mg."),
        (Bucket.SYNONYM, "Culture grows Bordetella pertussis."),
        (Bucket.SYNONYM, "Culture grows B. pertussis."),
        (Bucket.SYNONYM, "He had the acellular pertussis vaccine."),
        (Bucket.SYNONYM, "Dextrose was given."),
        (Bucket.SYNONYM, "Dextrose was given to the twins."),
        (Bucket.SYNONYM, "She has difficulty swallowing solid food."),
        (Bucket.SYNONYM, "She has dysphagia to solids."),
        (Bucket.SYNONYM, "The urticaria is itching."),
        (Bucket.SYNONYM, "The physician assistant calls."),
        (Bucket.SYNONYM, "After an hour he comes to."),
        (Bucket.SYNONYM, "He has neck stiffness."),
        (Bucket.PARAPHRASE, "A 30-year-old man's brother coughs."),
        (Bucket.ABBREVIATION, "The body mass index (BMI) is low."),
        (Bucket.ABBREVIATION, "Magnetic resonance imaging (MRI) is done."),
        (Bucket.ABBREVIATION, "CT head is normal."),
        (Bucket.ABBREVIATION, "It is common in 30- to 40-year-old men."),
        (Bucket.SYNONYM, "She has pulmonary hypertension."),
        (Bucket.ABBREVIATION, "It is stage IV."),
        (Bucket.NEGATION, "He takes it with food."),
    ],
)
def test_what_could_be_read_otherwise_is_left_alone(bucket: Bucket, sentence: str):
    assert made(bucket, sentence) is None


def test_a_temperature_is_converted_to_the_tenth(probes: tuple[Probe, ...]):
    for tenths in range(350, 415):
        before, after = made(Bucket.UNIT, f"It is {tenths / 10:.1f} C.") or ("", "")
        celsius, fahrenheit = (float(re.findall(r"[\d.]+(?= [CF])", text)[0]) for text in (before, after))
        assert abs((fahrenheit - 32) / 1.8 - celsius) < 0.05


@given(seed=st.integers(0, 2**32))
def test_garbage_lets_no_value_change_its_place(seed: int):
    _, edited = made(Bucket.GARBAGE, "Sodium is 140 mEq/L and potassium is 4 mEq/L.", seed=seed) or ("", "")
    assert "Sodium" not in edited


def test_notes_without_an_error_have_no_probe_of_a_clean_twin():
    clean = [note for note in NOTES if not note.has_error]
    assert {probe.bucket for probe in build_probes(clean, 64, seed=0)}.isdisjoint({*KNOWLEDGE, Bucket.CLEAN_TWIN})


def test_notes_that_give_no_error_are_refused():
    with pytest.raises(DataError, match="1 note"):
        build_probes([Note("note-1", ("Nothing is said.",), "group-1")], 16, seed=0)


def test_probes_are_made_of_exam_notes_too(medec_validation: tuple[Note, ...]):
    probes = build_probes(medec_validation, 160, seed=3)

    assert {probe.bucket for probe in probes} == set(Bucket)
    assert len(probes) == 160
