"""Harmless by arithmetic: the same quantity in another unit, or its unit written out."""

from __future__ import annotations

import random
import re

from medical_team.judge.admission.probes.base import Change
from medical_team.judge.admission.probes.rewording import Rule, reworded, rule
from medical_team.types import Note


def _fahrenheit(found: re.Match[str]) -> str:
    """To a tenth of a degree, as notes write it."""
    return f"{float(found[1]) * 9 / 5 + 32:.1f} F"


def _days(found: re.Match[str]) -> str:
    return f"{int(found[1]) * 7} days"


def _centimetres(found: re.Match[str]) -> str:
    return f"{int(found[1]) / 10:g} cm"


def _spelt(unit: str, one: str, more: str) -> Rule:
    """The unit written out after a number, in the singular after 1."""
    number = r"(?<![\d.,/-])(\d[\d.,]*)"
    return rule(rf"{number} {unit}", lambda found: f"{found[1]} {one if found[1] == '1' else more}")


# Half of a range ("3-4 weeks", "1 to 2 days", "2 or 3 weeks") or of a product ("2 x 3 mm") is not converted alone.
_ALONE = r"(?<![\w.,/(–-])(?<!\d )(?<![-–] )(?<!\bto )(?<!\bor )(?<!\band )(?<!\bby )(?<!\bx )"  # noqa: RUF001
_ENDS = r"(?! ?[-–/]| (?:to|or|and) (?:\d+|one|two|three|four|five|more|less|longer)\b)"  # noqa: RUF001
# "500 mg tablets": what describes a noun has no plural.
_NOUNS = "tablet|capsule|pill|dose|dosage|dosing|patch|bolus|strength|vial|suppositor|inject"
_OF_NO_NOUN = rf"(?! (?:\w+ )?(?:{_NOUNS}))"

_UNITS = (
    # A body temperature; where the note gives both scales they change places.
    rule(rf"{_ALONE}(3[4-9]\.\d|4[01]\.\d) ?°? ?C\b(?! ?\(){_ENDS}", _fahrenheit),
    rule(rf"{_ALONE}(\d\d(?:\.\d)?) ?°? ?C \((\d{{2,3}}(?:\.\d)?) ?°? ?F\)", r"\2 F (\1 C)"),
    rule(rf"{_ALONE}(\d{{2,3}}(?:\.\d)?) ?°? ?F \((\d\d(?:\.\d)?) ?°? ?C\)", r"\2 C (\1 F)"),
    rule(r"(?<=\d)/min\b(?!/)", " per minute"),
    rule(r"(?<=\d) ?mm ?Hg\b", " millimeters of mercury"),
    _spelt(rf"mg\b(?![/%]){_OF_NO_NOUN}", "milligram", "milligrams"),
    _spelt(r"mg/dL\b", "milligram per deciliter", "milligrams per deciliter"),
    _spelt(r"mEq/L\b", "milliequivalent per liter", "milliequivalents per liter"),
    rule(r"(?<=\d)/mm3\b", " per cubic millimeter"),
    _spelt(r"cm wide\b", "centimeter wide", "centimeters wide"),
    rule(rf"{_ALONE}(\d{{1,2}}) mm\b(?= wide)", _centimetres),
    rule(rf"{_ALONE}([2-4]) weeks\b(?= ago| late)", _days),
    rule(rf"(?<=\bfor )([2-4]) weeks\b{_ENDS}", _days),
    # "2 days a week" are not 48 hours a week.
    rule(rf"{_ALONE}2 days\b{_ENDS}(?! (?:a|per|each|every|out|old|history|course)\b)", "48 hours"),
)


def unit(note: Note, rng: random.Random) -> Change | None:
    return reworded(note, rng, _UNITS)
