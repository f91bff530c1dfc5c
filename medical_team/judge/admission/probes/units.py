"""Harmless by arithmetic: the same quantity in another unit, or its unit written out."""

from __future__ import annotations

import random
import re

from medical_team.judge.admission.probes.base import Change
from medical_team.judge.admission.probes.rewording import reworded, rule
from medical_team.types import Note


def _fahrenheit(found: re.Match[str]) -> str:
    """To a tenth of a degree, as notes write it."""
    return f"{float(found[1]) * 9 / 5 + 32:.1f} F"


def _days(found: re.Match[str]) -> str:
    return f"{int(found[1]) * 7} days"


def _centimetres(found: re.Match[str]) -> str:
    return f"{int(found[1]) / 10:g} cm"


_UNITS = (
    # A body temperature; where the note gives both scales they change places.
    rule(r"\b(3[4-9]\.\d|4[01]\.\d) ?°? ?C\b(?! ?[(/])", _fahrenheit),
    rule(r"\b(\d\d(?:\.\d)?) ?°? ?C \((\d{2,3}(?:\.\d)?) ?°? ?F\)", r"\2 F (\1 C)"),
    rule(r"\b(\d{2,3}(?:\.\d)?) ?°? ?F \((\d\d(?:\.\d)?) ?°? ?C\)", r"\2 C (\1 F)"),
    rule(r"(?<=\d)/min\b", " per minute"),
    rule(r"(?<=\d) ?mm ?Hg\b", " millimeters of mercury"),
    rule(r"(?<=\d) mg\b(?!/)", " milligrams"),
    rule(r"(?<=\d) mg/dL\b", " milligrams per deciliter"),
    rule(r"(?<=\d) mEq/L\b", " milliequivalents per liter"),
    rule(r"(?<=\d)/mm3\b", " per cubic millimeter"),
    rule(r"(?<=\d) cm wide\b", " centimeters wide"),
    rule(r"\b(\d{1,2}) mm\b(?= wide)", _centimetres),
    rule(r"\b([2-4]) weeks\b(?= ago| late)", _days),
    rule(r"(?<=\bfor )([2-4]) weeks\b", _days),
    rule(r"\b2 days\b", "48 hours"),
)


def unit(note: Note, rng: random.Random) -> Change | None:
    return reworded(note, rng, _UNITS)
