"""Explanations that a judge looks at: after the assessor's answer, and only where there is one."""

from __future__ import annotations

import asyncio

import pytest
from fakes import FakeEngine, Habits, make_note

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.judge import AuditRequest
from medical_team.manager.referee import Referee
from medical_team.rewards import class_prices, score_game
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
    RewardTerms,
    Role,
    Verdict,
)

PRICES = class_prices(0.75)
DEFAULTS = RewardsConfig()
NOTE = Note("error", ("a", "x", "c"), "g", ErrorType.DIAGNOSIS, 1, "b")


class Listener:
    """An auditor that keeps what it was asked and calls every explanation wrong."""

    def __init__(self) -> None:
        self.asked: list[AuditRequest] = []

    async def audit_one(self, request: AuditRequest) -> Audit:
        self.asked.append(request)
        return Audit(True, "listener", "wrong", explanation_right=False if request.assessment else None)


def play(assessor: Habits, *, explanations: bool = True) -> tuple[Game, Listener]:
    judge = Listener()
    engines = {Role.ATTACKER: FakeEngine(Role.ATTACKER), Role.ASSESSOR: FakeEngine(Role.ASSESSOR, assessor)}
    referee = Referee(
        engines, judge, gates=GatesConfig(), rewards=RewardsConfig(), prices=PRICES, explanations=explanations
    )
    deal = Deal(3, GameType.ADVERSARIAL_BENIGN, make_note(3, harmful=False), seed=3)
    return asyncio.run(referee.play(deal)), judge


def test_the_judge_is_asked_about_the_explanation_that_was_given() -> None:
    game, judge = play(Habits(says_harmful=1.0))
    assert [request.assessment for request in judge.asked] == [game.assessment]
    assert game.assessment is not None and game.assessment.explanation and game.assessment.correction
    assert game.audit is not None and game.audit.explanation_right is False


@pytest.mark.parametrize(
    ("assessor", "explanations", "outcome"),
    [
        (Habits(says_harmful=0.0), True, Outcome.COUNTED),
        (Habits(malformed=1.0), True, Outcome.MALFORMED),
        (Habits(says_harmful=1.0), False, Outcome.COUNTED),
    ],
)
def test_without_an_explanation_only_the_edit_is_audited(
    assessor: Habits, explanations: bool, outcome: Outcome
) -> None:
    game, judge = play(assessor, explanations=explanations)
    assert [request.assessment for request in judge.asked] == [None]
    assert game.outcome is outcome


def test_a_judge_is_not_asked_where_there_was_no_answer() -> None:
    game, judge = play(Habits(fails=1.0))
    assert (game.outcome, game.audit, judge.asked) == (Outcome.ENGINE_FAILED, None, [])


def assessor_terms(
    assessment: Assessment, explanation_right: bool | None, rewards: RewardsConfig = DEFAULTS
) -> RewardTerms:
    edit = Edit(1, "x", ErrorType.DIAGNOSIS)
    deal = Deal(0, GameType.ADVERSARIAL_BENIGN, Note("clean", ("a", "b", "c"), "g"), 0)
    audit = Audit(True, "j", "wrong", explanation_right=explanation_right)
    game = Game(deal, Outcome.COUNTED, shown=NOTE, edit=edit, assessment=assessment, audit=audit)
    return score_game(game, PRICES, rewards)[Role.ASSESSOR]


@pytest.mark.parametrize(
    ("assessment", "explanation_right", "deduction"),
    [
        (Assessment(Verdict.HARMFUL, 1, "b", "why"), False, -0.1 * PRICES.harmful),
        (Assessment(Verdict.HARMFUL, 1, "b", "why"), True, 0.0),
        (Assessment(Verdict.HARMFUL, 1, "b", "why"), None, 0.0),
        (Assessment(Verdict.HARMFUL, 2, "b", "why"), False, 0.0),
        (Assessment(Verdict.SAFE), False, 0.0),
    ],
)
def test_only_a_wrong_explanation_of_the_right_sentence_costs(
    assessment: Assessment, explanation_right: bool | None, deduction: float
) -> None:
    terms = assessor_terms(assessment, explanation_right)
    assert terms.explanation == pytest.approx(deduction)
    assert terms.shaping == terms.explanation


def test_a_poor_explanation_of_the_right_sentence_is_worth_more_than_a_wrong_sentence() -> None:
    at_the_bound = RewardsConfig(localisation=0.25, explanation=0.25, correction=0.0)
    poor = assessor_terms(Assessment(Verdict.HARMFUL, 1, "b", "why"), False, at_the_bound)
    elsewhere = assessor_terms(Assessment(Verdict.HARMFUL, 2, "b", "why"), True, at_the_bound)
    assert poor.total >= elsewhere.total


def test_a_deduction_above_that_of_a_wrong_sentence_is_refused() -> None:
    with pytest.raises(ValueError, match=r"rewards\.explanation = 0\.2 is more than rewards\.localisation = 0\.1"):
        RewardsConfig(localisation=0.1, explanation=0.2)
