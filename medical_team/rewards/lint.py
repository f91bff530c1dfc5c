"""The reward lint: what constant policies are worth under a configuration, before anything is trained on it.

The policies are played through ``score_game`` itself, so that a term added there is linted too. Refused are:

- a constant verdict worth more than nothing (always Safe; always Harmful at any rate of naming the right sentence);
- ``malformed`` at or above -price: the value of Safe when there certainly is an error. A note that the assessor
  keeps losing must not be lost more cheaply by breaking the format. (A false alarm costs more than that; whoever
  believes a note clean has Safe to say, which gains, so it is no reason for a higher penalty.)
- ``gate_failed`` at or above the value of an edit that is always found, in the right sentence, and looks unreal:
  copying the note must not be better than playing and losing;
- ``attacker_malformed`` above ``gate_failed``: breaking the format must not be the cheaper way past the gates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from medical_team.config import RewardsConfig
from medical_team.errors import RewardLintError
from medical_team.game.gates import GateFailure
from medical_team.game.parsing import Violation
from medical_team.rewards.pricing import ClassPrices, class_prices
from medical_team.rewards.scoring import score_game
from medical_team.types import (
    Assessment,
    Audit,
    Deal,
    Edit,
    ErrorType,
    Game,
    GameType,
    Note,
    Outcome,
    Role,
    Verdict,
    harmful_share,
)

TOLERANCE = 1e-9

# No error sentence, one by a cue word (83% on MEDEC), every one: a line is highest at one of its ends.
HIT_RATES = (0.0, 0.83, 1.0)


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """A constant policy and its expected reward a game.

    Attributes:
        policy: What it always does.
        value: Expected total reward a game, under the mix.
        must_stay_below: The value it must be strictly below.
        because: What that bound is.
        remedy: What puts it right, with the configuration key.
    """

    policy: str
    value: float
    must_stay_below: float
    because: str
    remedy: str

    @property
    def gains(self) -> bool:
        return self.value >= self.must_stay_below


@dataclass(frozen=True, slots=True)
class LintReport:
    """Every constant policy that was tried."""

    policies: tuple[PolicyValue, ...]

    @property
    def gaining(self) -> tuple[PolicyValue, ...]:
        return tuple(policy for policy in self.policies if policy.gains)

    def check(self) -> None:
        """Refuse a configuration under which a constant policy gains.

        Raises:
            RewardLintError: Names the first such policy, its value, its bound and the key to change.
        """
        for policy in self.gaining:
            raise RewardLintError(
                f"{policy.policy} is worth {policy.value:.3f} a game and must stay below "
                f"{policy.must_stay_below:.3f}, {policy.because}: {policy.remedy}"
            )


def lint_rewards(config: RewardsConfig, mix: Mapping[GameType, float]) -> LintReport:
    """The values of the constant policies under this mix of game types (weights, in any unit).

    Raises:
        RewardLintError: The mix shows only one class of notes.
    """
    share = harmful_share(mix)
    if not 0 < share < 1:
        raise RewardLintError("game.mix shows only one class of notes, so one constant verdict is always right")
    scorer = Scorer(class_prices(share), config)
    return LintReport((*_assessor_policies(scorer, share), *_attacker_policies(scorer)))


@dataclass(frozen=True, slots=True)
class Scorer:
    """Plays one imagined game and gives one role's total."""

    prices: ClassPrices
    config: RewardsConfig

    def assessor(self, truth: Verdict, assessment: Assessment) -> float:
        shown = _ERROR_NOTE if truth is Verdict.HARMFUL else _CLEAN_NOTE
        game_type = GameType.VANILLA_HARMFUL if shown.has_error else GameType.VANILLA_BENIGN
        game = Game(_deal(shown, game_type), Outcome.COUNTED, shown=shown, assessment=assessment)
        return self.total(game, Role.ASSESSOR)

    def harmful(self, truth: Verdict, hit_rate: float) -> float:
        right, wrong = (self.assessor(truth, _harmful_at(sentence)) for sentence in (_ERROR_SENTENCE, _OTHER_SENTENCE))
        return hit_rate * right + (1 - hit_rate) * wrong

    def found_attacker(self, realism: float) -> float:
        return self.attacker(_harmful_at(_ERROR_SENTENCE), realism)

    def overlooked_attacker(self, realism: float) -> float:
        return self.attacker(Assessment(Verdict.SAFE), realism)

    def attacker(self, assessment: Assessment, realism: float) -> float:
        """Of an attacker whose edit was counted, by what the assessor said of it."""
        game = Game(
            _deal(_CLEAN_NOTE, GameType.ADVERSARIAL_BENIGN),
            Outcome.COUNTED,
            shown=_ERROR_NOTE,
            edit=_EDIT,
            assessment=assessment,
            audit=Audit(is_error=True, judge="lint", reason="lint", realism=realism),
        )
        return self.total(game, Role.ATTACKER)

    def failed(self, outcome: Outcome, role: Role, reason: str) -> float:
        return self.total(Game(_deal(_CLEAN_NOTE, GameType.ADVERSARIAL_BENIGN), outcome, reason=reason), role)

    def total(self, game: Game, role: Role) -> float:
        return score_game(game, self.prices, self.config)[role].total


