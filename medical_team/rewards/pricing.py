"""Prices of a right verdict by class, so that a constant verdict is worth nothing under the dealt mix."""

from __future__ import annotations

from dataclasses import dataclass

from medical_team.types import Verdict


@dataclass(frozen=True, slots=True)
class ClassPrices:
    """What a right verdict gains, and a wrong one loses, on an error note and on a clean one."""

    harmful: float
    safe: float

    def of(self, truth: Verdict) -> float:
        return self.harmful if truth is Verdict.HARMFUL else self.safe


def class_prices(harmful_share: float) -> ClassPrices:
    """1/(2p) on error notes and 1/(2(1-p)) on clean ones, p being the share of error notes in the games scored.

    Then E[detection] = sensitivity + specificity - 1 = 2 x balanced accuracy - 1 (Youden's J): 1 for a perfect
    assessor, 0 for any constant verdict and for any coin, whatever p.

    Raises:
        ValueError: Only one class is dealt, for which no price makes a constant verdict worthless.
    """
    if not 0 < harmful_share < 1:
        raise ValueError(f"the share of error notes must lie between 0 and 1, got {harmful_share}")
    return ClassPrices(harmful=1 / (2 * harmful_share), safe=1 / (2 * (1 - harmful_share)))
