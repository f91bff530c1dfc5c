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


def test_every_edit_but_a_no_op_passes_for_one_or_is_garbage(probes: tuple[Probe, ...]):
    """Construction confirms whatever changes a word: that is why it is not enough."""
    judge = RuleJudge(GatesConfig())
    for probe in probes:
        if probe.bucket is not Bucket.GARBAGE:
            assert judge.decide(probe.request).is_error is (probe.bucket is not Bucket.NO_OP), probe.probe_id


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
    ("bucket", "sentence"),
    [
        (Bucket.SIDE, "The pain is radiating to the left arm."),
        (Bucket.SIDE, "The left arm is weaker than the right arm."),
        (Bucket.SIDE, "There is right ventricular strain."),
        (Bucket.ROUTE, "He refused intravenous heparin."),
        (Bucket.UNIT, "Opening pressure is 30 cm H2O."),
        (Bucket.UNIT, "She is 8 weeks pregnant."),
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
