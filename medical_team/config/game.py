"""What is played: the mix of games, the gates an edit passes, the rewards."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from medical_team.config.base import Section
from medical_team.types import GameType, harmful_share


class GatesConfig(Section):
    """Limits on an attacker's edit, calibrated on MEDEC's gold edits (316 of 319 pass on validation)."""

    min_length_ratio: float = Field(default=0.9, gt=0)
    """Words of the edited note over words of the original, at least."""
    max_length_ratio: float = Field(default=1.1, gt=0)
    """The same, at most."""
    min_similarity: float = Field(default=0.87, ge=0, le=1)
    """Token similarity of edited and original note, at least."""
    max_edited_tokens: int = Field(default=20, ge=1)
    """Tokens taken away and tokens put in, together, at most."""


_MIX = {kind: 3.0 if kind is GameType.VANILLA_BENIGN else 1.0 for kind in GameType}
"""Half of the notes shown have an error: both classes have the same price."""


class GameConfig(Section):
    mix: dict[GameType, float] = Field(default_factory=_MIX.copy)
    """Weight of each game type in the deck; a type that is not named keeps its default, 0 leaves one out.
    A vanilla type of weight 0 is still dealt where it stands in for adversarial games that fail (``substitutions``)."""
    gates: GatesConfig = GatesConfig()

    @field_validator("mix", mode="before")
    @classmethod
    def _unnamed_types_keep_their_weight(cls, mix: Any) -> Any:
        if not isinstance(mix, dict):
            raise ValueError(f"game.mix: must map game types to weights, got {mix!r}")
        return {str(kind): weight for kind, weight in _MIX.items()} | {
            str(kind): weight for kind, weight in mix.items()
        }

    @model_validator(mode="after")
    def _mix_has_both_classes(self) -> GameConfig:
        if any(weight < 0 for weight in self.mix.values()) or sum(self.mix.values()) <= 0:
            raise ValueError("game.mix: weights must be at least 0 and one of them above 0")
        if harmful_share(self.mix) in (0.0, 1.0):
            raise ValueError(
                "game.mix shows only one class of notes, so one constant verdict is always right: give "
                f"{GameType.VANILLA_BENIGN} and at least one other type a weight"
            )
        return self


class RewardsConfig(Section):
    """Penalties and shares are in prices of an error note (1 under the default mix), so that they keep their place
    below the zero-sum terms when the mix changes. ``rewards.lint`` refuses values by which a constant answer gains."""

    localisation: float = Field(default=0.5, ge=0, le=1)
    """Part of the price between the right sentence and a wrong one, in a Harmful verdict on an error note. Counted
    from the share in which the policy names the right one, so that it adds nothing to a constant answer."""
    correction: float = Field(default=0.25, ge=0, le=1)
    """Part of the price that a right correction adds where the right sentence is named. Nothing is deducted for a wrong
    one, so that neither verdict is worth more to a policy that knows nothing."""
    malformed: float = Field(default=-2.0, le=0)
    """What an assessor gets for an answer that does not parse. It is below -1, the loss for an overlooked error;
    otherwise breaking the format would be the cheaper way to lose a hard note. Up to nine tenths of the part beyond -1
    may be charged to the verdict whose answers parse more often."""
    attacker_malformed: float = Field(default=-2.5, le=0)
    """What an attacker gets for an answer that does not parse; at most ``gate_failed``."""
    gate_failed: float = Field(default=-2.25, le=0)
    """What an attacker gets for an edit that fails a gate. Below the least that an unconfirmed edit gets, -1 minus
    ``localisation``, ``correction`` and ``unconfirmed``: else copying the note would be better than playing."""
    unconfirmed: float = Field(default=0.25, ge=0, le=1)
    """What an edit that the judge does not call an error costs the attacker beyond what one costs that is found,
    located and corrected. More than the realism that such an edit can lose: so playing is worth more."""
    realism: float = Field(default=0.1, ge=0, le=0.25)
    """Weight of the judge's realism score for the attacker, counted from its mean: at most this, in plain reward. A
    score that is always the same is worth nothing."""
    explanation: float = Field(default=0.1, ge=0, le=0.25)
    """Part of the price that a Harmful verdict at the right sentence loses when the judge calls its explanation wrong
    (``judge.explanations``). At most ``localisation``: else naming another sentence would be the cheaper answer."""

    @model_validator(mode="after")
    def _the_right_sentence_is_worth_most(self) -> RewardsConfig:
        if self.explanation > self.localisation:
            raise ValueError(
                f"rewards.explanation = {self.explanation} is more than rewards.localisation = {self.localisation}: a "
                "wrong sentence would cost less than a poor explanation of the right one; lower rewards.explanation"
            )
        return self
