"""Reading answers: an ``Edit`` or an ``Assessment``, or the reason why there is none.

Never guesses and never repairs: whatever is not exactly the format of ``prompts`` is a ``ParseViolation`` with its
code, and the manager turns that into an outcome. Plain string search, linear in the text. The reasoning may be of any
length and is only kept; values are bounded, so that whatever works on them has a bounded amount of work.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from medical_team.errors import MedicalTeamError
from medical_team.game.prompts import (
    ANSWER_CLOSE,
    ANSWER_OPEN,
    EDIT_KEYS,
    EXPLAINED_KEYS,
    HARMFUL_KEYS,
    SAFE_KEYS,
    TAGS,
    THINK_CLOSE,
    THINK_OPEN,
)
from medical_team.types import Assessment, Edit, ErrorType, Note, Verdict

T = TypeVar("T")

MAX_VALUE = 1000
"""Characters of one value; the longest sentence of MEDEC's validation split has 302."""
MAX_ANSWER = 2 * MAX_VALUE + 200
"""Characters between the answer's tags: two values of any length, the short ones, keys and blanks."""


class Violation(StrEnum):
    """Why an answer does not parse."""

    NO_THINK = "no_think"
    """It does not open with ``<think>``."""
    UNCLOSED_THINK = "unclosed_think"
    """There is no ``</think>``."""
    NO_ANSWER = "no_answer"
    """There is no ``<answer>``."""
    UNCLOSED_ANSWER = "unclosed_answer"
    """There is no ``</answer>``."""
    TEXT_OUTSIDE = "text_outside"
    """Something stands before, between or after the two blocks."""
    NESTED_TAG = "nested_tag"
    """A tag stands inside a block."""
    BAD_LINE = "bad_line"
    """A line of the answer is no ``key: value``."""
    UNKNOWN_KEY = "unknown_key"
    """A key that this answer does not have."""
    DUPLICATE_KEY = "duplicate_key"
    MISSING_KEY = "missing_key"
    WRONG_ORDER = "wrong_order"
    """All keys are there, not in the order asked for."""
    EMPTY_VALUE = "empty_value"
    TOO_LONG = "too_long"
    """A value has more than ``MAX_VALUE`` characters, or the whole answer more than ``MAX_ANSWER``."""
    BAD_SENTENCE_ID = "bad_sentence_id"
    """Not a plain decimal number."""
    SENTENCE_OUT_OF_RANGE = "sentence_out_of_range"
    """The note has no such sentence."""
    UNKNOWN_VERDICT = "unknown_verdict"
    UNKNOWN_TYPE = "unknown_type"
    TRUNCATED = "truncated"
    """It does not parse, and the token limit had ended it."""


class ParseViolation(MedicalTeamError):
    """An answer is not in the format; ``code`` says why."""

    def __init__(self, code: Violation) -> None:
        super().__init__(code)
        self.code = code


def parse_edit(text: str, note: Note, *, truncated: bool = False) -> Edit:
    """An attacker's answer about ``note``.

    Raises:
        ParseViolation: It is not in the format, or names a sentence that the note does not have.
    """
    return _blame_truncation(lambda: _read_edit(text, note), truncated)


def parse_assessment(text: str, note: Note, *, truncated: bool = False, explain: bool = False) -> Assessment:
    """An assessor's answer about ``note``; raises as ``parse_edit`` does.

    A Harmful answer has an explanation exactly where ``assessor_messages`` was asked with the same ``explain``.
    """
    return _blame_truncation(lambda: _read_assessment(text, note, explain), truncated)


