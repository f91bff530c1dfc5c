"""The games of a run twice, as they were recorded and as they come out now: whose reward changed, and every figure.

Pure book-keeping; numbers and names of judges, no text. ``report.rejudging`` shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from medical_team.manager.batch import CollectStats
from medical_team.manager.tally import trained_rewards
from medical_team.metrics import summarise
from medical_team.types import Game, GameType, Role


class Sign(StrEnum):
    """What a role got for a game that it may be trained on."""

    PLUS = "+"
    NOTHING = "0"
    """No reward, or one of 0."""
    MINUS = "-"

    @classmethod
    def of(cls, reward: float) -> Sign:
        return cls.PLUS if reward > 0 else cls.MINUS if reward < 0 else cls.NOTHING


@dataclass(frozen=True, slots=True)
class SignChange:
    """A role's reward had one sign in games of a type and has another now."""

    role: Role
    game_type: GameType
    before: Sign
    after: Sign

    @property
    def is_flip(self) -> bool:
        """Whether what was rewarded is punished now, or the other way round; not only withheld or granted."""
        return Sign.NOTHING not in (self.before, self.after)


@dataclass(frozen=True, slots=True)
class Figure:
    """One aggregate; ``None`` where it cannot be told."""

    before: float | None
    after: float | None

    @property
    def change(self) -> float | None:
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(slots=True)
class Comparison:
    """Filled game by game; holds counts and sums.

    Attributes:
        sign_changes: Games by what became of a role's reward.
        judges: Audits by the name of their judge, before and after.
    """

    sign_changes: Counter[SignChange] = field(default_factory=Counter)
    judges: tuple[Counter[str], Counter[str]] = field(default_factory=lambda: (Counter(), Counter()))
    _stats: tuple[CollectStats, CollectStats] = field(default_factory=lambda: (CollectStats(), CollectStats()))

    def add(self, before: Game, after: Game) -> None:
        """One game, as it was and as it is now."""
        for stats, judges, game in zip(self._stats, self.judges, (before, after), strict=True):
            stats.deals[game.deal.game_type] += 1
            stats.games.add(game)
            if game.audit is not None:
                judges[game.audit.judge] += 1
        was, now = ({role: terms.total for role, terms in trained_rewards(game)} for game in (before, after))
        for role in Role:
            signs = Sign.of(was.get(role, 0.0)), Sign.of(now.get(role, 0.0))
            if signs[0] is not signs[1]:
                self.sign_changes[SignChange(role, before.deal.game_type, *signs)] += 1

    @property
    def games(self) -> int:
        return self._stats[0].games.games

    @property
    def flips(self) -> int:
        """Rewards that turned from plus to minus or back."""
        return sum(count for change, count in self.sign_changes.items() if change.is_flip)

    def figures(self) -> dict[str, Figure]:
        """Every aggregate under the name it has in ``metrics.jsonl``, and the games by type and outcome."""
        before, after = map(_metrics, self._stats)
        figures = {name: Figure(before.get(name), after.get(name)) for name in {*before, *after}}
        was, now = (stats.games.outcomes for stats in self._stats)
        figures |= {f"outcomes/{kind}/{how}": Figure(was[kind, how], now[kind, how]) for kind, how in {*was, *now}}
        return dict(sorted(figures.items()))

    def report(self) -> dict[str, Any]:
        """All of it, JSON-able."""
        return {
            "games": self.games,
            "judges": {"before": dict(self.judges[0]), "after": dict(self.judges[1])},
            "flips": self.flips,
            "sign_changes": [
                {"role": one.role, "game_type": one.game_type, "before": one.before, "after": one.after, "games": count}
                for one, count in self.sign_changes.most_common()
            ],
            "figures": {
                name: {"before": figure.before, "after": figure.after, "change": figure.change}
                for name, figure in self.figures().items()
            },
        }


def _metrics(stats: CollectStats) -> Mapping[str, float]:
    """Without times, which are of two machines at two times."""
    return {name: value for name, value in summarise(stats).items() if not name.startswith("timing/")}
