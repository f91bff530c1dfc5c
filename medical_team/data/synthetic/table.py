"""The whole table of facts, read from the YAML files in ``conditions/``. Driven by ``compose`` and ``oracle``.

A clinician can read and edit these files: ``docs/data.md`` says what an entry holds. Whatever does not fit is one
sentence that names the file, the entry and the key.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar, cast

import yaml

from medical_team.data.synthetic.facts import NAMED_VITALS, Condition, Fact, Setting, Sex, Vitals
from medical_team.errors import DataError

FOLDER = Path(__file__).parent / "conditions"

_FACTS = ("diagnosis", "organism", "drug", "treatment", "management")
_TEXTS = ("complaints", "histories", "examinations", "studies")
_NEEDED = ("name", "source", "setting", "ages", "sex", "vitals", *_TEXTS, "diagnosis")
_RANGES = ("temperature", "pulse", "systolic", "diastolic")
_SETTINGS = {"emergency": Setting.EMERGENCY, "clinic": Setting.CLINIC}
_SEXES = {sex.value: sex for sex in Sex}

Choice = TypeVar("Choice", bound=StrEnum)


def load_conditions(folder: Path = FOLDER) -> tuple[Condition, ...]:
    """Read every condition of the folder's YAML files, in the order of file names.

    Raises:
        DataError: A file cannot be read, or an entry is not what ``docs/data.md`` says.
    """
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise DataError(f"{folder} holds no YAML file with conditions: install the package with its data")
    conditions: dict[str, Condition] = {}
    for path in paths:
        for number, entry in enumerate(_entries(path), start=1):
            condition = _condition(entry, f"{path.name}, entry {number}")
            if condition.name in conditions:
                raise DataError(f"{path.name}, {condition.name}: another entry has this name: rename one of them")
            conditions[condition.name] = condition
    return tuple(conditions.values())


def read_yaml(path: Path) -> object:
    """What a YAML file holds; a key that is there twice is refused instead of overwritten."""
    try:
        return yaml.load(path.read_bytes(), _Loader)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise DataError(f"{path.name}{line}: {getattr(error, 'problem', None) or 'this is no YAML'}") from None


class _Loader(yaml.CSafeLoader):
    """YAML's safe loader, which by itself keeps the last of two equal keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) != len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key is there twice", node.start_mark)
        return mapping


def _entries(path: Path) -> Sequence[object]:
    entries = read_yaml(path)
    if not isinstance(entries, list) or not entries:
        raise DataError(f"{path.name}: a list of conditions is expected, each starting with '- name:'")
    return entries


def _condition(entry: object, place: str) -> Condition:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise DataError(f"{place}: a condition needs a name")
    where = f"{place} ({entry['name']})"
    _check_keys(entry, _NEEDED, (*_FACTS, "bacterial"), where)
    bacterial = entry.get("bacterial", True)
    if not isinstance(bacterial, bool):
        raise DataError(f"{where}: bacterial is true or false")
    complaints, histories, examinations, studies = (
        _phrases(entry[key], f"{where}: {key}", at_least=2) for key in _TEXTS
    )
    diagnosis, organism, drug, treatment, management = (
        _fact(entry[key], f"{where}: {key}") if key in entry else None for key in _FACTS
    )
    assert diagnosis is not None, "it is a needed key"
    return Condition(
        name=entry["name"],
        source=_source(entry["source"], where),
        setting=_choice(entry["setting"], _SETTINGS, f"{where}: setting"),
        ages=_whole_range(entry["ages"], f"{where}: ages"),
        sex=_choice(entry["sex"], _SEXES, f"{where}: sex"),
        vitals=_vitals(entry["vitals"], f"{where}: vitals"),
        complaints=complaints,
        histories=histories,
        examinations=examinations,
        studies=studies,
        diagnosis=diagnosis,
        organism=organism,
        drug=drug,
        treatment=treatment,
        management=management,
        bacterial=bacterial,
    )


def _fact(entry: object, where: str) -> Fact:
    if not isinstance(entry, dict):
        raise DataError(f"{where}: the keys accepted and wrong are expected below it")
    _check_keys(entry, ("accepted", "wrong"), ("also_wrong", "unclear"), where)
    fact = Fact(
        accepted=_phrases(entry["accepted"], f"{where}.accepted"),
        wrong=_reasons(entry["wrong"], f"{where}.wrong"),
        also_wrong=_reasons(entry.get("also_wrong", {}), f"{where}.also_wrong"),
        unclear=_phrases(entry.get("unclear", []), f"{where}.unclear", at_least=0),
    )
    twice = [term for term in fact.terms() if fact.terms().count(term) > 1]
    if twice:
        raise DataError(f"{where}: {twice[0]!r} is listed twice: keep it in one list")
    if len(fact.wrong) < 3:
        raise DataError(f"{where}.wrong: three or more terms are expected, each with its reason")
    return fact


def _check_keys(entry: Mapping[object, object], needed: Iterable[str], others: Iterable[str], where: str) -> None:
    for key in needed:
        if key not in entry:
            raise DataError(f"{where}: the key {key!r} is missing")
    for key in entry:
        if key not in (*needed, *others):
            raise DataError(f"{where}: the key {key!r} is unknown")


def _source(value: object, where: str) -> str:
    if not isinstance(value, str) or len(value.split()) < 3:
        raise DataError(f"{where}: source names a public guideline or textbook, with year or edition")
    return value


def _phrases(value: object, where: str, at_least: int = 1) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) < at_least or not all(_is_text(phrase) for phrase in value):
        raise DataError(f"{where}: a list of {at_least} or more texts is expected")
    return tuple(value)


def _reasons(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(_is_text(text) for pair in value.items() for text in pair):
        raise DataError(f"{where}: lines of 'term: reason' are expected")
    return cast(dict[str, str], value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _choice(value: object, choices: Mapping[str, Choice], where: str) -> Choice:
    if not isinstance(value, str) or value not in choices:
        raise DataError(f"{where} is one of {', '.join(choices)}")
    return choices[value]


def _vitals(value: object, where: str) -> Vitals:
    if isinstance(value, str) and value in NAMED_VITALS:
        return NAMED_VITALS[value]
    if not isinstance(value, dict):
        raise DataError(f"{where} is one of {', '.join(NAMED_VITALS)}, or {', '.join(_RANGES)} with a range each")
    _check_keys(value, _RANGES, (), where)
    others = {key: _whole_range(value[key], f"{where}.{key}") for key in _RANGES[1:]}
    return Vitals(temperature=_range(value["temperature"], f"{where}.temperature"), **others)


def _whole_range(value: object, where: str) -> tuple[int, int]:
    low, high = _range(value, where)
    return int(low), int(high)


def _range(value: object, where: str) -> tuple[float, float]:
    match value:
        case [int() | float() as low, int() | float() as high] if low <= high:
            return low, high
        case _:
            raise DataError(f"{where}: two numbers are expected, the smaller one first, such as [52, 79]")


CONDITIONS: tuple[Condition, ...] = load_conditions()

BY_NAME: Mapping[str, Condition] = {condition.name: condition for condition in CONDITIONS}
