"""Where a recorded game comes from, and whether its text is altered: what goes with it wherever it is exported."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from medical_team.safekeeping import MARKER
from medical_team.types import Game, Role


class ErrorOrigin(StrEnum):
    """Who planted the error of the note that a game was shown with."""

    ATTACKER = "attacker"
    DATA_SET = "data_set"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Of all games of a run.

    Attributes:
        run: The run's name.
        data_source: The data set that its notes are from, as the configuration names it (``medec-train``).
    """

    run: str = ""
    data_source: str = ""


def provenance_columns(game: Game, provenance: Provenance) -> dict[str, Any]:
    """The columns ``run``, ``data_source``, ``error_origin`` and ``marker`` of a game's row.

    ``marker`` is null only where the row holds nothing but a clean note and what an assessor said of it.
    """
    attacked = any(turn.role is Role.ATTACKER for turn in game.turns)
    return {
        "run": provenance.run,
        "data_source": provenance.data_source,
        "error_origin": _error_origin(game),
        "marker": MARKER if attacked or game.deal.note.has_error else None,
    }


def _error_origin(game: Game) -> ErrorOrigin | None:
    if game.shown is None or not game.shown.has_error:
        return None
    return ErrorOrigin.DATA_SET if game.edit is None else ErrorOrigin.ATTACKER
