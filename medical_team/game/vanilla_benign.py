"""``vanilla_benign``: a clean note, or an error note's corrected text, as it is. The only type in which Safe is right."""

from __future__ import annotations

from medical_team.game.base import VanillaRules
from medical_team.types import GameType


class VanillaBenign(VanillaRules):
    game_type = GameType.VANILLA_BENIGN
