"""How much more the assessor gets on notes it is trained on than on held-out ones: what it remembers instead of reads.

Compared is the reward of the verdict, the zero-sum part that a memory of notes would raise: its mean is sensitivity +
specificity - 1 under any mix. Only games without an attacker count, since a held-out note is shown as it is, and only
answers that parse. Training samples at its own temperature and evaluation greedily, which makes the gap too small if
anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from medical_team.evaluation.detection import Answered
from medical_team.manager.sentinels import GAMES, LIMITS, Sentinel
from medical_team.types import GameType, Role

ENOUGH = 8
"""Fewer games or notes of a class than these say nothing about it."""


def reward_gap(steps: Sequence[Mapping[str, Any]], answers: Sequence[Answered]) -> float | None:
    """Mean reward of the verdict in the vanilla games of the newest steps, less that of the held-out answers: in
    [-2, 2].

    ``steps`` are lines of ``metrics.jsonl``. ``None`` while either side has too few games or notes of a class.
    """
    gap = 0.0
    for kind in (kind for kind in GameType if not kind.has_attacker):
        parsed = [one for one in answers if one.note.truth is kind.shown_truth and one.assessment is not None]
        trained = _trained(steps, kind)
        if trained is None or len(parsed) < ENOUGH:
            return None
        gap += trained - fmean(one.flag_right for one in parsed)
    return gap


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
    """Share of right verdicts in the newest steps that together hold enough games of the type."""
    right, games = 0.0, 0.0
    for step in reversed(steps):
        win_rate, dealt = step.get(f"{Role.ASSESSOR}/win_rate/{kind}"), step.get(f"games/{kind}", 0.0)
        if win_rate is not None and games < GAMES:
            right, games = right + win_rate * dealt, games + dealt
    return right / games if games >= ENOUGH else None
