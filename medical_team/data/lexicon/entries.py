"""The lexicon's files: a list of entries each, checked when they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from medical_team.data.lexicon.terms import key_of
from medical_team.errors import DataError
from medical_team.types import ErrorType

FOLDER = Path(__file__).parent
KINDS: Mapping[str, frozenset[ErrorType]] = {
    "diagnoses": frozenset({ErrorType.DIAGNOSIS}),
    "drugs": frozenset({ErrorType.PHARMACOTHERAPY}),
    "organisms": frozenset({ErrorType.CAUSAL_ORGANISM}),
    "procedures": frozenset({ErrorType.MANAGEMENT, ErrorType.TREATMENT}),
}
"""The files, and the kinds of an entry that names none."""
_KEYS = frozenset({"name", "same", "kinds", "class", "broader"})


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that notes name.

    Attributes:
        name: As the lexicon writes it.
        same: Other names of the same thing.
        kinds: What kinds of error it can be part of.
        choice: A class whose members may stand for each other; ``None`` where there is none.
        broader: Names of more general concepts.
        groups: Twin groups whose gold annotation it comes from; empty for the shipped ones.
    """

    name: str
    kinds: frozenset[ErrorType]
    same: tuple[str, ...] = ()
    choice: str | None = None
    broader: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()


def read_shipped(folder: Path = FOLDER) -> tuple[Concept, ...]:
    """All concepts of the four files.

    Raises:
        DataError: A file is missing or an entry is not as it should be.
    """
    return tuple(concept for name, kinds in KINDS.items() for concept in read_entries(folder / f"{name}.yaml", kinds))


def read_entries(path: Path, kinds: frozenset[ErrorType]) -> list[Concept]:
    """The concepts of one file; ``kinds`` are those of an entry that names none.

    Raises:
        DataError: It cannot be read, or an entry is not as it should be.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is no YAML file: {' '.join(str(error).split())}") from None
    if not isinstance(content, list):
        raise DataError(f"{path} must be a list of entries")
    return list(_checked(path, content, kinds))


def _checked(path: Path, content: list[Any], kinds: frozenset[ErrorType]) -> Iterator[Concept]:
    owner: dict[tuple[str, ...], str] = {}
    for number, entry in enumerate(content, start=1):
        where = f"{path}, entry {number}"
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise DataError(f"{where}: an entry is a mapping with a name")
        where = f"{path}, entry {number} ({entry['name']})"
        if unknown := set(entry) - _KEYS:
            raise DataError(f"{where}: unknown key {min(map(str, unknown))}; there are {', '.join(sorted(_KEYS))}")
        concept = _concept(where, entry, kinds)
        for term in (concept.name, *concept.same):
            key = key_of(term)
            if not any(char.isalpha() for word in key for char in word):
                raise DataError(f"{where}: the term {term!r} is without a letter; quote a term that contains a comma")
            if owner.setdefault(key, concept.name) != concept.name:
                raise DataError(f"{where}: the term {term} belongs to {owner[key]} already")
        yield concept


def _concept(where: str, entry: Mapping[str, Any], kinds: frozenset[ErrorType]) -> Concept:
    choice = entry.get("class")
    if choice is not None and not isinstance(choice, str):
        raise DataError(f"{where}: class must be a word or a few")
    try:
        own = frozenset(ErrorType(kind) for kind in _texts(where, entry, "kinds"))
    except ValueError as error:
        raise DataError(f"{where}: {error}; there are {', '.join(ErrorType)}") from None
    broader, same = _texts(where, entry, "broader"), _texts(where, entry, "same")
    return Concept(entry["name"], own or kinds, same, choice, broader)


def _texts(where: str, entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = entry.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise DataError(f"{where}: {key} must be a list of texts")
    return tuple(value)
