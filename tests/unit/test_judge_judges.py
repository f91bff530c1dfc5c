"""The judges in this process."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from medical_team.config import GatesConfig
from medical_team.data.synthetic.compose import compose_notes
from medical_team.errors import ConfigError
from medical_team.game.edits import apply_edit, corrected_note
from medical_team.judge import AuditRequest, make_judge
from medical_team.types import Audit, Edit, ErrorType, GameType, Note


def request(note: Note, sentence_id: int, replacement: str) -> AuditRequest:
    edit = Edit(sentence_id, replacement, ErrorType.PHARMACOTHERAPY)
    game_type = GameType.ADVERSARIAL_HARMFUL if note.has_error else GameType.ADVERSARIAL_BENIGN
    return AuditRequest(7, game_type, note, edit, apply_edit(corrected_note(note), edit))


def audit(name: str, *requests: AuditRequest) -> list[Audit]:
    audits = asyncio.run(make_judge(name, GatesConfig()).audit(requests, deadline_s=1.0))
    assert all(isinstance(answer, Audit) for answer in audits)
    return audits  # pyright: ignore[reportReturnType]


HOT = ("A man has a fever.", "His temperature is 38.1 C.")
FEVERISH = Note("hot-1", HOT, "hot")
TOO_HOT = "His temperature is 83.1 C."


def test_the_rule_judge_confirms_what_cannot_be() -> None:
    (answer,) = audit("rule", request(FEVERISH, 1, TOO_HOT))
    assert (answer.is_error, answer.realism, answer.judge, answer.reason) == (True, None, "rule-2", "quantity")


def test_the_rule_judge_cannot_tell_what_no_rule_knows(clean_note: Note) -> None:
    (answer,) = audit("rule", request(clean_note, 3, "She was started on vegetables because of the albuminuria."))
    assert (answer.is_error, answer.reason) == (None, "untold")


def test_the_rule_judge_denies_the_way_back_to_the_gold_correction(error_note: Note) -> None:
    (answer,) = audit("rule", request(error_note, 3, "The causal organism is streptococcus pneumoniae"))
    assert (answer.is_error, answer.reason) == (False, "restores_correction")


def test_the_rule_judge_denies_a_copy(clean_note: Note) -> None:
    (answer,) = audit("rule", request(clean_note, 3, clean_note.sentences[3]))
    assert answer.is_error is False


def test_the_rule_judge_cannot_tell_what_a_gate_forbids(clean_note: Note) -> None:
    (answer,) = audit("rule", request(clean_note, 3, "She was started on an incorrect drug."))
    assert (answer.is_error, answer.reason) == (None, "says_error")


def test_the_rule_judge_notices_a_note_that_is_not_what_the_edit_makes_of_it(clean_note: Note) -> None:
    right = request(clean_note, 3, "She was started on spironolactone because of the albuminuria.")
    sentences = ("Another sentence.", *right.shown.sentences[1:])
    (answer,) = audit("rule", replace(right, shown=replace(right.shown, sentences=sentences)))
    assert (answer.is_error, answer.reason) == (None, "not_as_constructed")


def test_audits_come_in_the_order_of_the_requests(clean_note: Note) -> None:
    good = request(FEVERISH, 1, TOO_HOT)
    copy = request(clean_note, 3, clean_note.sentences[3])
    assert [answer.is_error for answer in audit("rule", good, copy, good)] == [True, False, True]


@pytest.fixture(scope="module")
def synthetic_twins() -> tuple[Note, Note]:
    """An error note of the project's own, and the same note without its error."""
    error = next(note for note in compose_notes(60, seed=1) if note.has_error)
    return error, corrected_note(error)


def test_the_exact_judge_knows_the_gold_error(synthetic_twins: tuple[Note, Note]) -> None:
    error, clean = synthetic_twins
    assert error.error_sentence_id is not None
    (answer,) = audit("exact", request(clean, error.error_sentence_id, error.sentences[error.error_sentence_id]))
    assert (answer.is_error, answer.realism, answer.judge) == (True, 1.0, "exact-1")


def test_the_exact_judge_knows_the_gold_correction(synthetic_twins: tuple[Note, Note]) -> None:
    error, _ = synthetic_twins
    assert error.error_sentence_id is not None and error.corrected_sentence is not None
    (answer,) = audit("exact", request(error, error.error_sentence_id, error.corrected_sentence))
    assert answer.is_error is False


def test_the_exact_judge_says_when_it_cannot_tell(synthetic_twins: tuple[Note, Note]) -> None:
    _, clean = synthetic_twins
    (answer,) = audit("exact", request(clean, 0, "Something that no table of facts has ever heard of."))
    assert (answer.is_error, answer.realism, answer.reason) == (None, None, "untold")


def test_an_unknown_judge_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"oracle.*rule, exact"):
        make_judge("oracle")
