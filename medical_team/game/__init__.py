"""The rules of the game, as pure functions: types, prompts, parsing, gates and gold turns. The manager drives them."""

from __future__ import annotations

from medical_team.game.adversarial_benign import AdversarialBenign
from medical_team.game.adversarial_harmful import AdversarialHarmful
from medical_team.game.base import GameRules
from medical_team.game.vanilla_benign import VanillaBenign
from medical_team.game.vanilla_harmful import VanillaHarmful
from medical_team.types import GameType

RULES: dict[GameType, GameRules] = {
    rules.game_type: rules for rules in (VanillaHarmful(), AdversarialHarmful(), VanillaBenign(), AdversarialBenign())
}
"""The rules of every game type."""

__all__ = ["RULES", "GameRules"]
