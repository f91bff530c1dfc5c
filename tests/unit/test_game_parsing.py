"""Answers are read exactly or not at all."""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medical_team.game.parsing import (
    MAX_ANSWER,
    MAX_VALUE,
    ParseViolation,
    Violation,
    parse_assessment,
    parse_edit,
    split_thinking,
)
from medical_team.game.prompts import TAGS, assessor_answer, attacker_answer
from medical_team.types import Assessment, Edit, ErrorType, Note, Verdict

NOTE = Note("n", tuple(f"Sentence number {number}." for number in range(12)), "g")
EDIT = Edit(4, "He got gentamicin.", ErrorType.PHARMACOTHERAPY)
HARMFUL = Assessment(Verdict.HARMFUL, 4, "He got: amoxicillin.")
EXPLAINED = replace(HARMFUL, explanation="The findings fit amoxicillin.")
SAFE = Assessment(Verdict.SAFE)

GOOD_EDIT = attacker_answer(EDIT, "Swap amoxicillin for gentamicin.")
GOOD_HARMFUL = assessor_answer(HARMFUL, "Sentence 4 does not fit.")
GOOD_EXPLAINED = assessor_answer(EXPLAINED, "Sentence 4 does not fit.")
GOOD_SAFE = assessor_answer(SAFE, "Nothing contradicts the findings.")


def violation(parse, text: str, **options: bool) -> Violation:
    with pytest.raises(ParseViolation) as caught:
        parse(text, NOTE, **options)
    return caught.value.code


def edit_lines(*lines: str) -> str:
    return "\n".join(["<think>x</think>", "<answer>", *lines, "</answer>"])


def test_the_format_is_the_documented_one():
    assert GOOD_EDIT == (
        "<think>Swap amoxicillin for gentamicin.</think>\n<answer>\n"
        "sentence: 4\ntype: pharmacotherapy\nreplacement: He got gentamicin.\n</answer>"
    )
    assert GOOD_SAFE == "<think>Nothing contradicts the findings.</think>\n<answer>\nverdict: Safe\n</answer>"
    lines = ["verdict: Harmful", "sentence: 4", "correction: He got: amoxicillin."]
    assert GOOD_HARMFUL.splitlines()[2:-1] == lines
    assert GOOD_EXPLAINED.splitlines()[2:-1] == [*lines, "explanation: The findings fit amoxicillin."]


