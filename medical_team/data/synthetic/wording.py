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

# After these words a letter is a name ("group A", "hepatitis A"), not an article.
_LETTERED = frozenset({"group", "hepatitis", "influenza", "vitamin", "type", "toxin", "toxins", "class", "grade"})

_DROPPED = frozenset({"a", "an", "the", *".,;:!()[]_", '"', "\u2013", "\u2014", "\u201c", "\u201d"})
_TOKEN = re.compile(
    r"""
    (?<![^\W_]) \.? \d+ (?: [.,:/\u2013] \d+ )* [^\W_]*   # 5.8, .5, 38,000, 120/80, 1:40, 5th
    | [^\W_]+ (?: (?<=\d) [.,:/] (?=\d) [^\W_]+ )*         # words; CO2
    | [^\s]                                               # signs, comparators and other marks, one at a time
    """,
    re.VERBOSE,
)
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W_])|(?<=\d)-(?=[^\W\d_])")

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
    """The words that count: lower case, without punctuation and articles, harmless rewordings made equal.

    What carries meaning stays: signs, decimal points, comparators, a plus or minus after a finding, a question mark,
    and whatever else is neither a word nor plain punctuation. Hyphens only join words where a letter is beside them.
    """
    plain = re.sub("['\u2019]", "", text.casefold()).replace("\u2212", "-")
    words = _TOKEN.findall(_HYPHEN.sub(" ", plain))
    kept = (
        word
        for before, word in zip(["", *words], words, strict=False)
        if word not in _DROPPED or (word == "a" and before in _LETTERED)
    )
    return tuple(_SAME_WORDS.get(word, word) for word in kept)


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
