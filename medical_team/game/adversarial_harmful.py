"""``adversarial_harmful``: an error note whose error the attacker turns into one that is harder to see.

The attacker is shown the error note and told where its error is. Its edit, in any sentence, is applied to the
*corrected* note, so that the old error goes and the new one is the only one: the truth stays known by construction.
"""

from __future__ import annotations

from medical_team.game.base import AdversarialRules
from medical_team.types import GameType


class AdversarialHarmful(AdversarialRules):
    game_type = GameType.ADVERSARIAL_HARMFUL
