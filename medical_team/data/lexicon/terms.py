"""Terms and texts as words that can be compared: small letters, no accents, no plural, hyphens as blanks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:\d+(?![\d.]))?|%|[<>=±]")
_POSSESSIVE = re.compile(r"['\N{RIGHT SINGLE QUOTATION MARK}]s\b")
# A dot between figures, a sign before one and a slash between units carry meaning; a stop at the end does not.
_SIGN = re.compile(r"(?<![\w.])[-+\N{MINUS SIGN}](?=\d)")
_NO_PLURAL = ("ss", "us", "is")
_LONGEST_ABBREVIATION = 6


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: ``text`` to be compared, ``is_capital`` where it is written in capitals (CAP, not cap)."""

    text: str
    is_capital: bool


def words_of(text: str) -> tuple[Word, ...]:
    """The words of a text, in order; punctuation is left out, a sign before a number is kept with it."""
    plain = unicodedata.normalize("NFKD", _POSSESSIVE.sub("", text))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = _SIGN.sub(lambda sign: " minus " if sign[0] != "+" else " plus ", plain)
    return tuple(Word(_singular(found), _is_capital(found)) for found in _WORD.findall(plain))


def _singular(word: str) -> str:
    small = word.casefold()
    if len(small) > 4 and small.endswith("s") and not small.endswith(_NO_PLURAL):
        return small[:-1]
    return small


def _is_capital(word: str) -> bool:
    return 1 < len(word) <= _LONGEST_ABBREVIATION and word.upper() == word and not word.isdigit()


def key_of(term: str) -> tuple[str, ...]:
    """What two spellings of one term have in common."""
    return tuple(word.text for word in words_of(term))


def is_abbreviation(term: str) -> bool:
    """Whether a term is a single word in capitals, which is recognised only where the text writes it so."""
    words = words_of(term)
    return len(words) == 1 and words[0].is_capital


def word_set(text: str) -> frozenset[str]:
    """The words of a list that is written with blanks between them."""
    return frozenset(text.split())
