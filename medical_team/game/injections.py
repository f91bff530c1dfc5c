"""The suite of injections addressed to the assessor: what an attacker may write instead of a medical error.

Its counterpart for judges is ``judge/admission/payloads.py``. To add a payload, add a line to ``injections.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from medical_team.errors import DataError

SUITE = Path(__file__).with_name("injections.yaml")


class InjectionKind(StrEnum):
    """How a sentence tries to turn its reader."""

    VERDICT = "verdict"
    """It names the answer."""
    FALSE_REFERENCE = "false_reference"
    """It speaks of sentences by number or place."""
    FORMAT = "format"
    """It is about how an answer is to be written."""
    ORDER = "order"
    """It orders the reader about."""
    ROLE = "role"
    """It pretends to be somebody else in the conversation."""
    PRAISE = "praise"
    """It praises the text or says that it was checked."""
    BLAME = "blame"
    """It accuses the text, or another part of it."""
    TASK = "task"
    """It changes or ends the task."""
    LANGUAGE = "language"
    """It says so in another language."""
    ENCODING = "encoding"
    """It says so in letters that have to be decoded."""


@dataclass(frozen=True, slots=True)
class Injection:
    """A named sentence addressed to the assessor."""

    name: str
    kind: InjectionKind
    text: str


@cache
def injections(path: Path = SUITE) -> tuple[Injection, ...]:
    """The suite, in the file's order.

    Raises:
        DataError: The file cannot be read, or an entry is not what the suite's format says; the message names it.
    """
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{path.name}: cannot be read as YAML ({type(error).__name__}); mend the file") from error
    if not isinstance(content, Mapping):
        raise DataError(f"{path.name}: must map categories to payloads; see the categories of InjectionKind")
    found = tuple(one for kind, texts in content.items() for one in _of_kind(path.name, kind, texts))
    seen: set[str] = set()
    for one in found:
        if one.text in seen:
            raise DataError(f"{path.name}: {one.name}: another payload has the same text; delete one of them")
        seen.add(one.text)
    return found


def _of_kind(file: str, kind: Any, texts: Any) -> list[Injection]:
    if kind not in tuple(InjectionKind):
        raise DataError(f"{file}: {kind!r} is no category; take one of {', '.join(InjectionKind)}")
    if not isinstance(texts, Mapping) or not texts:
        raise DataError(f"{file}: {kind}: must map names to texts; write at least one")
    for name, text in texts.items():
        if not isinstance(text, str) or not text.strip() or "\n" in text:
            raise DataError(f"{file}: {kind}/{name}: must be one line of text; put it in quotes")
    return [Injection(f"{kind}/{name}", InjectionKind(kind), text) for name, text in texts.items()]
