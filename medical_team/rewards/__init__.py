"""Who gets what for a game, and the proof that no simple policy gains by it. Pure functions; the manager scores."""

from __future__ import annotations

from medical_team.rewards.judged import JudgeRates, lint_judged
from medical_team.rewards.lint import LintReport, lint_rewards
from medical_team.rewards.pricing import ClassPrices, class_prices
from medical_team.rewards.scoring import score_game

__all__ = ["ClassPrices", "JudgeRates", "LintReport", "class_prices", "lint_judged", "lint_rewards", "score_game"]
