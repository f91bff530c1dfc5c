"""How many samples of which role and game type a step trains on: exactly the mix, whoever answers well or fast.

Rewards are priced by the share of the classes, so the share must hold in what is trained on and not only in what is
dealt: were it left to the games that succeed, an attacker that fails its gates would leave the assessor a batch of
clean notes, in which "always Safe" gains. The quotas are drawn from one endless sequence of games whose composition
is the mix; what rounding owes in one step is paid in the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from medical_team.types import GameType, Role

Slot = tuple[Role, GameType]
"""A place in the batch for one sample."""

# Shares are floats and counts are exact: this only keeps rounding from making a tie look like a lag.
TIE = 1e-9


def seats(game_type: GameType) -> tuple[Role, ...]:
    """The roles that have a turn in such a game, in the order of their turns."""
    return (Role.ATTACKER, Role.ASSESSOR) if game_type.has_attacker else (Role.ASSESSOR,)


class EvenSequence:
    """An endless sequence of game types, every prefix of which has the mix's composition to within one game.

    Tijdeman's rule for the chairman assignment problem (Discrete Mathematics 32, 1980): of the types that lag behind
    their share, the one whose turn is due first. With k types no count is ever further than 1 - 1/(2k - 2) from its
    share. Deterministic; the counts are all of its state.
    """

    def __init__(self, mix: Mapping[GameType, float]) -> None:
        total = sum(mix.values())
        self._shares = {kind: mix[kind] / total for kind in GameType if mix.get(kind, 0.0) > 0}
        self._slack = 1.0 / max(2 * len(self._shares) - 2, 1)
        self.counts: Counter[GameType] = Counter()

    def next(self) -> GameType:
        position = self.counts.total() + 1
        lags = {kind: share * position - self.counts[kind] for kind, share in self._shares.items()}
        lagging = [kind for kind, lag in lags.items() if lag >= self._slack - TIE]
        chosen = min(lagging, key=lambda kind: (1.0 - self._slack - lags[kind]) / self._shares[kind])
        self.counts[chosen] += 1
        return chosen


class Quotas:
    """Cuts the sequence of games into steps: each game is a slot for every role that plays in it.

    Where a step ends between the two slots of a game, the second one opens the next step.
    """

    def __init__(self, mix: Mapping[GameType, float]) -> None:
        self._sequence = EvenSequence(mix)
        self._owed: list[Slot] = []

    def take(self, count: int) -> Counter[Slot]:
        """The slots of the next step, ``count`` in all."""
        slots = self._owed
        while len(slots) < count:
            game_type = self._sequence.next()
            slots = slots + [(role, game_type) for role in seats(game_type)]
        self._owed = slots[count:]
        return Counter(slots[:count])

    def state(self) -> dict[str, Any]:
        """JSON-able; small and of the same size however long the run."""
        counts = {str(kind): count for kind, count in self._sequence.counts.items()}
        return {"games": counts, "owed": [[str(role), str(kind)] for role, kind in self._owed]}

    def restore(self, state: Mapping[str, Any]) -> None:
        self._sequence.counts = Counter({GameType(kind): count for kind, count in state["games"].items()})
        self._owed = [(Role(role), GameType(kind)) for role, kind in state["owed"]]
