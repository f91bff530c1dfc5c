"""Notes written from the table of facts, the embedded default data set. Driven by ``dataset``.

They read like MEDEC's: an examination vignette of short sentences, then two or three statements of diagnosis,
organism, drug, treatment or management. Like MEDEC's they come as twins: an error note, and a clean note about the
same patient in other words; some error notes stand alone. Both twins state the same kinds of fact, so that what a
note talks about does not give away its class.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from medical_team.data.synthetic.facts import CHILD_STABLE, STABLE, Condition, Fact, Setting, Sex, Vitals
from medical_team.data.synthetic.table import CONDITIONS
from medical_team.data.synthetic.wording import FRAMES
from medical_team.errors import DataError
from medical_team.types import ErrorType, Note

MIN_NOTES, MAX_NOTES = 20, 2000

_SINGLES = 0.2
"""Share of error notes without a clean twin; MEDEC's validation split has 64 of 319."""

_CLOSINGS = (
    "The plan was explained in detail.",
    "Close follow-up was arranged.",
    "The course was reviewed the next day.",
    "Written instructions were provided.",
)
"""Last sentences that are right for every condition."""

_CLOSING_SHARE = 0.3

_NORMAL_SHARE = 0.6
"""Share of patients with normal vital signs whose note only says so. Training on CPU pays for every digit."""

_MAX_TRIES = 50


@dataclass(frozen=True, slots=True)
class _Patient:
    """What both twins of a case share."""

    condition: Condition
    female: bool
    opening: str
    vitals: str
    stated: tuple[ErrorType, ...]


def compose_notes(
    count: int, seed: int, epoch: int = 0, conditions: Sequence[Condition] = CONDITIONS
) -> tuple[Note, ...]:
    """Compose exactly ``count`` different notes about ``conditions``; the same for the same arguments.

    Error types are as equal in number as the count allows, conditions as equal as the types allow. A clean note
    follows its error twin and shares its group. Every epoch has other notes, with ids of its own.

    Raises:
        DataError: ``count`` is not from 20 to 2000.
    """
    if not MIN_NOTES <= count <= MAX_NOTES:
        raise DataError(f"data.synthetic_notes = {count}: the table of facts makes {MIN_NOTES} to {MAX_NOTES} notes")
    rng = random.Random(f"compose:{seed}:{epoch}")
    errors = round(count / (2 - _SINGLES))
    alone = set(rng.sample(range(errors), errors - (count - errors)))
    notes: list[Note] = []
    texts: set[tuple[str, ...]] = set()
    for number, (condition, kind, wrong) in enumerate(_schedule(errors, conditions, rng)):
        for note in _case(f"syn-{epoch}-{number:04d}", condition, kind, wrong, number not in alone, rng, texts):
            texts.add(note.sentences)
            notes.append(note)
    return tuple(notes)


def _schedule(
    errors: int, conditions: Sequence[Condition], rng: random.Random
) -> list[tuple[Condition, ErrorType, str]]:
    """What goes wrong in each error note: every type in turn, every condition and wrong term as seldom as possible.

    Terms that are right for another of the conditions come first: a term that is only ever wrong gives the error away.
    """
    kinds = list(islice(cycle(ErrorType), errors))
    rng.shuffle(kinds)
    right = {kind: {term for one in conditions if (fact := one.fact(kind)) for term in fact.accepted} for kind in kinds}
    used, terms = Counter[str](), Counter[tuple[str, str]]()
    chosen = []
    for kind in kinds:
        able = [condition for condition in conditions if condition.fact(kind)]
        condition = min(rng.sample(able, len(able)), key=lambda one: used[one.name])
        wrong = list(_fact(condition, kind).wrong)
        wrong = [term for term in wrong if term in right[kind]] or wrong
        term = min(rng.sample(wrong, len(wrong)), key=lambda one: terms[kind, one])
        used[condition.name] += 1
        terms[kind, term] += 1
        chosen.append((condition, kind, term))
    return chosen


def unfamiliar_share(conditions: Sequence[Condition]) -> float:
    """Of the wrong terms of the conditions, the share that none of them accepts: so far, an error shows by its words
    alone."""
    facts = [(kind, fact) for one in conditions for kind in ErrorType if (fact := one.fact(kind))]
    right = {(kind, term) for kind, fact in facts for term in fact.accepted}
    wrong = [(kind, term) for kind, fact in facts for term in fact.wrong]
    return sum(term not in right for term in wrong) / len(wrong)


def _case(
    group: str,
    condition: Condition,
    kind: ErrorType,
    wrong: str,
    twin: bool,
    rng: random.Random,
    texts: set[tuple[str, ...]],
) -> list[Note]:
    """An error note and, where asked for, its clean twin; neither repeats a text that is already there."""
    for _ in range(_MAX_TRIES):
        patient = _draw_patient(condition, kind, rng)
        error = _write(patient, f"{group}-e", group, rng, avoid=(), error=(kind, wrong))
        notes = [error]
        if twin:
            notes.append(_write(patient, f"{group}-c", group, rng, avoid=error.sentences, error=None))
        if not any(note.sentences in texts for note in notes):
            return notes
    raise AssertionError(f"{condition.name} has too few wordings for so many notes")


