"""Terms of so narrow a use that they are wrong wherever the table does not accept them. Driven by ``oracle``.

Without these lists the oracle could only judge terms that a condition names, and an attacker who prescribes an
antidote for pneumonia would go undecided. The lists are in ``scope.yaml``, with what belongs in each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from medical_team.data.synthetic.table import read_yaml
from medical_team.errors import DataError
from medical_team.types import ErrorType

FILE = Path(__file__).parent / "scope.yaml"

_KEYS: Mapping[str, ErrorType] = {
    "drug": ErrorType.PHARMACOTHERAPY,
    "treatment": ErrorType.TREATMENT,
    "management": ErrorType.MANAGEMENT,
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The lists of ``scope.yaml``; its comments say what each is for."""

    narrow: Mapping[ErrorType, frozenset[str]]
    antibacterials: frozenset[str]
    emergency_only: frozenset[str]
    clinic_only: frozenset[str]
    overlapping: frozenset[str]


def load_scope(path: Path = FILE) -> Scope:
    """Read the lists.

    Raises:
        DataError: The file cannot be read, a key is missing or unknown, or a list holds something else than texts.
    """
    content = read_yaml(path)
    keys = [field.name for field in fields(Scope)]
    if not isinstance(content, dict) or set(content) != set(keys):
        raise DataError(f"{path.name}: the keys {', '.join(keys)} are expected")
    narrow = content["narrow"]
    if not isinstance(narrow, dict) or set(narrow) != set(_KEYS):
        raise DataError(f"{path.name}, narrow: the keys {', '.join(_KEYS)} are expected")
    lists = {kind: _terms(narrow[key], f"{path.name}, narrow.{key}") for key, kind in _KEYS.items()}
    return Scope(lists, **{key: _terms(content[key], f"{path.name}, {key}") for key in keys[1:]})


def _terms(value: object, where: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(term, str) and term.strip() for term in value):
        raise DataError(f"{where}: a list of terms is expected")
    twice = [term for term in value if value.count(term) > 1]
    if twice:
        raise DataError(f"{where}: {twice[0]!r} is listed twice")
    return frozenset(value)


SCOPE = load_scope()