def split_thinking(text: str) -> tuple[str, str]:
    """The reasoning and the body of the answer, both without blanks around them.

    Raises:
        ParseViolation: The two blocks are not exactly the text.
    """
    text = text.strip()
    if not text.startswith(THINK_OPEN):
        raise ParseViolation(Violation.TEXT_OUTSIDE if THINK_OPEN in text else Violation.NO_THINK)
    thinking, closed, rest = text.removeprefix(THINK_OPEN).partition(THINK_CLOSE)
    if not closed:
        raise ParseViolation(Violation.UNCLOSED_THINK)
    between, opened, rest = rest.partition(ANSWER_OPEN)
    if not opened:
        raise ParseViolation(Violation.NO_ANSWER)
    body, closed, after = rest.partition(ANSWER_CLOSE)
    if not closed:
        raise ParseViolation(Violation.UNCLOSED_ANSWER)
    if between.strip() or after.strip():
        raise ParseViolation(Violation.TEXT_OUTSIDE)
    if any(tag in block for tag in TAGS for block in (thinking, body)):
        raise ParseViolation(Violation.NESTED_TAG)
    return thinking.strip(), body.strip()


def _blame_truncation(read: Callable[[], T], truncated: bool) -> T:
    try:
        return read()
    except ParseViolation:
        if truncated:
            raise ParseViolation(Violation.TRUNCATED) from None
        raise


def _read_edit(text: str, note: Note) -> Edit:
    _, body = split_thinking(text)
    sentence, error_type, replacement = _in_order(_read_lines(body), EDIT_KEYS)
    sentence_id = _read_sentence_id(sentence, note)
    if error_type not in tuple(ErrorType):
        raise ParseViolation(Violation.UNKNOWN_TYPE)
    return Edit(sentence_id, replacement, ErrorType(error_type))


def _read_assessment(text: str, note: Note, explain: bool) -> Assessment:
    _, body = split_thinking(text)
    lines = _read_lines(body)
    verdict = next((value for key, value in lines if key == "verdict"), None)
    if verdict is None:
        raise ParseViolation(Violation.MISSING_KEY)
    if verdict == Verdict.SAFE:
        _in_order(lines, SAFE_KEYS)
        return Assessment(Verdict.SAFE)
    if verdict != Verdict.HARMFUL:
        raise ParseViolation(Violation.UNKNOWN_VERDICT)
    _, sentence, *texts = _in_order(lines, EXPLAINED_KEYS if explain else HARMFUL_KEYS)
    return Assessment(Verdict.HARMFUL, _read_sentence_id(sentence, note), *texts)


def _read_lines(body: str) -> list[tuple[str, str]]:
    if len(body) > MAX_ANSWER:
        raise ParseViolation(Violation.TOO_LONG)
    lines = []
    for line in body.split("\n"):
        key, colon, value = line.partition(":")
        if not colon:
            raise ParseViolation(Violation.BAD_LINE)
        if not value.strip():
            raise ParseViolation(Violation.EMPTY_VALUE)
        if len(value.strip()) > MAX_VALUE:
            raise ParseViolation(Violation.TOO_LONG)
        lines.append((key, value.strip()))
    return lines


def _in_order(lines: list[tuple[str, str]], keys: tuple[str, ...]) -> list[str]:
    found = [key for key, _ in lines]
    if any(key not in keys for key in found):
        raise ParseViolation(Violation.UNKNOWN_KEY)
    if len(set(found)) != len(found):
        raise ParseViolation(Violation.DUPLICATE_KEY)
    if len(found) != len(keys):
        raise ParseViolation(Violation.MISSING_KEY)
    if tuple(found) != keys:
        raise ParseViolation(Violation.WRONG_ORDER)
    return [value for _, value in lines]


def _read_sentence_id(value: str, note: Note) -> int:
    plain = value.isascii() and value.isdigit() and (value == "0" or value[0] != "0")
    if not plain:
        raise ParseViolation(Violation.BAD_SENTENCE_ID)
    # Compared by length first: int() refuses very long digit strings with an error of its own.
    if len(value) > len(str(len(note.sentences))) or int(value) >= len(note.sentences):
        raise ParseViolation(Violation.SENTENCE_OUT_OF_RANGE)
    return int(value)
