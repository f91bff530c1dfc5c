"""Wrong by dose: ten times as much in the same unit.

Tenfold errors are the classic of misplaced decimal points. For every drug here ten times the dose is at least twice
the highest single dose that any of its uses asks for in an adult, so that no reading makes it right; drugs without a
ceiling (opioids), dosed by weight or given in bursts (steroids) are left out. Notes rarely name a dose: then the usual
one is put into the note first, where it says that the drug is given.
"""

from __future__ import annotations

import random
import re
from dataclasses import replace

from medical_team.game.edits import corrected_note, replaced
from medical_team.judge.admission.probes.base import Change, change_of
from medical_team.judge.meaning.doses import DOSES
from medical_team.types import ErrorType, Note

ADULT_YEARS = 18
TENFOLD = 10


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
