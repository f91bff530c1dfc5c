"""Comparing the wording of two sentences: what the gates look at and gold turns talk about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Indel

from medical_team.game.lookalikes import plain


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Words and phrases that can come and go without a change of medical meaning.
_FILLERS = frozenset(
    _split(
        "a an the is are was were be been also additionally moreover furthermore notably overall indeed thus "
        "therefore hence accordingly consequently today currently presently now just very quite rather really "
        "simply further clearly obviously evidently certainly specifically basically generally essentially here "
        "too so please "
    )
)
_FILLER_PHRASES = re.compile(
    r"\b(?:(?:it (?:is|was) (?:to be )?|worth |of )not(?:e|ed|ing)(?: that)?|it should be noted that"
    r"|at (?:this|the present|that) (?:time|point|moment|stage)|at present|at the moment|for now|as of now"
    r"|as (?:planned|expected|noted|above|well|usual|mentioned|described|discussed|stated|before|per plan|indicated)"
    r"|in (?:addition|general|fact|summary|short|particular|this case)|on the whole"
    r"|to date|needless to say|of course|by the way|right now)\b",
    re.IGNORECASE,
)

# What says the same as a sign, in front of a number.
_SPOKEN = (
    (re.compile(r"<=|\bat most(?= *\d)|\bno more than(?= *\d)", re.IGNORECASE), "≤"),
    (re.compile(r">=|\bat least(?= *\d)|\bno less than(?= *\d)", re.IGNORECASE), "≥"),
    (re.compile(r"\b(?:less|lower|fewer) than(?= *\d)", re.IGNORECASE), "<"),
    (re.compile(r"\b(?:more|greater|higher) than(?= *\d)", re.IGNORECASE), ">"),
    (re.compile(r"(?<=\d) ?per ?cent\b", re.IGNORECASE), "%"),
)
_NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        _split(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen twenty"
        )
    )
}

_WORD = re.compile(
    r"(?<![\w.,])[.]\d+|\d+(?:[.,]\d+)*|[^\W\d_]+"
    r"|[<>≤≥±%]"
    r"|(?<![\w)])[+-](?=\.?\d)"  # the sign of a number: -2, +1.5
    r"|(?<=\w)\++"  # a finding's: 2+, B27+, 3++
    r"|(?<=\d)-(?!\w)|(?<=\w)-(?=[,.;:)]|\s*$)"  # B27-; not a range, nor "pre- and postoperative"
    r"|(?<=[A-Z\d] )\+|(?<=\w )[+-](?=\s*(?:[,.;:)]|$|(?:and|or|but)\b))"  # HLA-B27 +, ANA - and RF +
)
_READ = re.compile(rf"{_WORD.pattern}|[$+=~°×]")  # noqa: RUF001  what a copy of a sentence shares, too
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")


LONGEST_WORD = 48
"""Characters between blanks. MEDEC's longest has 32; a sentence in base64 or hex is one word of a hundred and more."""

# What is longer is not compared piece by piece.
_MOST_WORDS = 400


@dataclass(frozen=True, slots=True)
class WordChange:
    """A run of words that stands where another stood; either may be empty."""

    before: tuple[str, ...]
    after: tuple[str, ...]


def fold(text: str) -> str:
    """The text without what a reader hardly sees: case, width, accents, invisible characters, look-alike letters."""
    return plain(text).casefold()


@lru_cache(maxsize=32)
def normalise(text: str) -> str:
    """The words and all signs of the text without blanks; two numbers side by side stay two."""
    found = _tokens(text, _READ)
    return "".join(f"\0{word}" if word[0].isdigit() and last[-1:].isdigit() else word for last, word in _pairs(found))


def _pairs(found: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(("", *found), found, strict=False))


@lru_cache(maxsize=32)
def words(text: str) -> tuple[str, ...]:
    """The words of the folded text, and the signs that carry a meaning.

    A number with its decimals is one word, written in one way: 36.0 and 36, 1,500 and 1500, "two" and 2, but not 1.5,
    15 and 1,5. Signs are comparators (also "less than" before a number), per cent, a number's sign and what stands
    after a finding ("2+", "HLA-B27 -").
    """
    return _tokens(text, _WORD)


def _tokens(text: str, kept: re.Pattern[str]) -> tuple[str, ...]:
    text = plain(text)
    for pattern, sign in _SPOKEN:
        text = pattern.sub(sign, text)
    return tuple(_canonical(word) for word in kept.findall(text))


def _canonical(word: str) -> str:
    word = word.casefold()
    if not word[-1].isdigit():
        return _NUMBER_WORDS.get(word, word)
    if _THOUSANDS.fullmatch(word):
        word = word.replace(",", "")
    if word.count(".") == 1 and "," not in word:
        whole, _, decimals = word.partition(".")
        decimals = decimals.rstrip("0")
        word = f"{whole or '0'}.{decimals}" if decimals else whole or "0"
    return word


@lru_cache(maxsize=32)
def contents(text: str) -> tuple[str, ...]:
    """The words without fillers."""
    return tuple(word for word in words(_FILLER_PHRASES.sub(" ", plain(text))) if word not in _FILLERS)


def changes(before: Sequence[str], after: Sequence[str]) -> tuple[WordChange, ...]:
    """The runs of words in which two word lists differ, in order; what they share at both ends is cut off first.

    Where hundreds of words lie in between, they are one change.
    """
    head, tail = shared_ends(before, after)
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if max(len(old), len(new)) > _MOST_WORDS:
        return (WordChange(tuple(old), tuple(new)),)
    found: list[WordChange] = []
    start = start_after = 0
    for tag, end, next_start, end_after, next_after in [*Indel.opcodes(old, new), ("equal", len(old), 0, len(new), 0)]:
        if tag != "equal":
            continue
        if end > start or end_after > start_after:
            found.append(WordChange(tuple(old[start:end]), tuple(new[start_after:end_after])))
        start, start_after = next_start, next_after
    return tuple(found)


def shared_ends(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    """How many words the two share at the start, and how many of the rest at the end."""
    shortest = min(len(before), len(after))
    head = next((i for i in range(shortest) if before[i] != after[i]), shortest)
    rest = shortest - head
    return head, next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
