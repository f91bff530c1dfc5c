"""A model's answer: schema, validation, audit."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medical_team.config import LlmJudgeConfig
from medical_team.errors import ConfigError, JudgeAbstained, JudgeMalformed
from medical_team.judge.language.opinion import answer_schema, audit_of, read_opinion, reasons_length

ANSWER = {
    "difference": "spironolactone for lisinopril",
    "reasons": "an ACE inhibitor is first",
    "is_error": "error",
    "realism": 2,
    "keeps_to_type": "yes",
}


def read(asked: bool = False, **changes: object):
    return read_opinion(json.dumps(ANSWER | changes), reviewed=asked)


@pytest.mark.parametrize(
    ("is_error", "verdict", "reason"), [("error", True, "llm_error"), ("no_error", False, "llm_no_error")]
)
def test_an_answer_becomes_an_audit_without_its_text(is_error: str, verdict: bool, reason: str) -> None:
    audit = audit_of(read(is_error=is_error, realism=1, keeps_to_type="no"), "model/audit-1")
    assert (audit.is_error, audit.reason, audit.judge) == (verdict, reason, "model/audit-1")
    assert (audit.realism, audit.keeps_to_type, audit.explanation_right) == (0.5, False, None)
    assert "lisinopril" not in repr(audit)


@pytest.mark.parametrize(("said", "right"), [("yes", True), ("no", False), ("not_given", None)])
def test_explanation_and_correction_are_audited_where_they_were_asked_about(said: str, right: bool | None) -> None:
    audit = audit_of(read(asked=True, explanation=said, correction="no"), "m")
    assert audit.explanation_right is right and audit.correction_right is False
    assert audit_of(read(asked=True, explanation=said, correction="yes"), "m").correction_right is True


def test_a_model_that_is_not_sure_abstains() -> None:
    with pytest.raises(JudgeAbstained):
        audit_of(read(is_error="unsure"), "m")


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[]",
        "The edit is an error.",
        json.dumps(ANSWER)[:-1],
        json.dumps(ANSWER) + " and more",
        "```json\n" + json.dumps(ANSWER) + "\n```",
        json.dumps(ANSWER | {"is_error": "Error"}),
        json.dumps(ANSWER | {"is_error": True}),
        json.dumps(ANSWER | {"realism": 3}),
        json.dumps(ANSWER | {"realism": "2"}),
        json.dumps(ANSWER | {"secret-name": "x"}),
        json.dumps(ANSWER | {"explanation": "yes"}),
        json.dumps(ANSWER | {"correction": "yes"}),
        json.dumps({key: value for key, value in ANSWER.items() if key != "realism"}),
    ],
)
def test_nothing_is_guessed_from_what_is_no_answer(answer: str) -> None:
    with pytest.raises(JudgeMalformed) as refused:
        read_opinion(answer, reviewed=False)
    assert refused.value.__cause__ is None
    for text in ("lisinopril", "ACE", "secret-name"):
        assert text not in str(refused.value)


@pytest.mark.parametrize("given", [{}, {"explanation": "yes"}, {"correction": "yes"}])
def test_what_was_asked_about_is_not_left_out(given: dict[str, str]) -> None:
    with pytest.raises(JudgeMalformed):
        read(asked=True, **given)


@settings(max_examples=40)
@given(st.booleans(), st.integers(min_value=192, max_value=600), st.data())
def test_every_answer_the_schema_allows_is_read_and_fits(reviewed: bool, max_tokens: int, data) -> None:
    schema = answer_schema(max_tokens, reviewed=reviewed)
    text = st.from_regex(re.compile(schema["properties"]["reasons"]["pattern"].removesuffix("$") + r"\Z"))
    answer = {
        name: data.draw(text if "pattern" in of else st.sampled_from(of["enum"]))
        for name, of in schema["properties"].items()
    }
    jsonschema.validate(answer, schema)
    written = json.dumps(answer)
    read_opinion(written, reviewed=reviewed)
    assert len(written.encode()) + 1 <= max_tokens  # one token a byte, and the one that ends it


@pytest.mark.parametrize("max_tokens", [192, 200, 320, 4096])
def test_the_longest_answer_fits(max_tokens: int) -> None:
    longest = {
        name: "x" * reasons_length(max_tokens)
        if "pattern" in of
        else max(of["enum"], key=lambda value: len(str(value)))
        for name, of in answer_schema(max_tokens, reviewed=True)["properties"].items()
    }
    jsonschema.validate(longest, answer_schema(max_tokens, reviewed=True))
    assert len(json.dumps(longest)) + 1 <= max_tokens


def test_reasons_come_before_what_they_are_reasons_for() -> None:
    assert list(answer_schema(320, reviewed=True)["properties"])[:3] == ["difference", "reasons", "is_error"]


def test_the_default_leaves_room_for_reasons_and_no_less_than_the_least_is_taken() -> None:
    assert reasons_length(LlmJudgeConfig().max_new_tokens) >= 80
    reasons_length(192)
    with pytest.raises(ConfigError, match="max_new_tokens"):
        reasons_length(120)
