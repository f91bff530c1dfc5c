"""Comparing the wording of two sentences: what the gates look at and gold turns talk about."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# Letters of other scripts that look like Latin ones: swapping them changes nothing that a reader sees.
_LOOKALIKES = str.maketrans("аеорсухіјѕкмнтвοανριτκυχε", "aeopcyxijskmhtboavpitkuxe")

# Control characters, invisible format characters, and accents once they are split from their letters.
_UNSEEN = frozenset({"Cc", "Cf", "Mn"})

# Words that can come and go without a change of medical meaning.
_FILLERS = frozenset({"a", "an", "the", "is", "are", "was", "were", "be", "been"})

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|\d+")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)\W+(?=\d)")
# Blanks and punctuation; what is kept beside letters and digits are signs that carry a meaning (< 90, 5 +).
_UNREAD = re.compile(r"[^\w\0$+<=>~±≥≤°×]+|_")  # noqa: RUF001


LONGEST_WORD = 48
"""Characters between blanks. MEDEC's longest has 32; a sentence in base64 or hex is one word of a hundred and more."""

# What is longer is not compared piece by piece, which would cost the square of its length and more.
_MOST_WORDS = 400


@dataclass(frozen=True, slots=True)
class WordChange:
    """A run of words that stands where another stood; either may be empty."""

    before: tuple[str, ...]
    after: tuple[str, ...]


def fold(text: str) -> str:
    """The text without what a reader hardly sees: case, width, accents, invisible characters, look-alike letters."""
    if text.isascii() and text.isprintable():  # most sentences, and ten times as fast
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    visible = "".join(char for char in decomposed if char.isspace() or unicodedata.category(char) not in _UNSEEN)
    return visible.translate(_LOOKALIKES)


def normalise(text: str) -> str:
    """``fold`` without blanks and punctuation; a separator between digits stays, since 1.5 is not 15."""
    return _UNREAD.sub("", _BETWEEN_DIGITS.sub("\0", fold(text)))


def words(text: str) -> list[str]:
    """The alphanumeric words of the folded text; a number with its decimals is one word."""
    return _WORD.findall(fold(text))


def changes(before: Sequence[str], after: Sequence[str]) -> tuple[WordChange, ...]:
    """The runs of words in which two word lists differ, in order; what they share at both ends is cut off first.

    Where hundreds of words lie in between, they are one change.
    """
    head, tail = shared_ends(before, after)
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if max(len(old), len(new)) > _MOST_WORDS:
        return (WordChange(tuple(old), tuple(new)),)
    opcodes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return tuple(
        WordChange(tuple(old[start:end]), tuple(new[start_after:end_after]))
        for tag, start, end, start_after, end_after in opcodes
        if tag != "equal"
    )


def shared_ends(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    """How many words the two share at the start, and how many of the rest at the end."""
    shortest = min(len(before), len(after))
    head = next((i for i in range(shortest) if before[i] != after[i]), shortest)
    rest = shortest - head
    return head, next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)


def says_the_same(before: str, after: str, max_word_similarity: float) -> bool:
    """Whether two sentences differ at most in fillers and in how words are spelt."""
    contents = [[word for word in words(text) if word not in _FILLERS] for text in (before, after)]
    return all(
        len(change.before) == len(change.after)
        and all(_same_word(old, new, max_word_similarity) for old, new in zip(change.before, change.after, strict=True))
        for change in changes(*contents)
    )


def _same_word(old: str, new: str, max_similarity: float) -> bool:
    # The first letter must agree: a prefix of one letter turns febrile into afebrile.
    if not (old.isalpha() and new.isalpha() and old[0] == new[0]) or max(len(old), len(new)) > LONGEST_WORD:
        return False
    return SequenceMatcher(None, old, new, autojunk=False).ratio() >= max_similarity
