"""How much more the assessor gets on notes it is trained on than on held-out ones: what it remembers instead of reads.

Only games without an attacker are compared, since a held-out note is shown as it is, and both classes weigh the same
on either side. Training samples at its own temperature and evaluation greedily, which makes the gap too small if
anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from medical_team.config import RewardsConfig
from medical_team.evaluation.detection import Answered
from medical_team.manager.referee import Answer, conclude
from medical_team.manager.sentinels import GAMES, LIMITS, Sentinel
from medical_team.rewards import ClassPrices, score_game
from medical_team.types import Deal, GameType, Generation, Role, Turn

VANILLA = tuple(kind for kind in GameType if not kind.has_attacker)

ENOUGH = 8
"""Fewer games or notes of a class than these say nothing about it."""


def reward_gap(
    steps: Sequence[Mapping[str, Any]], answers: Sequence[Answered], prices: ClassPrices, rewards: RewardsConfig
) -> float | None:
    """Mean reward of the assessor in the vanilla games of the newest steps, less that of its held-out answers.

    ``steps`` are lines of ``metrics.jsonl``. ``None`` while either side has too few games or notes of a class.
    """
    gaps = []
    for kind in VANILLA:
        trained = _trained(steps, kind)
        held_out = [_reward(one, kind, prices, rewards) for one in answers if one.note.truth is kind.shown_truth]
        if trained is None or len(held_out) < ENOUGH:
            return None
        gaps.append(trained - fmean(held_out))
    return fmean(gaps)


def gap_warning(gap: float) -> str | None:
    """A sentence for a gap above the sentinel's limit."""
    limit = LIMITS[Sentinel.REWARD_GAP]
    if gap <= limit:
        return None
    return (
        f"sentinel {Sentinel.REWARD_GAP}: the assessor gets {gap:.2f} more on notes it was trained on than on held-out "
        f"ones, above {limit:g}: it remembers notes; use more of them, or stop earlier"
    )


def _trained(steps: Sequence[Mapping[str, Any]], kind: GameType) -> float | None:
    """Mean over the newest steps that together hold enough games of the type."""
    total, games = 0.0, 0.0
    for step in reversed(steps):
        reward, dealt = step.get(f"{Role.ASSESSOR}/reward/{kind}"), step.get(f"games/{kind}", 0.0)
        if reward is not None and games < GAMES:
            total, games = total + reward * dealt, games + dealt
    return total / games if games >= ENOUGH else None


def _reward(answered: Answered, kind: GameType, prices: ClassPrices, rewards: RewardsConfig) -> float:
    """What the answer would have been worth in a game."""
    answer = Answer(Turn(Role.ASSESSOR, Generation((), (), "")), answered.assessment)
    game = conclude(Deal(0, kind, answered.note, 0), answered.note, None, answer, None)
    return score_game(game, prices, rewards)[Role.ASSESSOR].total