def _draw_patient(condition: Condition, kind: ErrorType, rng: random.Random) -> _Patient:
    female = condition.sex is Sex.FEMALE or (condition.sex is Sex.ANY and rng.random() < 0.5)
    others = [other for other in condition.kinds() if other is not kind]
    extra = rng.sample(others, min(len(others), rng.choice((1, 1, 1, 2))))
    return _Patient(
        condition=condition,
        female=female,
        opening=_draw_opening(condition, rng.randint(*condition.ages), female, rng),
        vitals=_draw_vitals(condition.vitals, rng),
        stated=tuple(one for one in condition.kinds() if one is kind or one in extra),
    )


def _draw_opening(condition: Condition, age: int, female: bool, rng: random.Random) -> str:
    """The first sentence up to the complaint."""
    child = age < 18
    person = ("girl" if child else "woman") if female else ("boy" if child else "man")
    helpless = condition.complaints[0].startswith("being ")
    emergency = condition.setting is Setting.EMERGENCY and rng.random() < 0.3
    arrival = "is brought to" if child or helpless or emergency else "comes to"
    article = "An" if age in (8, 11, 18) or 80 <= age < 90 else "A"
    return f"{article} {age}-year-old {person} {arrival} {condition.setting.value} because of "


def _draw_vitals(vitals: Vitals, rng: random.Random) -> str:
    if vitals in (STABLE, CHILD_STABLE) and rng.random() < _NORMAL_SHARE:
        return "vital signs are within normal limits."
    temperature, pulse = rng.uniform(*vitals.temperature), rng.randint(*vitals.pulse)
    pressure = f"{rng.randint(*vitals.systolic)}/{rng.randint(*vitals.diastolic)}"
    return f"temperature is {temperature:.1f} C, pulse is {pulse}/min, and blood pressure is {pressure} mm Hg."


def _write(
    patient: _Patient,
    note_id: str,
    group: str,
    rng: random.Random,
    avoid: Sequence[str],
    error: tuple[ErrorType, str] | None,
) -> Note:
    """One note about the patient; sentences listed in ``avoid`` are worded differently where there is a choice."""
    condition = patient.condition
    body = (
        [f"{patient.opening}{complaint}." for complaint in condition.complaints],
        condition.histories,
        [f"{{His}} {patient.vitals}", f"The {patient.vitals}"],
        condition.examinations,
        condition.studies,
    )
    sentences = [_other(choices, patient, rng, avoid) for choices in body]
    corrected, place = None, None
    for kind in patient.stated:
        term = rng.choice(_fact(condition, kind).accepted)
        frame = _other(FRAMES[kind], patient, rng, avoid)
        right = frame.replace("{term}", term)
        if error and kind is error[0]:
            corrected, place = right, len(sentences)
            right = frame.replace("{term}", error[1])
        sentences.append(right)
    if rng.random() < _CLOSING_SHARE:
        sentences.append(_other(_CLOSINGS, patient, rng, avoid))
    kind = error[0] if error else None
    return Note(note_id, tuple(sentences), group, kind, place, corrected, condition=condition.name)


def _other(choices: Sequence[str], patient: _Patient, rng: random.Random, avoid: Sequence[str]) -> str:
    """One of the choices, filled in; one whose wording the other twin does not have, where there is one."""
    worded = [_address(choice, patient) for choice in choices]
    fresh = [choice for choice in worded if not any(_same_wording(choice, sentence) for sentence in avoid)]
    return _NUMBER.sub(lambda span: str(rng.randint(int(span[1]), int(span[2]))), rng.choice(fresh or worded))


def _address(text: str, patient: _Patient) -> str:
    for word, (female, male) in _PRONOUNS.items():
        text = text.replace(word, female if patient.female else male)
    return text


def _same_wording(choice: str, sentence: str) -> bool:
    """Whether a sentence is this choice, whatever its numbers and terms are."""
    parts = (re.escape(part) for part in re.split(r"\{.*?\}", choice))
    return re.fullmatch(".+".join(parts), sentence) is not None


def _fact(condition: Condition, kind: ErrorType) -> Fact:
    fact = condition.fact(kind)
    assert fact is not None, (condition.name, kind)
    return fact


_NUMBER = re.compile(r"\{(\d+)\.\.(\d+)\}")

_PRONOUNS = {
    "{He}": ("She", "He"),
    "{he}": ("she", "he"),
    "{His}": ("Her", "His"),
    "{his}": ("her", "his"),
    "{him}": ("her", "him"),
}
