"""A quantity that cannot be: more than twice the highest dose of a drug, or a vital sign that nobody survives.

All else is left open: an age more, a rounded temperature, a dose that is high and may be wanted.
"""

from __future__ import annotations

import re

from medical_team.data.lexicon.terms import words_of
from medical_team.judge.meaning.doses import DOSES

_NUMBER = re.compile(r"(?<![\d.,/-])(\d+(?:,\d{3})*(?:\.\d+)?)(?![\d,/-]|\.\d)")
_UNIT = re.compile(r" ?(million units|mg|mcg|g|units)(?![\w/])")
# In milligrams.
_WEIGHT = {"mg": 1.0, "g": 1000.0, "mcg": 0.001}
_VITALS = (
    # What stands before and after the number, and what a patient can have.
    (re.compile(r"temperature\b.{0,20}$", re.I), re.compile(r" ?°? ?C\b"), 13.0, 47.0),
    (re.compile(r"(?:pulse|heart rate)\b.{0,20}$", re.I), re.compile(r" ?(?:/min|bpm|beats)"), 0.0, 400.0),
    (re.compile(r"respirat\w+\b.{0,20}$", re.I), re.compile(r" ?(?:/min|breaths)"), 0.0, 150.0),
    (re.compile(r"saturation\b.{0,30}$", re.I), re.compile(r" ?%"), 0.0, 100.0),
)


def quantity(before: str, after: str) -> bool | None:
    """``True`` where the one number that differs became impossible, ``False`` where it is only written otherwise."""
    right, new = list(_NUMBER.finditer(before)), list(_NUMBER.finditer(after))
    if not right or len(right) != len(new) or _without(before) != _without(after):
        return None
    changed = [(old, now) for old, now in zip(right, new, strict=True) if old[0] != now[0]]
    if all(_value(old) == _value(now) for old, now in changed):
        return False if changed else None
    if len(changed) != 1:
        return None
    old, now = changed[0]
    if _is_overdose(old, now) or _is_impossible(old, now):
        return True
    return None


def _without(sentence: str) -> tuple[str, ...]:
    return tuple(word.text for word in words_of(_NUMBER.sub(" N ", sentence)))


def _value(number: re.Match[str]) -> float:
    return float(number[1].replace(",", ""))


def _is_overdose(old: re.Match[str], now: re.Match[str]) -> bool:
    """At least twice the highest single dose of the drug that stands before the number; the old dose was none."""
    unit = _UNIT.match(now.string, now.end())
    before = now.string[: now.start()].casefold().rstrip()
    drug = next((name for name in sorted(DOSES, key=len, reverse=True) if before.endswith(name.casefold())), None)
    if unit is None or drug is None:
        return False
    known = DOSES[drug]
    highest_unit = known.rest.removeprefix("million units")
    named = "million units" if highest_unit != known.rest else known.rest.split()[0]
    if unit[1] != named and not (unit[1] in _WEIGHT and named in _WEIGHT):
        return False
    factor = _WEIGHT.get(unit[1], 1.0) / _WEIGHT.get(named, 1.0)
    return _value(old) * factor <= known.highest and _value(now) * factor >= 2 * known.highest


def _is_impossible(old: re.Match[str], now: re.Match[str]) -> bool:
    return any(
        name.search(now.string[: now.start()])
        and unit.match(now.string, now.end())
        and low <= _value(old) <= high
        and not low <= _value(now) <= high
        for name, unit, low, high in _VITALS
    )
