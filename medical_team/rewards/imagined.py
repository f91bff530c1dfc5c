"""Imagined games, played through ``score_game`` itself: what the lint's policies are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace

from medical_team.config import RewardsConfig
from medical_team.rewards.pricing import ClassPrices
from medical_team.rewards.scoring import score_game
from medical_team.types import (
    NOTHING_MEASURED,
    Assessment,
    Audit,
    Baselines,
    Deal,
    Edit,
    ErrorType,
    Game,
    GameType,
    Generation,
    Note,
    Outcome,
    Role,
    Turn,
    Verdict,
)

_ERROR_SENTENCE, _OTHER_SENTENCE = 0, 1
_WRONG, _RIGHT, _EMPTY = "wrong", "right", "-"
_CLEAN_NOTE = Note("lint-clean", (_RIGHT, "b"), "lint")
_ERROR_NOTE = Note("lint-error", (_WRONG, "b"), "lint", ErrorType.DIAGNOSIS, _ERROR_SENTENCE, _RIGHT)
_EDIT = Edit(_ERROR_SENTENCE, _WRONG, ErrorType.DIAGNOSIS)

SAFE = Assessment(Verdict.SAFE)
CORRECTED = Assessment(Verdict.HARMFUL, _ERROR_SENTENCE, _RIGHT, "-")
LOCATED = Assessment(Verdict.HARMFUL, _ERROR_SENTENCE, _EMPTY, "-")
ELSEWHERE = Assessment(Verdict.HARMFUL, _OTHER_SENTENCE, _EMPTY, "-")


@dataclass(frozen=True, slots=True)
class Scorer:
    """Plays one imagined game and gives one role's total."""

    prices: ClassPrices
    config: RewardsConfig
    baselines: Baselines = NOTHING_MEASURED

    def against(self, **averages: float) -> Scorer:
        """The same, counted from other averages."""
        return replace(self, baselines=replace(self.baselines, **averages))

    def assessor(self, truth: Verdict, assessment: Assessment) -> float:
        shown = _ERROR_NOTE if truth is Verdict.HARMFUL else _CLEAN_NOTE
        game_type = GameType.VANILLA_HARMFUL if shown.has_error else GameType.VANILLA_BENIGN
        return self._total(_game(game_type, Outcome.COUNTED, shown=shown, assessment=assessment), Role.ASSESSOR)

    def expected(self, harmful_share: float, on_error: Assessment, on_clean: Assessment) -> float:
        """Of one answer to every error note and one to every clean one."""
        return harmful_share * self.assessor(Verdict.HARMFUL, on_error) + (1 - harmful_share) * self.assessor(
            Verdict.SAFE, on_clean
        )

    def constant(self, harmful_share: float, verdict: Verdict, hit_rate: float) -> float:
        """Of a verdict said of every note, at this rate of right sentences; its answers do not parse at the baseline's
        rate for it."""
        if verdict is Verdict.SAFE:
            parsed = self.expected(harmful_share, SAFE, SAFE)
        else:
            right, wrong = (self.expected(harmful_share, at, at) for at in (LOCATED, ELSEWHERE))
            parsed = hit_rate * right + (1 - hit_rate) * wrong
        fails = self.baselines.malformed(verdict)
        return (1 - fails) * parsed + fails * self.malformed(verdict)

    def malformed(self, announced: Verdict | None) -> float:
        text = f"verdict: {announced}" if announced else ""
        turn = Turn(Role.ASSESSOR, Generation((), (), text))
        return self._total(_game(GameType.VANILLA_BENIGN, Outcome.MALFORMED, turns=(turn,)), Role.ASSESSOR)

    def attacker(self, assessment: Assessment, realism: float | None = None) -> float:
        """Of an attacker whose edit was counted, by what the assessor said of it."""
        audit = Audit(is_error=True, judge="lint", reason="lint", realism=realism)
        return self._total(
            _game(
                GameType.ADVERSARIAL_BENIGN,
                Outcome.COUNTED,
                shown=_ERROR_NOTE,
                edit=_EDIT,
                assessment=assessment,
                audit=audit,
            ),
            Role.ATTACKER,
        )

    def uncounted(self, outcome: Outcome, reason: str) -> float:
        """Of an attacker whose edit was not."""
        return self._total(_game(GameType.ADVERSARIAL_BENIGN, outcome, reason=reason), Role.ATTACKER)

    def unconfirmed(self) -> float:
        return self.uncounted(Outcome.QUARANTINED, "untold")

    def _total(self, game: Game, role: Role) -> float:
        return score_game(replace(game, baselines=self.baselines), self.prices, self.config)[role].total


def _game(
    game_type: GameType,
    outcome: Outcome,
    *,
    shown: Note | None = None,
    edit: Edit | None = None,
    turns: tuple[Turn, ...] = (),
    assessment: Assessment | None = None,
    audit: Audit | None = None,
    reason: str | None = None,
) -> Game:
    deal = Deal(game_id=0, game_type=game_type, note=_CLEAN_NOTE, seed=0)
    return Game(deal, outcome, shown, edit, turns, assessment, audit, reason=reason)
