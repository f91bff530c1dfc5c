"""How facts are put into sentences, and how such sentences are read back. Shared by ``compose`` and ``oracle``.

A fact is always stated by one of the frames below, so that a statement can be told from a finding, and a changed
term from a changed sentence. All frames of a kind say the same thing; no frame belongs to two kinds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from medical_team.types import ErrorType

FRAMES: Mapping[ErrorType, tuple[str, ...]] = {
    ErrorType.DIAGNOSIS: (
        "The patient was diagnosed with {term}.",
        "A diagnosis of {term} was made.",
        "The presentation is most consistent with {term}.",
        "The findings are diagnostic of {term}.",
    ),
    ErrorType.CAUSAL_ORGANISM: (
        "The causal organism was identified as {term}.",
        "Testing confirmed {term} as the causal organism.",
        "The infection is caused by {term}.",
        "The responsible pathogen is {term}.",
    ),
    ErrorType.PHARMACOTHERAPY: (
        "{He} was started on {term}.",
        "{He} was given {term}.",
        "The patient was prescribed {term}.",
        "Pharmacotherapy with {term} was initiated.",
    ),
    ErrorType.TREATMENT: (
        "{He} was treated with {term}.",
        "Treatment with {term} was carried out.",
        "The treatment of choice is {term}.",
        "Treatment consists of {term}.",
    ),
    ErrorType.MANAGEMENT: (
        "The next step in management is {term}.",
        "The team recommended {term}.",
        "The physician arranged {term}.",
        "Management includes {term}.",
    ),
}

_ARTICLES = frozenset({"a", "an", "the"})

_SAME_WORDS: Mapping[str, str] = {
    "he": "patient",
    "she": "patient",
    "is": "was",
    "are": "was",
    "were": "was",
    "begun": "started",
    "commenced": "started",
    "administered": "given",
    "received": "given",
    "causative": "causal",
    "pathogen": "organism",
    "advised": "recommended",
    "doctor": "physician",
    "physicians": "physician",
}
"""Harmless rewordings. Only words that cannot turn a statement around belong here."""

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence read back: the kind of fact it states, and the term it states, in canonical words."""

    kind: ErrorType
    term: Words


def canonical(text: str) -> Words:
    """The words that count: lower case, without punctuation and articles, harmless rewordings made equal."""
    plain = re.sub(r"[^\w\s]|_", " ", re.sub(r"['\u2019]", "", text.casefold()))
    return tuple(_SAME_WORDS.get(word, word) for word in plain.split() if word not in _ARTICLES)


def read_statement(sentence: str) -> Statement | None:
    """The fact a sentence states, or ``None`` where it is not exactly one of the frames around a term."""
    words = canonical(sentence)
    for before, after, kind in _READABLE:
        size = len(words) - len(before) - len(after)
        if size > 0 and words[: len(before)] == before and words[len(before) + size :] == after:
            return Statement(kind, words[len(before) : len(before) + size])
    return None


def _readable() -> list[tuple[Words, Words, ErrorType]]:
    """Frames as (words before the term, words after it, kind); the longest first, so that none hides in another."""
    frames = [(canonical(a), canonical(b), kind) for kind, texts in FRAMES.items() for a, b in map(_halves, texts)]
    return sorted(frames, key=lambda frame: -len(frame[0]) - len(frame[1]))


def _halves(frame: str) -> tuple[str, str]:
    before, after = frame.replace("{He}", "he").split("{term}")
    return before, after


_READABLE = _readable()