def test_good_answers_parse():
    assert parse_edit(GOOD_EDIT, NOTE) == EDIT
    assert parse_assessment(GOOD_HARMFUL, NOTE) == HARMFUL
    assert parse_assessment(GOOD_SAFE, NOTE) == SAFE
    assert parse_assessment(GOOD_EXPLAINED, NOTE, explain=True) == EXPLAINED
    assert parse_assessment(GOOD_SAFE, NOTE, explain=True) == SAFE
    assert parse_edit(f"\n  {GOOD_EDIT} \n\n", NOTE) == EDIT
    assert split_thinking(GOOD_SAFE) == ("Nothing contradicts the findings.", "verdict: Safe")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", Violation.NO_THINK),
        ("The note is fine.", Violation.NO_THINK),
        ("<answer>\nverdict: Safe\n</answer>", Violation.NO_THINK),
        ("<think>x", Violation.UNCLOSED_THINK),
        ("<think>x</think>", Violation.NO_ANSWER),
        ("<think>x</think>\nverdict: Safe", Violation.NO_ANSWER),
        ("<think>x</think><answer>\nverdict: Safe", Violation.UNCLOSED_ANSWER),
        (f"Sure! {GOOD_SAFE}", Violation.TEXT_OUTSIDE),
        (f"{GOOD_SAFE}\nI hope that helps.", Violation.TEXT_OUTSIDE),
        (GOOD_SAFE + GOOD_SAFE, Violation.TEXT_OUTSIDE),
        ("<think>x</think> so <answer>\nverdict: Safe\n</answer>", Violation.TEXT_OUTSIDE),
        ("<think><think>x</think><answer>\nverdict: Safe\n</answer>", Violation.NESTED_TAG),
        ("<think>x<answer></think><answer>\nverdict: Safe\n</answer>", Violation.NESTED_TAG),
        ("<think>x</think><answer>\n<answer>verdict: Safe\n</answer>", Violation.NESTED_TAG),
        (edit_lines("verdict: safe"), Violation.UNKNOWN_VERDICT),
        (edit_lines("verdict: HARMFUL"), Violation.UNKNOWN_VERDICT),
        (edit_lines("verdict: Safe."), Violation.UNKNOWN_VERDICT),
        (edit_lines("verdict: Safe or Harmful"), Violation.UNKNOWN_VERDICT),
        (edit_lines("verdict:"), Violation.EMPTY_VALUE),
        (edit_lines(), Violation.BAD_LINE),
        (edit_lines("Safe"), Violation.BAD_LINE),
        (edit_lines("sentence: 4"), Violation.MISSING_KEY),
        (edit_lines("Verdict: Safe"), Violation.MISSING_KEY),
        (edit_lines("verdict: Safe", "sentence: 4"), Violation.UNKNOWN_KEY),
        (edit_lines("verdict: Safe", "verdict: Safe"), Violation.DUPLICATE_KEY),
        (edit_lines("verdict: Safe", "verdict: Harmful"), Violation.DUPLICATE_KEY),
        (edit_lines("verdict: Harmful", "sentence: 4"), Violation.MISSING_KEY),
        (edit_lines("verdict: Harmful", "correction: x", "sentence: 4"), Violation.WRONG_ORDER),
        (edit_lines("verdict: Harmful", "sentence: 4", "correction: " + "x" * (MAX_VALUE + 1)), Violation.TOO_LONG),
        (edit_lines(*["a: b"] * MAX_ANSWER), Violation.TOO_LONG),
        (GOOD_EXPLAINED, Violation.UNKNOWN_KEY),
        (edit_lines("verdict: Harmful", "", "sentence: 4"), Violation.BAD_LINE),
    ],
)
def test_an_assessment_out_of_format_is_refused(text, code):
    assert violation(parse_assessment, text) is code


def test_an_explanation_that_is_asked_for_is_given():
    assert violation(parse_assessment, GOOD_HARMFUL, explain=True) is Violation.MISSING_KEY


def test_values_are_bounded_and_the_reasoning_is_not():
    longest = "x" * MAX_VALUE
    for text, parse, value in (
        (edit_lines("sentence: 4", "type: treatment", f"replacement: {longest}"), parse_edit, "replacement"),
        (edit_lines("verdict: Harmful", "sentence: 4", f"correction:  {longest} "), parse_assessment, "correction"),
    ):
        assert getattr(parse(text.replace("<think>x", "<think>" + "why " * 50_000), NOTE), value) == longest
        assert violation(parse, text.replace(longest, longest + "x")) is Violation.TOO_LONG
    both = edit_lines("verdict: Harmful", "sentence: 4", f"correction: {longest}", f"explanation: {longest}")
    assert parse_assessment(both, NOTE, explain=True) == Assessment(Verdict.HARMFUL, 4, longest, longest)


@pytest.mark.parametrize("sentence", ["04", "+4", "-1", "4.", "4.0", "٤", "\uff14", "4 ", "four", "0x4", "4,5", "²"])
def test_only_a_plain_decimal_number_is_a_sentence_id(sentence):
    text = edit_lines(f"sentence: {sentence}", "type: treatment", "replacement: x")
    if sentence.strip() == "4":
        assert parse_edit(text, NOTE).sentence_id == 4
    else:
        assert violation(parse_edit, text) is Violation.BAD_SENTENCE_ID


