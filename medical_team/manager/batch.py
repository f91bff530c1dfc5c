"""The batch of one step while it fills up: which samples are wanted, which are there, what was dropped and why.

The manager tells it of every deal and every finished game, in deal order; it says what to deal next. Since samples
are taken in deal order, what is selected does not depend on who answered first.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from medical_team.errors import RolloutError
from medical_team.manager.quotas import Slot, seats
from medical_team.manager.sentinels import Sentinel
from medical_team.manager.tally import GameTally, trained_rewards
from medical_team.types import NOTHING_MEASURED, Baselines, Game, GameType, Outcome, Role, Sample

# Without it a batch of a handful of samples would die of bad luck: 4 times 2 attacker turns are soon unusable.
MIN_DEALS_BEFORE_GIVING_UP = 32
SURPLUS = "surplus"
FAILURES = (Outcome.ENGINE_FAILED, Outcome.JUDGE_FAILED)
REMEDY = "raise rollout.max_deals_factor"
REMEDIES = {
    Outcome.QUARANTINED: "the judge does not confirm these edits; choose a judge that can tell (judge.name, "
    f"judge.model) or notes that it knows (data.source), or {REMEDY}",
    Outcome.MALFORMED: f"these answers are not in the format; warm-start the model (model.path), or {REMEDY}",
    Outcome.GATED: f"these edits fail their gates; warm-start the model (model.path), or {REMEDY}",
    Outcome.JUDGE_FAILED: "the judge gave no audit; look at judge.deadline_s and at the judge's log",
    Outcome.ENGINE_FAILED: "the engines gave no answer; look at their log",
}
"""What helps where most games end so."""
ADVERSARIAL = tuple(kind for kind in GameType if kind.has_attacker)
ADVERSARIAL_FIRST = sorted(GameType, key=lambda kind: not kind.has_attacker)


@dataclass(slots=True)
class CollectStats:
    """The accounts of one step.

    Attributes:
        deals: Games dealt, by type.
        samples: Samples handed over, by role and game type.
        drops: Samples that a dealt game did not contribute, by role, game type and reason: the game's outcome, or
            ``surplus``. Every seat of every game is either a sample or a drop.
        substitutions: Samples of vanilla games in the place of adversarial ones that could not be had.
        games: What happened in the games.
        sentinels: What the sentinels read after the step, over it and some before.
        baselines: What the step's games were scored with.
    """

    deals: Counter[GameType] = field(default_factory=Counter)
    samples: Counter[Slot] = field(default_factory=Counter)
    drops: Counter[tuple[Role, GameType, str]] = field(default_factory=Counter)
    substitutions: int = 0
    games: GameTally = field(default_factory=GameTally)
    sentinels: Mapping[Sentinel, float] = field(default_factory=dict)
    baselines: Baselines = NOTHING_MEASURED


class Batch:
    """One step's samples in the making. Call ``due``, ``dealt`` and ``settle`` in deal order.

    ``substitutes`` says which vanilla type can be dealt in the place of which adversarial one.
    """

    def __init__(
        self,
        wanted: Counter[Slot],
        max_deals_factor: float,
        deals_ahead: float = 1.0,
        substitutes: Mapping[GameType, GameType] = MappingProxyType({}),
    ) -> None:
        self.stats = CollectStats()
        self._wanted = wanted.total()
        self._open = Counter(wanted)
        self._samples: list[Sample] = []
        self._in_flight: Counter[GameType] = Counter()
        self._failures = 0
        self._deals_needed = sum(self._short(game_type) for game_type in GameType)
        self._budget = math.ceil(max_deals_factor * self._deals_needed)
        self._deals_ahead = deals_ahead
        self._substitutes = substitutes

    @property
    def complete(self) -> bool:
        """Every slot is filled and every game settled."""
        return not self._open.total() and not self._in_flight.total()

    def due(self) -> list[GameType]:
        """The types of the games to deal now, so that every open slot has a game in flight that can fill it.

        Over the budget of deals, open slots of adversarial games become vanilla ones of the same class.

        Raises:
            RolloutError: Too much fails for the batch ever to be filled.
        """
        self._check_failures()
        if self.stats.deals.total() >= self._budget > 0:
            self._substitute()
            self._check_adversarial()
        # Two turns take longer than one: whatever has both starts first.
        return [game_type for game_type in ADVERSARIAL_FIRST for _ in range(self._deals(game_type))]

    def dealt(self, game_type: GameType) -> None:
        self.stats.deals[game_type] += 1
        self._in_flight[game_type] += 1

    def settle(self, game: Game) -> tuple[Role, ...]:
        """Take from a finished game the samples that are still wanted, and count the others as dropped.

        Returns: The roles whose sample was taken.
        """
        taken: list[Role] = []
        game_type = game.deal.game_type
        self._in_flight[game_type] -= 1
        self._failures += game.outcome in FAILURES
        self.stats.games.add(game)
        trained = dict(trained_rewards(game))
        for role in seats(game_type):
            if role not in trained:
                self.stats.drops[role, game_type, game.outcome.value] += 1
            elif self._open[role, game_type] <= 0:
                self.stats.drops[role, game_type, SURPLUS] += 1
            else:
                self._open[role, game_type] -= 1
                self._samples.append(sample_of(game, role, trained[role].total))
                self.stats.samples[role, game_type] += 1
                taken.append(role)
        return tuple(taken)

    def hand_over(self) -> tuple[Sample, ...]:
        """Exactly the samples that were wanted, in deal order."""
        assert len(self._samples) == self._wanted and not self._open.total(), "handed over before it was full"
        return tuple(self._samples)

    def _deals(self, game_type: GameType) -> int:
        """Games of a type to deal now: of adversarial ones, which may fail, more than are missing."""
        short = self._short(game_type)
        ahead = self._deals_ahead if game_type.has_attacker else 1.0
        return math.ceil(short * ahead)

    def _short(self, game_type: GameType) -> int:
        """Games of a type that are missing; one game fills a slot of each of its roles."""
        return max(0, max(self._open[role, game_type] for role in Role) - self._in_flight[game_type])

    def _substitute(self) -> None:
        """Vanilla games for the assessor slots that no game in flight will fill; an attacker's slot stays open."""
        for game_type, vanilla in self._substitutes.items():
            lacking = max(0, self._open[Role.ASSESSOR, game_type] - self._in_flight[game_type])
            self._open[Role.ASSESSOR, game_type] -= lacking
            self._open[Role.ASSESSOR, vanilla] += lacking
            self.stats.substitutions += lacking

    def _check_adversarial(self) -> None:
        dealt = self.stats.deals.total()
        missing = {
            (role, kind): short
            for role in Role
            for kind in ADVERSARIAL
            if (short := self._open[role, kind] - self._in_flight[kind]) > 0
        }
        if missing and dealt >= max(self._budget, MIN_DEALS_BEFORE_GIVING_UP):
            slots = ", ".join(f"{count} {role} of {kind}" for (role, kind), count in missing.items())
            raise RolloutError(
                f"{sum(missing.values())} of {self._wanted} samples are missing, all of them of adversarial games "
                f"({slots}), after {dealt} games; {self._deals_needed} are enough where none fails. The games ended as "
                f"{self._describe_reasons()}: {self._remedy()}"
            )

    def _check_failures(self) -> None:
        dealt = self.stats.deals.total()
        # Each failure is dealt anew, so that the failures outnumber the rest only when nearly everything fails.
        if self._failures * 2 > dealt > self._deals_needed:
            raise RolloutError(
                f"engines or judge failed in {self._failures} of {dealt} games of one step; the games ended as "
                f"{self._describe_reasons()}"
            )

    def _describe_reasons(self) -> str:
        """How the games ended and why, the most common first."""
        games = self.stats.games
        counted = sum(count for (_, outcome), count in games.outcomes.items() if outcome is Outcome.COUNTED)
        ends = Counter({f"{outcome} ({reason})": count for (outcome, reason), count in games.reasons.items()})
        ends += Counter({str(Outcome.COUNTED): counted})
        return ", ".join(f"{count} {end}" for end, count in ends.most_common())

    def _remedy(self) -> str:
        """What helps against the most common way in which a game gives no sample."""
        reasons = self.stats.games.reasons
        return REMEDIES[max(reasons, key=lambda end: reasons[end])[0]] if reasons else REMEDY


def sample_of(game: Game, role: Role, reward: float) -> Sample:
    turn = game.turn(role)
    assert turn is not None, "a role without a turn is never trained on"
    answer = turn.generation
    return Sample(
        game_id=game.deal.game_id,
        role=role,
        game_type=game.deal.game_type,
        prompt_ids=answer.prompt_ids,
        response_ids=answer.response_ids,
        reward=reward,
        truncated=answer.truncated,
        logprobs=answer.logprobs,
    )
