"""Wrong by side: left for right, right for left, where a sentence names one side of the body."""

from __future__ import annotations

import random
import re

from medical_team.judge.admission.probes.base import Change
from medical_team.judge.admission.probes.rewording import Rule, reworded
from medical_team.types import Note

_PARTS = (
    "arm|forearm|hand|finger|thumb|wrist|elbow|shoulder|leg|thigh|knee|calf|ankle|foot|toe|hip|groin|flank|breast|"
    "eye|ear|cheek|face|facial|lung|lobe|chest|base|apex|quadrant|abdomen|kidney|testis|testicle|adnexa|adnexal|ovary|"
    "hemithorax|extremity|extremities|breath sounds|pelvic"
)
# At most two words between side and part: "right lower quadrant", "left upper lung lobe".
_SIDE = re.compile(rf"\b(left|right)(?=(?: (?!and\b)\w+){{0,2}} (?:{_PARTS})\b)", re.IGNORECASE)
_WORD = re.compile(r"\b(?:left|right)\b", re.IGNORECASE)
# Pain that spreads or moves may do so to either side; a sentence about both sides may stay true.
_EITHER = re.compile(r"\b(?:radiat\w+|migrat\w+|moved|spread\w*|bilateral\w*|both|handed)\b", re.IGNORECASE)
_OTHER = {"left": "right", "right": "left", "Left": "Right", "Right": "Left"}


class _OneSide(Rule):
    """Applies where the sentence names a side once."""

    def rewrite(self, sentence: str) -> str | None:
        return Rule.rewrite(self, sentence) if len(_WORD.findall(sentence)) == 1 else None


_SIDES = (_OneSide(_SIDE, lambda found: _OTHER.get(found[1], found[1])),)


def side(note: Note, rng: random.Random) -> Change | None:
    return reworded(note, rng, _SIDES, unless=_EITHER)
