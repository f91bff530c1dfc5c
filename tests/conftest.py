"""Notes that many tests use. Rooms with needs of their own keep their fixtures in their test files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from medical_team.types import ErrorType, Note

# No test asserts on the clock: a machine that is busy with something else must not fail one.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture
def error_note() -> Note:
    return Note(
        note_id="error-1",
        sentences=(
            "A 34-year-old man has had fever and a productive cough for 3 days.",
            "His temperature is 38.5 C and crackles are heard over the right lower lobe.",
            "A chest radiograph shows a lobar infiltrate.",
            "The causal organism is Escherichia coli.",
            "He was started on amoxicillin and told to come back in two days.",
        ),
        group="case-1",
        error_type=ErrorType.CAUSAL_ORGANISM,
        error_sentence_id=3,
        corrected_sentence="The causal organism is Streptococcus pneumoniae.",
    )


@pytest.fixture
def clean_note() -> Note:
    return Note(
        note_id="clean-1",
        sentences=(
            "A 58-year-old woman comes for a check of her blood pressure.",
            "It is 152/94 mm Hg, and potassium is 4.1 mEq/L.",
            "She has type 2 diabetes with albumin in her urine.",
            "She was started on lisinopril because of the albuminuria.",
            "Follow-up is in four weeks.",
        ),
        group="case-2",
    )


@pytest.fixture(scope="session")
def medec_validation() -> tuple[Note, ...]:
    """MEDEC's validation split, where ``MEDEC_DIR`` says that it is there."""
    folder = os.environ.get("MEDEC_DIR")
    if not folder:
        pytest.skip("MEDEC_DIR is not set: no MEDEC files to test with")
    from medical_team.data.medec import find_split, read_medec

    return read_medec(find_split(Path(folder), "validation")).notes
