"""A side or a finding turned round, where another sentence of the note still says what it was.

Without such a sentence nobody who reads the note can tell: a knee that hurts may be the left one or the right one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from medical_team.data.lexicon.terms import word_set, words_of

_SIDES = {"left": "right", "right": "left"}
# Words between a side and its part ("right lower quadrant"): the part is the last of at most three words after it.
_REACH = 3
_PARTS = word_set(
    "arm forearm hand finger thumb wrist elbow shoulder leg thigh knee calf ankle foot toe hip groin flank breast "
    "eye ear cheek face lung lobe hemithorax quadrant kidney testis testicle ovary adnexa extremity"
)
_EITHER_SIDE = re.compile(
    r"\b(?:radiat\w+|migrat\w+|moved|moves|spread\w*|bilateral\w*|both|handed|contralateral|previous\w*|history|ago)\b",
    re.IGNORECASE,
)
_NO = frozenset({"no", "without", "denies", "not"})
_YES = frozenset({"has", "with", "reports", "there", "is", "are", "shows", "reveals", "have", "had", "was"})
_FINDINGS = word_set(
    "edema fever tenderness guarding jaundice hemorrhage lymphadenopathy hepatomegaly splenomegaly "
    "hepatosplenomegaly gallstone papilledema cyanosis ascites wheeze wheezing nausea vomiting hematuria "
    "hematemesis melena rash"
)


def side(before: str, after: str, others: Sequence[str]) -> bool | None:
    """``True`` where only a side differs and the note names the same part elsewhere, on the old side alone."""
    right, new = ([word.text for word in words_of(text)] for text in (before, after))
    changes = [place for place, pair in enumerate(zip(right, new, strict=False)) if pair[0] != pair[1]]
    if len(right) != len(new) or len(changes) != 1 or _SIDES.get(right[changes[0]]) != new[changes[0]]:
        return None
    named = _sided(right)
    was = right[changes[0]]
    part = next((part for place, one, part in named if place == changes[0] and one == was), None)
    if part is None or len(named) != 1 or any(_EITHER_SIDE.search(text) for text in (before, *others)):
        return None
    rest = [one for text in others for one in _sided([word.text for word in words_of(text)])]
    elsewhere = {one for _, one, which in rest if which == part}
    return True if elsewhere == {was} else None


def _sided(words: Sequence[str]) -> list[tuple[int, str, str]]:
    """Where a side is named, which, and of what."""
    found: list[tuple[int, str, str]] = []
    for place, word in enumerate(words):
        if word in _SIDES:
            part = next((one for one in words[place + 1 : place + 1 + _REACH] if one in _PARTS), None)
            if part is not None:
                found.append((place, word, part))
    return found


def finding(before: str, after: str, others: Sequence[str]) -> bool | None:
    """``True`` where only "no" was added to or taken from a finding that another sentence still has as it was."""
    right, new = ([word.text for word in words_of(text)] for text in (before, after))
    was, becomes = _polarity(right), _polarity(new)
    if was is None or becomes is None or was[0] != becomes[0] or was[1] == becomes[1] or _rest(right) != _rest(new):
        return None
    elsewhere = {_polarity_of(was[0], [word.text for word in words_of(text)]) for text in others} - {None}
    return True if elsewhere == {was[1]} else None


def _polarity(words: Sequence[str]) -> tuple[str, bool] | None:
    """The one finding that a sentence names, and whether it is there."""
    named = [word for word in words if word in _FINDINGS]
    if len(named) != 1:
        return None
    polarity = _polarity_of(named[0], words)
    return None if polarity is None else (named[0], polarity)


def _polarity_of(name: str, words: Sequence[str]) -> bool | None:
    if name not in words:
        return None
    before = words[: list(words).index(name)]
    if not _NO.isdisjoint(before):
        return False
    return True if not _YES.isdisjoint(before) else None


def _rest(words: Sequence[str]) -> list[str]:
    """What a sentence says besides that something is there or not."""
    return [word for word in words if word not in _NO | _YES | {"a", "an", "the", "any"}]
