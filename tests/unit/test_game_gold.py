"""Gold turns parse, tell the truth and pass the gates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medical_team.config import GatesConfig
from medical_team.game.edits import corrected_note
from medical_team.game.gates import check_edit
from medical_team.game.gold import QUOTED_WORDS, gold_turns, quoted_difference
from medical_team.game.parsing import parse_assessment, parse_edit, split_thinking
from medical_team.game.prompts import assessor_messages, attacker_messages
from medical_team.types import Note, Role, Verdict


def test_an_error_note_gives_a_turn_to_each_role(error_note):
    attacker, assessor = gold_turns(error_note)
    assert (attacker.role, assessor.role) == (Role.ATTACKER, Role.ASSESSOR)
    assert attacker.messages == attacker_messages(corrected_note(error_note))
    edit = parse_edit(attacker.answer, error_note)
    assert edit.replacement == error_note.sentences[3] and edit.error_type is error_note.error_type
    assert assessor.messages == assessor_messages(error_note)
    answer = parse_assessment(assessor.answer, error_note)
    assert (answer.verdict, answer.sentence_id) == (Verdict.HARMFUL, 3)
    assert (answer.correction, answer.explanation) == (error_note.corrected_sentence, None)


def test_an_explanation_is_given_where_one_is_asked_for(error_note, clean_note):
    for note in (error_note, clean_note):
        turn = gold_turns(note, explain=True)[-1]
        assert turn.messages == assessor_messages(note, explain=True) != assessor_messages(note)
        answer = parse_assessment(turn.answer, note, explain=True)
        assert (answer.explanation is not None) is note.has_error


def test_a_clean_note_is_safe(clean_note):
    (turn,) = gold_turns(clean_note)
    assert turn.role is Role.ASSESSOR and turn.messages == assessor_messages(clean_note)
    assert parse_assessment(turn.answer, clean_note).verdict is Verdict.SAFE


def test_the_reasoning_is_made_from_what_differs(error_note):
    attacker, assessor = (split_thinking(turn.answer)[0] for turn in gold_turns(error_note))
    corrected = error_note.corrected_sentence
    swap = "Swap Streptococcus pneumoniae for Escherichia coli, a wrong causalOrganism."
    assert attacker == f"Sentence 3 says: {corrected} {swap}"
    assert assessor == ("The findings do not fit Escherichia coli in sentence 3.")


def test_a_donor_gives_a_turn_that_makes_an_error_harder(error_note):
    donor = replace(
        error_note,
        note_id="other",
        group="other",
        sentences=("She is pregnant.", "Her knee hurts badly."),
        error_sentence_id=1,
        corrected_sentence="Her head hurts badly.",
    )
    turn = gold_turns(error_note, donor)[-1]
    prompt = turn.messages[-1]["content"]
    assert turn.role is Role.ATTACKER
    grafted = error_note.sentences[3].replace("Escherichia coli", "knee")
    assert "Present error: sentence 3\n" in prompt and f"3 {grafted}" in prompt
    assert "Escherichia" not in prompt and "Streptococcus" not in prompt
    assert grafted in split_thinking(turn.answer)[0]
    edit = parse_edit(turn.answer, error_note)
    assert edit.replacement == error_note.sentences[3]
    assert check_edit(edit, corrected_note(error_note), GatesConfig()) is None


def test_a_donor_is_an_error_note_about_another_case(error_note, clean_note):
    for donor in (clean_note, error_note):
        with pytest.raises(ValueError, match="donor"):
            gold_turns(error_note, donor)


@pytest.mark.parametrize(
    ("right", "wrong", "quoted"),
    [
        ("He has a rash.", "He has a fever.", ("rash", "fever")),
        ("He has a mild rash.", "He has a rash.", ("a mild", "a")),
        ("Rest is advised.", "Bed rest is advised.", ("Rest", "Bed rest")),
        ("a b c d e f g h", "i j k l m n o p", ("a b c d e", "i j k l m")),
        ("x", "y", ("x", "y")),
    ],
)
def test_a_difference_is_quoted_shortly_and_never_empty(right, wrong, quoted):
    assert quoted_difference(right, wrong) == quoted


def test_medec_gold_turns_parse_and_are_short(medec_validation):
    turns = [(turn, note) for note in medec_validation for turn in gold_turns(note)]
    assert len(turns) == 574 + 319
    for turn, note in turns:
        read = parse_edit if turn.role is Role.ATTACKER else parse_assessment
        read(turn.answer, note)
        thinking, _ = split_thinking(turn.answer)
        repeated = max(len(sentence.split()) for sentence in (*note.sentences, note.corrected_sentence or ""))
        assert 0 < len(thinking.split()) <= 2 * QUOTED_WORDS + 9 + repeated * (turn.role is Role.ATTACKER)
        assert _untold(turn.messages, note)


def _untold(messages: list[dict[str, str]], note: Note) -> bool:
    """The prompt says nothing of the annotation that its own sentences do not say."""
    return note.note_id not in messages[-1]["content"]
