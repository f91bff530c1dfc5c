"""``vanilla_benign``: a note without an error, shown as it is: a clean note, or an error note's corrected text."""

from __future__ import annotations

from medical_team.game.base import VanillaRules
from medical_team.types import GameType


class VanillaBenign(VanillaRules):
    game_type = GameType.VANILLA_BENIGN
