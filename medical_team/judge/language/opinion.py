"""A language model's answer: the schema that constrains it, its validation, and the audit that comes of it.

Reasons come first, since a model that has written them down answers better; nothing reads them afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from medical_team.errors import ConfigError, JudgeAbstained, JudgeMalformed
from medical_team.types import Audit

# Printable ASCII without quote and backslash: nothing has to be escaped, and a token is one character at least.
_PLAIN = r"[ !#-\[\]-~]"
# xgrammar 0.2.8 compiles a repetition of up to 128 characters, and fails on a longer one.
_LONGEST_REASONS = 120
_SHORTEST_REASONS = 16

_YES_NO: Mapping[str | None, bool] = {"yes": True, "no": False}


class Finding(StrEnum):
    """Does the edit make the note wrong?"""

    ERROR = "error"
    NO_ERROR = "no_error"
    UNSURE = "unsure"


class Opinion(BaseModel):
    """The answer, validated. A model that is free to write JSON as it likes must still write exactly this."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    difference: str
    reasons: str
    is_error: Finding
    realism: Literal[0, 1, 2]
    keeps_to_type: Literal["yes", "no"]
    explanation: Literal["yes", "no", "not_given"] | None = None
    correction: Literal["yes", "no"] | None = None


def answer_schema(max_tokens: int, *, reviewed: bool) -> dict[str, Any]:
    """JSON schema of an answer that ends within ``max_tokens``, whatever the tokenizer: one token a character fits.

    ``reviewed`` says whether the assessor's explanation and correction are asked about.

    Raises:
        ConfigError: So few tokens hold no answer.
    """
    text = {"type": "string", "pattern": f"^{_PLAIN}{{0,{reasons_length(max_tokens)}}}$"}
    properties: dict[str, Any] = {
        "difference": text,
        "reasons": text,
        "is_error": _one_of(*Finding),
        "realism": {"type": "integer", "enum": [0, 1, 2]},
        "keeps_to_type": _one_of("yes", "no"),
    }
    if reviewed:
        properties["explanation"] = _one_of("yes", "no", "not_given")
        properties["correction"] = _one_of("yes", "no")
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def reasons_length(max_tokens: int) -> int:
    """Characters that each of the two free texts may have.

    Raises:
        ConfigError: So few tokens hold no answer.
    """
    longest = Opinion(
        difference="",
        reasons="",
        is_error=Finding.NO_ERROR,
        realism=0,
        keeps_to_type="yes",
        explanation="not_given",
        correction="yes",
    )
    frame = len(json.dumps(longest.model_dump())) + 1  # and the token that ends it
    if (max_tokens - frame) // 2 < _SHORTEST_REASONS:
        raise ConfigError(
            f"judge.llm.max_new_tokens = {max_tokens} is too short for an answer with reasons: set "
            f"{frame + 2 * _SHORTEST_REASONS} or more"
        )
    return min((max_tokens - frame) // 2, _LONGEST_REASONS)


def read_opinion(answer: str, *, reviewed: bool) -> Opinion:
    """The opinion that the answer is, to the letter; ``reviewed`` as in ``answer_schema``.

    Raises:
        JudgeMalformed: It is none. The message says where, and holds nothing of the answer.
    """
    try:
        opinion = Opinion.model_validate_json(answer)
    except ValidationError as error:
        # "from None": the original exception quotes the answer, which may quote the note.
        raise JudgeMalformed(f"the answer is no audit: {_where(error)}") from None
    for name in ("explanation", "correction"):
        if (getattr(opinion, name) is not None) != reviewed:
            raise JudgeMalformed(f"the answer is no audit: {name}, given and not asked for or the other way round")
    return opinion


def audit_of(opinion: Opinion, judge: str) -> Audit:
    """The opinion as an audit; its texts end here.

    Raises:
        JudgeAbstained: The model is not sure.
    """
    if opinion.is_error is Finding.UNSURE:
        raise JudgeAbstained("the model is not sure")
    return Audit(
        is_error=opinion.is_error is Finding.ERROR,
        judge=judge,
        reason=f"llm_{opinion.is_error.value}",
        realism=opinion.realism / 2,
        keeps_to_type=opinion.keeps_to_type == "yes",
        explanation_right=_YES_NO.get(opinion.explanation),
        correction_right=_YES_NO.get(opinion.correction),
    )


def _one_of(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": [str(value) for value in values]}


def _where(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    # Names of keys that are not ours are the model's own text.
    known = [str(part) for part in first["loc"] if part in Opinion.model_fields]
    return f"{'.'.join(known) or 'the object'}, {first['type']}"
