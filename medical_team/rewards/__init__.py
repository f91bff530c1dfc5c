"""Who gets what for a game, and the proof that no constant answer gains by it. Pure functions; the manager scores."""

from __future__ import annotations

from medical_team.rewards.lint import LintReport, lint_rewards
from medical_team.rewards.pricing import ClassPrices, class_prices
from medical_team.rewards.scoring import score_game

__all__ = ["ClassPrices", "LintReport", "class_prices", "lint_rewards", "score_game"]