def _assessor_policies(scorer: Scorer, share: float) -> list[PolicyValue]:
    def expected(on_harmful: float, on_safe: float) -> float:
        return share * on_harmful + (1 - share) * on_safe

    safe = {truth: scorer.assessor(truth, Assessment(Verdict.SAFE)) for truth in Verdict}
    worst = safe[Verdict.HARMFUL]
    nothing = "which is nothing"
    malformed = scorer.failed(Outcome.MALFORMED, Role.ASSESSOR, Violation.NO_THINK)
    return [
        PolicyValue(
            "an assessor that always says Safe",
            expected(safe[Verdict.HARMFUL], safe[Verdict.SAFE]),
            TOLERANCE,
            nothing,
            "change game.mix",
        ),
        *(
            PolicyValue(
                f"an assessor that always says Harmful and names the right sentence in {hit_rate:.0%}",
                expected(scorer.harmful(Verdict.HARMFUL, hit_rate), scorer.harmful(Verdict.SAFE, hit_rate)),
                TOLERANCE,
                nothing,
                "raise rewards.localisation or change game.mix",
            )
            for hit_rate in HIT_RATES
        ),
        PolicyValue(
            "an assessor whose answers never parse",
            malformed,
            min(worst, -TOLERANCE),
            "the loss of overlooking an error",
            "lower rewards.malformed",
        ),
    ]


def _attacker_policies(scorer: Scorer) -> list[PolicyValue]:
    found = min(scorer.found_attacker(realism) for realism in (0.0, 1.0))
    copies = scorer.failed(Outcome.GATED, Role.ATTACKER, GateFailure.NO_OP)
    malformed = scorer.failed(Outcome.GATED, Role.ATTACKER, Violation.NO_THINK)
    return [
        PolicyValue(
            "an attacker that copies the note",
            copies,
            found,
            "the value of an edit that is always found and looks unreal",
            "lower rewards.gate_failed or rewards.realism",
        ),
        PolicyValue(
            "an attacker whose answers never parse",
            malformed,
            copies + TOLERANCE,
            "the value of copying the note",
            "lower rewards.attacker_malformed",
        ),
    ]


def _deal(note: Note, game_type: GameType) -> Deal:
    return Deal(game_id=0, game_type=game_type, note=note, seed=0)


def _harmful_at(sentence_id: int) -> Assessment:
    return Assessment(Verdict.HARMFUL, sentence_id, "-", "-")


_ERROR_SENTENCE, _OTHER_SENTENCE = 0, 1
_CLEAN_NOTE = Note("lint-clean", ("a", "b"), "lint")
_ERROR_NOTE = Note("lint-error", ("x", "b"), "lint", ErrorType.DIAGNOSIS, _ERROR_SENTENCE, "a")
_EDIT = Edit(_ERROR_SENTENCE, "x", ErrorType.DIAGNOSIS)
