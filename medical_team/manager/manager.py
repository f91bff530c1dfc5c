"""MedicalGameManager: deals games, plays them all at once, and hands over exactly the samples a step trains on.

The trainer drives it, one ``collect`` a step. The rules of a game are the ``Referee``'s, the book-keeping of a step
is the ``Batch``'s; here they meet.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.manager.auditing import Auditor
from medical_team.manager.baselines import RunningBaselines
from medical_team.manager.batch import Batch, CollectStats
from medical_team.manager.engine import Engine
from medical_team.manager.flight import GamesInFlight
from medical_team.manager.quarantine import QuarantineWatch
from medical_team.manager.quotas import Quotas
from medical_team.manager.referee import Referee
from medical_team.manager.sentinels import Sentinels
from medical_team.manager.tasks import task_group
from medical_team.rewards.pricing import class_prices
from medical_team.types import Deal, Game, GameType, Role, Sample, harmful_share

logger = logging.getLogger(__name__)


class Dealer(Protocol):
    """Where games come from: ``data.Deck``, seeded and resumable."""

    def deal(self, game_type: GameType) -> Deal: ...

    def can_deal(self, game_type: GameType) -> bool: ...

    def state(self) -> dict[str, Any]: ...

    def restore(self, state: dict[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Collected:
    """A step's samples, in deal order, and its accounts."""

    samples: tuple[Sample, ...]
    stats: CollectStats


class MedicalGameManager:
    """Plays the games of a run.

    What is dealt, sampled and selected depends on the deck, the mix and the engines' answers alone, never on who
    answered first. One ``collect`` at a time.

    Args:
        deck: Deals the games.
        engines: Who answers for each role; both may be the same.
        judge: Audits the attacker's edits.
        mix: Weight of each game type.
        gates, rewards: Sections of the configuration.
        concurrency: Games in flight at once.
        max_deals_factor: Deals a step may use over the ones it needs, before vanilla games fill it up.
        deals_ahead: Adversarial games dealt at once for each that is missing; what is too much is dropped and counted.
        explanations: Audit the assessor's explanations too.
        max_quarantine, max_untold: Shares of the audited games that the judge may contradict, and about which it may
            be unable to tell; see ``check_quarantine``.
        record: Called with every finished game, in deal order.
    """

    def __init__(
        self,
        deck: Dealer,
        engines: Mapping[Role, Engine],
        judge: Auditor,
        *,
        mix: Mapping[GameType, float],
        gates: GatesConfig,
        rewards: RewardsConfig,
        concurrency: int,
        max_deals_factor: float,
        deals_ahead: float = 1.0,
        explanations: bool = False,
        max_quarantine: float = 1.0,
        max_untold: float = 1.0,
        record: Callable[[Game], None] | None = None,
    ) -> None:
        self._deck = deck
        self._quotas = Quotas(mix)
        self.flight = GamesInFlight()
        self._referee = Referee(
            engines,
            judge,
            gates=gates,
            rewards=rewards,
            prices=class_prices(harmful_share(mix)),
            explanations=explanations,
            flight=self.flight,
        )
        self._quarantine = QuarantineWatch(max_quarantine, max_untold)
        self._baselines = RunningBaselines()
        self._sentinels = Sentinels()
        self._concurrency = concurrency
        self._max_deals_factor = max_deals_factor
        self._deals_ahead = deals_ahead
        self._record = record or _forget

    async def collect(self, count: int) -> Collected:
        """Play until there are exactly ``count`` samples in the mix's composition.

        Every game is a task of its own. They are settled in deal order, so that what is selected does not depend on
        who answered first: one that left a slot open is dealt anew when all before it are over, and where many fail
        ``deals_ahead`` spares the waiting. None is cancelled for being late, which would favour short answers.

        Raises:
            RolloutError: Too much fails for the batch ever to be filled.
        """
        substitutes = {kind: kind.vanilla for kind in GameType if kind.has_attacker}
        dealable = {kind: vanilla for kind, vanilla in substitutes.items() if self._deck.can_deal(vanilla)}
        batch = Batch(self._quotas.take(count), self._max_deals_factor, self._deals_ahead, dealable)
        tables = asyncio.Semaphore(self._concurrency)
        in_flight: deque[asyncio.Task[Game]] = deque()
        async with task_group() as games:
            while not batch.complete:
                for game_type in batch.due():
                    deal = self._deck.deal(game_type)
                    in_flight.append(games.create_task(self._play(deal, tables)))
                    batch.dealt(game_type)
                game = await in_flight.popleft()
                self._record(game)
                self._sentinels.add(game)
                self._baselines.add(game, batch.settle(game))
        batch.stats.baselines = self._baselines.current
        self._baselines.end_step()
        self._quarantine.add(batch.stats.games)
        batch.stats.sentinels = self._sentinels.end_step()
        for warning in self._sentinels.warnings():
            logger.warning(warning)
        return Collected(batch.hand_over(), batch.stats)

    def check_quarantine(self) -> None:
        """Whether the games of this step and the ones before are fit to be trained on.

        Raises:
            QuarantineLimit: The judge contradicts the construction in too many of them.
            UntoldLimit: It cannot tell about nearly all of them.
        """
        self._quarantine.check()

    def state(self) -> dict[str, Any]:
        """What a resumed run needs to deal the same games and to watch them as before; JSON-able."""
        return {
            "deck": self._deck.state(),
            "quotas": self._quotas.state(),
            "quarantine": self._quarantine.state(),
            "sentinels": self._sentinels.state(),
            "baselines": self._baselines.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self._deck.restore(state["deck"])
        self._quotas.restore(state["quotas"])
        # A checkpoint from before games were watched and averaged has none of these: they then start anew.
        self._quarantine.restore(state.get("quarantine", ()))
        self._sentinels.restore(state.get("sentinels", {}))
        self._baselines.restore(state.get("baselines", ()))

    async def _play(self, deal: Deal, tables: asyncio.Semaphore) -> Game:
        async with tables:
            try:
                return await self._referee.play(deal, self._baselines.current)
            except Exception as error:
                error.add_note(f"in game {deal.game_id} ({deal.game_type})")
                raise


def _forget(game: Game) -> None:
    """Where nobody keeps records."""
