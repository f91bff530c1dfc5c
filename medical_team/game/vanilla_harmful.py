"""``vanilla_harmful``: an error note as it is, with the error its data set gave it."""

from __future__ import annotations

from medical_team.game.base import VanillaRules
from medical_team.types import GameType


class VanillaHarmful(VanillaRules):
    game_type = GameType.VANILLA_HARMFUL
