"""``adversarial_benign``: a clean note in which the attacker plants an error."""

from __future__ import annotations

from medical_team.game.base import AdversarialRules
from medical_team.types import GameType


class AdversarialBenign(AdversarialRules):
    game_type = GameType.ADVERSARIAL_BENIGN
