"""Re-judging: recorded games audited and scored again, by another judge or another reward table.

What the players wrote stays as it was; outcomes and rewards follow from the new audits by the functions that the
manager plays with. ``judge.rejudge`` is the entry point. No engine and no GPU is needed, unless the judge needs one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice

from medical_team.config import Config, RewardsConfig
from medical_team.errors import JudgeError
from medical_team.evaluation.comparison import Comparison
from medical_team.judge import AuditRequest
from medical_team.manager.auditing import Auditor, ask_judge, explained
from medical_team.manager.referee import Answer, Attack, conclude
from medical_team.manager.tasks import task_group
from medical_team.rewards import ClassPrices, class_prices, score_game
from medical_team.types import Audit, Game, Role, harmful_share

# Enough to fill the batches of a judge that is far away, few enough to be held in memory.
IN_FLIGHT = 512


@dataclass(frozen=True, slots=True)
class ScoringRules:
    """What decides a finished game, but for its audit."""

    prices: ClassPrices
    rewards: RewardsConfig
    explanations: bool = False

    @classmethod
    def of(cls, config: Config) -> ScoringRules:
        return cls(class_prices(harmful_share(config.game.mix)), config.rewards, config.judge.explanations)


async def rejudge(
    games: Iterable[Game], judge: Auditor, rules: ScoringRules, on_games: Callable[[int], None] = lambda done: None
) -> Comparison:
    """Every game as it was recorded beside what it comes to now. ``on_games`` hears how many are done."""
    recorded, comparison = iter(games), Comparison()
    while chunk := tuple(islice(recorded, IN_FLIGHT)):
        async with task_group() as audits:
            tasks = [audits.create_task(rejudge_game(game, judge, rules)) for game in chunk]
        for game, task in zip(chunk, tasks, strict=True):
            comparison.add(game, task.result())
        on_games(comparison.games)
    return comparison


async def rejudge_game(game: Game, judge: Auditor, rules: ScoringRules) -> Game:
    """The game with a new audit, where it is one that a judge is asked about, and the outcome and rewards of that."""
    again = game
    if game.shown is not None:
        attack, answer = _attack(game), _answer(game)
        concluded = conclude(game.deal, game.shown, attack, answer, await _audit(game, judge, rules.explanations))
        again = replace(concluded, seconds=game.seconds, baselines=game.baselines)
    return replace(again, rewards=score_game(again, rules.prices, rules.rewards))


async def _audit(game: Game, judge: Auditor, explanations: bool) -> Audit | JudgeError | None:
    """As in the game: of an edit that was shown, and with ``explanations`` not before there is an answer."""
    if game.edit is None or game.shown is None or (explanations and game.turn(Role.ASSESSOR) is None):
        return None
    deal, assessment = game.deal, explained(game.assessment) if explanations else None
    return await ask_judge(
        judge, AuditRequest(deal.game_id, deal.game_type, deal.note, game.edit, game.shown, assessment)
    )


def _attack(game: Game) -> Attack | None:
    turn = game.turn(Role.ATTACKER)
    return Attack(turn, game.edit) if turn is not None else None


def _answer(game: Game) -> Answer | None:
    turn = game.turn(Role.ASSESSOR)
    return Answer(turn, game.assessment) if turn is not None else None
