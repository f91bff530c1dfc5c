"""Characters that a reader takes for others, by Unicode's table of confusables and its decompositions."""

from __future__ import annotations

import unicodedata
from functools import cache

from confusable_homoglyphs.confusables import confusables_data

# Control characters, invisible format characters, and accents once they are split from their letters.
_UNSEEN = frozenset({"Cc", "Cf", "Mn", "Me"})

# What Unicode's table does not trace to a Latin letter, though a reader does.
_MORE = {
    **dict(zip("þϸƿðμνηκωτχυεβδλ", "pppouvnkwtxuebdl", strict=True)),
    **dict(zip("кмнтвзгпиджлцчшщыьъэюя", "kmhtb3rnnaxjuywwbbbaor", strict=True)),
    **dict.fromkeys("‐‑‒–—―−﹣－", "-"),  # noqa: RUF001
    **dict.fromkeys("⁄∕", "/"),  # noqa: RUF001
    "ŋ": "n",
    "ʟ": "l",
    "ɴ": "n",
    "ʀ": "r",
    "ʙ": "b",
    "ɢ": "g",
    "ʜ": "h",
    "\u017f": "s",
}

# Characters whose decomposition is longer (a whole phrase in one character) stay as they are: it is bounded work.
_LONGEST = 4
_MOST_KINDS = 100


def plain(text: str) -> str:
    """The text with every look-alike as the Latin letter that a reader sees; case stays in ASCII letters.

    A text of more kinds of characters than any sentence has is left as it is.
    """
    if text.isascii() and text.isprintable():  # most sentences
        return text
    return text if len(set(text)) > _MOST_KINDS else text.translate(_TABLE)


class _Table(dict[int, str]):
    """Fills itself; what it holds is bounded by Unicode."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(chr(code))
        return folded


_TABLE = _Table()


def _folded(char: str) -> str:
    if char.isascii():
        return char if char.isprintable() else " " if char.isspace() else ""
    if char.isspace():
        return " "
    decomposed = unicodedata.normalize("NFKD", char).casefold()
    if len(decomposed) > _LONGEST:
        return char
    return "".join(_latin(part) for part in decomposed if unicodedata.category(part) not in _UNSEEN)


def _latin(char: str) -> str:
    if char.isascii() or char in _MORE:
        return _MORE.get(char, char)
    return _confusable().get(char, char)


@cache
def _confusable() -> dict[str, str]:
    """Letters and digits that are no ASCII, with the ASCII letters that they look like."""
    table = {}
    for char, others in confusables_data.items():
        if not (len(char) == 1 and not char.isascii() and char.isalnum()):
            continue
        skeletons = (_unaccented(str(other["c"])) for other in others)
        seen = next((text for text in skeletons if text.isascii() and text.isalnum()), None)
        if seen is not None:
            table[char] = seen.casefold()
    return table


def _unaccented(text: str) -> str:
    return "".join(char for char in text if unicodedata.category(char) not in _UNSEEN)
