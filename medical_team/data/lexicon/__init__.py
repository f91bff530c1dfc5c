"""The clinical lexicon: words that notes use and general English does not."""

from __future__ import annotations


def vocabulary() -> frozenset[str]:
    """Every word of the lexicon in small letters."""
    return frozenset()
