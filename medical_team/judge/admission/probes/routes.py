"""Wrong by route: one by which the drug does not reach its place, is destroyed, or harms."""

from __future__ import annotations

import random
import re

from medical_team.judge.admission.probes.base import Change
from medical_team.judge.admission.probes.rewording import reworded, rule
from medical_team.types import ErrorType, Note

_ROUTES = (
    rule(r"\boral vancomycin\b", "intravenous vancomycin"),  # does not reach the gut
    rule(r"\bintravenous vancomycin\b", "oral vancomycin"),  # does not leave the gut
    rule(r"\bintravenous daptomycin\b", "oral daptomycin"),  # not absorbed
    rule(r"\b(?:intravenous|subcutaneous) ((?:regular )?insulin|heparin)\b", r"oral \1"),  # not absorbed
    rule(r"\bintravenous (immunoglobulin|alteplase|tenecteplase)\b", r"oral \1"),  # digested
    rule(r"\bintravenous (acyclovir|thiamine|hydrocortisone|artesunate)\b", r"topical \1"),  # acts on the skin only
    rule(r"\b(?:intravenous|intranasal) naloxone\b", "oral naloxone"),  # broken down in the liver
    rule(r"\bintramuscular epinephrine\b", "oral epinephrine"),  # broken down in the gut
    rule(r"\bintramuscular ceftriaxone\b", "oral ceftriaxone"),  # not absorbed
    rule(r"\bintramuscular benzathine penicillin G\b", "intravenous benzathine penicillin G"),  # stops the heart
    rule(r"\bintravenous calcium (gluconate|chloride)\b", r"intramuscular calcium \1"),  # destroys the muscle
    rule(r"\bintravenous magnesium sulfate\b", "oral magnesium sulfate"),  # a laxative
    rule(r"\btopical timolol\b", "intravenous timolol"),  # the eye is to be treated, not the heart
    rule(r"\b(?:intravenous|IV) (fluids?|normal saline|isotonic saline|crystalloid)\b", r"intramuscular \1"),
    rule(r"\b(?:intravenous|IV) antibiotics\b", "topical antibiotics"),
)

_NOT_GIVEN = re.compile(
    r"\b(?:not|no|never|without|instead|rather|avoid\w*|stop\w*|discontinu\w*|declin\w*|refus\w*|allerg\w*)\b",
    re.IGNORECASE,
)


def route(note: Note, rng: random.Random) -> Change | None:
    return reworded(note, rng, _ROUTES, kind=ErrorType.PHARMACOTHERAPY, unless=_NOT_GIVEN)
