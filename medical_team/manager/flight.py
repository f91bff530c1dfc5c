"""Which games are in flight, what each of them waits for and since when. Kept by the referee, read by the watchdog."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from medical_team.types import Deal, GameType


class Awaited(StrEnum):
    """What a game can wait for."""

    ATTACKER = "attacker"
    """The attacker's answer."""
    ASSESSOR = "assessor"
    """The assessor's answer."""
    JUDGE = "judge"
    """The judge's audit."""


@dataclass(slots=True)
class GameInFlight:
    """A game under way; times are of ``GamesInFlight``'s clock."""

    game_id: int
    game_type: GameType
    since: float
    waits: dict[Awaited, float] = field(default_factory=dict)


class GamesInFlight:
    """The games of a rollout that are not over. Holds no word of a note.

    ``events`` grows whenever something was answered, failed, or a game was over: as long as it does, there is progress.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self.events = 0
        self._games: dict[int, GameInFlight] = {}

    @property
    def games(self) -> tuple[GameInFlight, ...]:
        return tuple(self._games.values())

    @contextmanager
    def playing(self, deal: Deal) -> Iterator[None]:
        self._games[deal.game_id] = GameInFlight(deal.game_id, deal.game_type, self.now())
        try:
            yield
        finally:
            del self._games[deal.game_id]
            self.events += 1

    @contextmanager
    def waiting(self, game_id: int, awaited: Awaited) -> Iterator[None]:
        waits = self._games[game_id].waits
        waits[awaited] = self.now()
        try:
            yield
        finally:
            del waits[awaited]
            self.events += 1