@pytest.mark.parametrize("sentence", ["12", "99", "1" + "0" * 900])
def test_a_sentence_that_is_not_there_is_refused(sentence):
    text = edit_lines(f"sentence: {sentence}", "type: treatment", "replacement: x")
    assert violation(parse_edit, text) is Violation.SENTENCE_OUT_OF_RANGE


def test_error_types_are_spelt_as_medec_spells_them():
    text = edit_lines("sentence: 4", "type: {}", "replacement: x")
    assert parse_edit(text.format("causalOrganism"), NOTE).error_type is ErrorType.CAUSAL_ORGANISM
    for spelling in ("causalorganism", "Treatment", "diagnosis|management", "dose"):
        assert violation(parse_edit, text.format(spelling)) is Violation.UNKNOWN_TYPE


def test_a_truncated_answer_is_blamed_on_the_limit_unless_it_parses():
    assert violation(parse_assessment, GOOD_HARMFUL[:-12], truncated=True) is Violation.TRUNCATED
    assert violation(parse_assessment, GOOD_HARMFUL[:-12]) is Violation.UNCLOSED_ANSWER
    assert parse_assessment(GOOD_HARMFUL, NOTE, truncated=True) == HARMFUL


def test_a_violation_survives_pickling():
    assert pickle.loads(pickle.dumps(ParseViolation(Violation.BAD_LINE))).code is Violation.BAD_LINE


def test_an_answer_with_a_line_break_cannot_be_written():
    with pytest.raises(ValueError, match="replacement"):
        attacker_answer(Edit(1, "two\nlines", ErrorType.TREATMENT), "x")
    with pytest.raises(ValueError, match="correction"):
        assessor_answer(Assessment(Verdict.HARMFUL, 1), "x")


PIECES = (*TAGS, "verdict: ", "Safe", "Harmful", "sentence: ", "4", "type: ", "treatment", "replacement: ", "\n", "\r")
almost_answers = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=24).map("".join)


@given(text=st.text() | almost_answers, truncated=st.booleans())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_text_parses_or_is_a_violation(text, truncated):
    for parse in (parse_edit, parse_assessment, partial(parse_assessment, explain=True)):
        try:
            parse(text, NOTE, truncated=truncated)
        except ParseViolation as caught:
            assert isinstance(caught.code, Violation)


@given(cut=st.integers(0, len(GOOD_HARMFUL) - 1), added=st.text(min_size=1, max_size=3))
def test_no_part_of_an_answer_is_taken_for_it(cut, added):
    assert violation(parse_assessment, GOOD_HARMFUL[:cut]) in set(Violation)
    if added.strip():
        assert violation(parse_assessment, GOOD_HARMFUL + added) is Violation.TEXT_OUTSIDE


lines = (
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\n\r"), min_size=1)
    .map(str.strip)
    .filter(lambda text: text and not any(tag in text for tag in TAGS))
)


@given(
    sentence_id=st.integers(0, 11),
    error_type=st.sampled_from(ErrorType),
    verdict=st.sampled_from(Verdict),
    first=lines,
    second=lines | st.none(),
    thinking=lines,
)
def test_what_is_written_is_what_is_read(sentence_id, error_type, verdict, first, second, thinking):
    explain = second is not None
    edit = Edit(sentence_id, first, error_type)
    assert parse_edit(attacker_answer(edit, thinking), NOTE) == edit
    assessment = Assessment(verdict, sentence_id, first, second) if verdict is Verdict.HARMFUL else SAFE
    text = assessor_answer(assessment, thinking)
    assert parse_assessment(text, NOTE, explain=explain) == assessment
    assert split_thinking(text)[0] == thinking
    assert assessor_answer(parse_assessment(text, NOTE, explain=explain), thinking) == text


def test_long_hostile_texts_are_read_in_linear_time():
    for piece in ("<think>", "</think>", "<answer>", "a: b\n", "a: ", " ", "<"):
        violation(parse_assessment, "<think>x</think><answer>" + piece * 200_000 + "</answer>")
        violation(parse_edit, piece * 200_000)
