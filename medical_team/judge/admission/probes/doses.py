"""Wrong by dose: ten times as much in the same unit.

Tenfold errors are the classic of misplaced decimal points. For every drug here ten times the dose is at least twice
the highest single dose that any of its uses asks for in an adult, so that no reading makes it right; drugs without a
ceiling (opioids), dosed by weight or given in bursts (steroids) are left out. Notes rarely name a dose: then the usual
one is put into the note first, where it says that the drug is given.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from medical_team.game.edits import corrected_note, replaced
from medical_team.judge.admission.probes.base import Change, change_of
from medical_team.types import ErrorType, Note

ADULT_YEARS = 18
TENFOLD = 10


@dataclass(frozen=True, slots=True)
class Dose:
    """A usual adult dose: ``usual`` units at once, ``rest`` being unit and frequency; ``highest`` is in that unit."""

    usual: str
    rest: str
    highest: float

    def written(self, times: int = 1) -> str:
        return f"{Decimal(self.usual) * times:f} {self.rest}".replace(".0 ", " ")


DOSES: Mapping[str, Dose] = {
    "levofloxacin": Dose("750", "mg once daily", 1000),
    "moxifloxacin": Dose("400", "mg once daily", 800),
    "azithromycin": Dose("500", "mg once daily", 2000),
    "clarithromycin": Dose("500", "mg twice daily", 1000),
    "doxycycline": Dose("100", "mg twice daily", 300),
    "oral doxycycline": Dose("100", "mg twice daily", 300),
    "oseltamivir": Dose("75", "mg twice daily", 150),
    "amoxicillin": Dose("500", "mg three times daily", 2000),
    "cefuroxime axetil": Dose("500", "mg twice daily", 1000),
    "metronidazole": Dose("500", "mg twice daily", 2000),
    "oral metronidazole": Dose("500", "mg twice daily", 2000),
    "tinidazole": Dose("2", "g once", 2),
    "nitazoxanide": Dose("500", "mg twice daily", 1000),
    "oral vancomycin": Dose("125", "mg four times daily", 500),
    "fidaxomicin": Dose("200", "mg twice daily", 200),
    "nitrofurantoin": Dose("100", "mg twice daily", 100),
    "intramuscular ceftriaxone": Dose("500", "mg once", 2000),
    "intramuscular benzathine penicillin G": Dose("2.4", "million units once", 2.4),
    "benzathine penicillin G": Dose("2.4", "million units once", 2.4),
    "metoprolol": Dose("50", "mg twice daily", 200),
    "intravenous diltiazem": Dose("20", "mg once", 30),
    "nimodipine": Dose("60", "mg every 4 hours", 90),
    "oral nimodipine": Dose("60", "mg every 4 hours", 90),
    "methimazole": Dose("30", "mg once daily", 120),
    "intravenous calcium gluconate": Dose("1", "g once", 3),
    "intravenous calcium chloride": Dose("1", "g once", 2),
    "indomethacin": Dose("50", "mg three times daily", 100),
    "naproxen": Dose("500", "mg twice daily", 1250),
    "colchicine": Dose("0.6", "mg twice daily", 1.8),
    "intramuscular epinephrine": Dose("0.3", "mg once", 0.5),
    "magnesium sulfate": Dose("4", "g as a loading dose", 6),
    "intravenous magnesium sulfate": Dose("4", "g as a loading dose", 6),
    "lisinopril": Dose("20", "mg once daily", 80),
    "losartan": Dose("50", "mg once daily", 100),
    "amlodipine": Dose("5", "mg once daily", 10),
    "hydrochlorothiazide": Dose("25", "mg once daily", 100),
    "metformin": Dose("1000", "mg twice daily", 2000),
    "glipizide": Dose("5", "mg once daily", 20),
    "atorvastatin": Dose("40", "mg once daily", 80),
    "simvastatin": Dose("40", "mg once daily", 80),
    "levothyroxine": Dose("100", "mcg once daily", 300),
    "warfarin": Dose("5", "mg once daily", 15),
    "sertraline": Dose("50", "mg once daily", 200),
    "citalopram": Dose("20", "mg once daily", 60),
    "ibuprofen": Dose("400", "mg three times daily", 800),
    "acetaminophen": Dose("500", "mg three times daily", 1000),
    "allopurinol": Dose("300", "mg once daily", 900),
}

_DRUGS = "|".join(re.escape(drug) for drug in sorted(DOSES, key=len, reverse=True))
_GIVEN = re.compile(
    rf"\b(?:started on|given|prescribed|takes|taking|pharmacotherapy with) ({_DRUGS})"
    r"(?=[.,]| was initiated| for (?!overdose)| because )",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"\b(?:not|no|never|stop\w*|discontinu\w*|declin\w*|refus\w*|allerg\w*|overdos\w*)\b", re.IGNORECASE
)
_YEARS = re.compile(r"\b(\d{1,3})-year-old\b")


def dose(note: Note, rng: random.Random) -> Change | None:
    """Ten times a drug's usual dose, which the note dealt names."""
    base = corrected_note(note)
    years = _YEARS.search(" ".join(base.sentences))
    if years is None or int(years[1]) < ADULT_YEARS:
        return None
    given = [(place, found) for place, text in enumerate(base.sentences) if (found := _found(text)) is not None]
    if not given:
        return None
    place, found = rng.choice(given)
    known = DOSES[next(drug for drug in DOSES if drug.casefold() == found[1].casefold())]
    usual, tenfold = (f"{found.string[: found.end()]} {known.written(times)}" for times in (1, TENFOLD))
    rest = found.string[found.end() :]
    dealt = replace(base, sentences=replaced(base.sentences, place, usual + rest))
    return change_of(dealt, place, tenfold + rest, ErrorType.PHARMACOTHERAPY)


def _found(sentence: str) -> re.Match[str] | None:
    return None if _REFUSED.search(sentence) else _GIVEN.search(sentence)
