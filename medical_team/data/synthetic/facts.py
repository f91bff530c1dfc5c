"""The shape of the table of facts that synthetic notes are composed from and judged by.

A ``Condition`` holds what a note may say of a patient who has it, and a ``Fact`` for each kind of statement that can
be right or wrong: what is accepted, what is wrong and why, and what cannot be decided. The table itself is in the
YAML files in ``conditions/``, by specialty; ``table.py`` reads them. Rules for an entry (``docs/data.md`` says more):

- every complaint goes with every history, examination and study of its condition, and with every accepted term;
- each study, or each examination, rules out every wrong diagnosis and organism by itself;
- wrong means wrong to any clinician: ineffective, contraindicated or contradicted by the findings. What is only
  second choice belongs in neither list: the oracle then answers that it cannot tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from medical_team.types import ErrorType


class Sex(StrEnum):
    """Whom a condition is described in."""

    ANY = "any"
    FEMALE = "female"
    MALE = "male"


class Setting(StrEnum):
    """Where the patient is seen; decides the first sentence."""

    EMERGENCY = "the emergency department"
    CLINIC = "the physician"


@dataclass(frozen=True, slots=True)
class Vitals:
    """Inclusive ranges. Temperature in degrees Celsius, pulse a minute, blood pressure in mm Hg."""

    temperature: tuple[float, float]
    pulse: tuple[int, int]
    systolic: tuple[int, int]
    diastolic: tuple[int, int]


STABLE = Vitals((36.6, 37.2), (68, 88), (112, 128), (70, 80))
FEBRILE = Vitals((38.4, 39.4), (98, 116), (108, 126), (66, 78))
SEPTIC = Vitals((38.9, 39.8), (116, 132), (86, 98), (48, 58))
SHOCK = Vitals((36.4, 37.0), (120, 138), (74, 86), (44, 52))
TACHYCARDIC = Vitals((36.7, 37.2), (108, 124), (112, 132), (70, 80))
HYPERTENSIVE = Vitals((36.6, 37.1), (76, 92), (164, 178), (96, 106))
CHILD_STABLE = Vitals((36.6, 37.2), (88, 104), (98, 108), (58, 68))
CHILD_FEBRILE = Vitals((38.6, 39.6), (118, 136), (94, 106), (56, 66))


NAMED_VITALS: Mapping[str, Vitals] = {
    "stable": STABLE,
    "febrile": FEBRILE,
    "septic": SEPTIC,
    "shock": SHOCK,
    "tachycardic": TACHYCARDIC,
    "hypertensive": HYPERTENSIVE,
    "child_stable": CHILD_STABLE,
    "child_febrile": CHILD_FEBRILE,
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One kind of statement about a condition.

    Attributes:
        accepted: Every term that makes the statement right, as noun phrases without an article.
        wrong: Terms that make it wrong, each with the reason in a few words. Notes are composed with these.
        also_wrong: Further wrong terms, which are judged but never composed with, so that ``wrong`` can be balanced.
        unclear: Terms known from elsewhere in the table that may be right here, too: never decided.
    """

    accepted: tuple[str, ...]
    wrong: Mapping[str, str]
    also_wrong: Mapping[str, str] = field(default_factory=dict)
    unclear: tuple[str, ...] = ()

    def terms(self) -> tuple[str, ...]:
        """Every term that the fact lists."""
        return (*self.accepted, *self.wrong, *self.also_wrong, *self.unclear)


@dataclass(frozen=True, slots=True)
class Condition:
    """A patient's condition: the words of a note about it, and its facts.

    Sentences may use {He} {he} {His} {his} {him} and a random number {3..7}. A complaint completes "because of ...";
    the other three are whole sentences. ``ages`` are years. ``source`` is the public guideline or textbook that the
    facts can be checked in. ``bacterial`` says whether antibacterial drugs have anything to treat or prevent.
    """

    name: str
    source: str
    setting: Setting
    ages: tuple[int, int]
    sex: Sex
    vitals: Vitals
    complaints: tuple[str, ...]
    histories: tuple[str, ...]
    examinations: tuple[str, ...]
    studies: tuple[str, ...]
    diagnosis: Fact
    organism: Fact | None = None
    drug: Fact | None = None
    treatment: Fact | None = None
    management: Fact | None = None
    bacterial: bool = True

    def fact(self, kind: ErrorType) -> Fact | None:
        """The fact that an error of this kind contradicts; ``None`` where the table has none."""
        return {
            ErrorType.DIAGNOSIS: self.diagnosis,
            ErrorType.CAUSAL_ORGANISM: self.organism,
            ErrorType.PHARMACOTHERAPY: self.drug,
            ErrorType.TREATMENT: self.treatment,
            ErrorType.MANAGEMENT: self.management,
        }[kind]

    def kinds(self) -> tuple[ErrorType, ...]:
        """The kinds this condition has a fact for, in the order a note states them."""
        return tuple(kind for kind in _ORDER if self.fact(kind) is not None)


_ORDER = (
    ErrorType.DIAGNOSIS,
    ErrorType.CAUSAL_ORGANISM,
    ErrorType.PHARMACOTHERAPY,
    ErrorType.TREATMENT,
    ErrorType.MANAGEMENT,
)
