"""No combination of truth, answer and audit rewards the wrong side.

Every answer an assessor can give to a note is tried against every audit a judge can give, in every type of game, by
the functions that the manager plays with; hypothesis draws the rules of scoring and what is continuous.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import fields, replace

import pytest
from fakes import generation
from hypothesis import given
from hypothesis import strategies as st

from medical_team.config import RewardsConfig
from medical_team.errors import JudgeAbstained, JudgeError
from medical_team.game import RULES
from medical_team.judge import FailureKind, JudgeFailure
from medical_team.manager.referee import Answer, Attack, conclude
from medical_team.rewards import ClassPrices, class_prices, score_game
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
    Note,
    Outcome,
    Role,
    Turn,
    Verdict,
)

CLEAN = Note("clean", ("a", "b", "c"), "g")
ERROR = Note("error", ("a", "x", "c"), "g", ErrorType.DIAGNOSIS, 1, "b")
EDITS = [Edit(1, "y", ErrorType.DIAGNOSIS), Edit(2, "z", ErrorType.TREATMENT)]

FAILURES = [JudgeFailure(kind).error() for kind in FailureKind]
FLAGS = [True, False, None]
SAFE = Assessment(Verdict.SAFE)
HARMFUL = [Assessment(Verdict.HARMFUL, at, "c", "because") for at in range(3)]
PARSED = [SAFE, *HARMFUL]

Opinion = Audit | JudgeError | None


@st.composite
def rewards_configs(draw: st.DrawFn) -> RewardsConfig:
    localisation = draw(st.floats(0, 1))
    return RewardsConfig(
        localisation=localisation,
        correction=draw(st.floats(0, localisation / 2)),
        explanation=draw(st.floats(0, min(localisation / 2, 0.25))),
        unconfirmed=draw(st.floats(0, 1)),
        malformed=draw(st.floats(-3, 0)),
        gate_failed=draw(st.floats(-3, 0)),
        attacker_malformed=draw(st.floats(-3, 0)),
        realism=draw(st.floats(0, 0.25)),
    )


configs = rewards_configs()
prices_of_mix = st.floats(0.01, 0.99).map(class_prices)
realisms = st.none() | st.floats(0, 1)
averages = st.builds(Baselines, *[st.floats(0, 1)] * len(fields(Baselines)))
game_types = st.sampled_from(GameType)
edits = st.sampled_from(EDITS)


def audits(realism: float | None) -> list[Audit]:
    """Every audit there can be, but for its realism."""
    return [
        Audit(is_error, "judge", "reason", realism, keeps_to_type=None, explanation_right=right, correction_right=makes)
        for is_error, right, makes in itertools.product(FLAGS, FLAGS, FLAGS)
    ]


def opinions(game_type: GameType, realism: float | None) -> list[Opinion]:
    return [*audits(realism), *FAILURES] if game_type.has_attacker else [None]


def finish(
    game_type: GameType,
    assessment: Assessment | None,
    opinion: Opinion,
    prices: ClassPrices,
    config: RewardsConfig,
    edit: Edit = EDITS[0],
    baselines: Baselines = NOTHING_MEASURED,
) -> Game:
    """A game whose assessor answers this; ``None`` for an answer that does not parse."""
    rules = RULES[game_type]
    deal = Deal(0, game_type, ERROR if game_type.source_truth is Verdict.HARMFUL else CLEAN, 0)
    attack = Attack(Turn(Role.ATTACKER, generation("")), edit) if game_type.has_attacker else None
    answer = Answer(Turn(Role.ASSESSOR, generation(""), violation=None if assessment else "no_think"), assessment)
    game = conclude(deal, rules.shown(deal, attack.edit if attack else None), attack, answer, opinion)
    game = replace(game, baselines=baselines)
    return replace(game, rewards=score_game(game, prices, config))


def total(game: Game, role: Role) -> float:
    """What training would see, nothing where the role gets nothing."""
    return game.rewards[role].total if role in game.rewards else 0.0


def rank(game: Game) -> int:
    """How right the answer is by construction: wrong or unreadable, right, right in the right place."""
    assert game.shown is not None
    if game.assessment is None or game.assessment.verdict is not game.shown.truth:
        return 0
    return 2 if game.assessment.sentence_id == game.shown.error_sentence_id else 1


def better_and_worse(games: list[Game]) -> Iterator[tuple[Game, Game]]:
    return ((one, other) for one, other in itertools.permutations(games, 2) if rank(one) > rank(other))


@given(game_type=game_types, edit=edits, prices=prices_of_mix, config=configs, realism=realisms, baselines=averages)
def test_under_one_audit_the_better_answer_never_gets_less_and_its_attacker_never_more(
    game_type: GameType,
    edit: Edit,
    prices: ClassPrices,
    config: RewardsConfig,
    realism: float | None,
    baselines: Baselines,
) -> None:
    for opinion in opinions(game_type, realism):
        games = [finish(game_type, answer, opinion, prices, config, edit, baselines) for answer in (*PARSED, None)]
        for better, worse in better_and_worse(games):
            slack = 1e-9 * prices.harmful
            assert total(better, Role.ASSESSOR) >= total(worse, Role.ASSESSOR) - slack
            if worse.assessment is not None:
                assert total(better, Role.ATTACKER) <= total(worse, Role.ATTACKER) + slack


@given(game_type=game_types, prices=prices_of_mix, config=configs, realism=realisms, baselines=averages)
def test_whatever_two_judges_say_a_right_verdict_never_gets_less_than_a_wrong_one(
    game_type: GameType, prices: ClassPrices, config: RewardsConfig, realism: float | None, baselines: Baselines
) -> None:
    """Where explanations are audited the audit may depend on the answer: talking to the judge wins nobody a game."""
    everything = [
        finish(game_type, answer, opinion, prices, config, baselines=baselines)
        for answer in PARSED
        for opinion in opinions(game_type, realism)
    ]
    right = [game for game in everything if rank(game)]
    wrong = [game for game in everything if not rank(game)]
    least, most = (pick(total(game, Role.ASSESSOR) for game in games) for pick, games in ((min, right), (max, wrong)))
    assert least >= -1e-9 * prices.harmful and most <= 0


@given(game_type=game_types, edit=edits, prices=prices_of_mix, config=configs, realism=realisms, baselines=averages)
def test_zero_sum_terms_sum_to_exactly_nothing(
    game_type: GameType,
    edit: Edit,
    prices: ClassPrices,
    config: RewardsConfig,
    realism: float | None,
    baselines: Baselines,
) -> None:
    for answer, opinion in itertools.product((*PARSED, None), opinions(game_type, realism)):
        game = finish(game_type, answer, opinion, prices, config, edit, baselines)
        if game_type.has_attacker:
            assert sum(terms.zero_sum for terms in game.rewards.values()) == 0.0
        if game.outcome is Outcome.COUNTED:
            assert Role.ATTACKER not in game.rewards or abs(game.rewards[Role.ATTACKER].shaping) <= config.realism
            shaping = game.rewards[Role.ASSESSOR].shaping
            most = config.explanation + max(0.0, -config.malformed - 1)
            assert -most * prices.harmful <= shaping <= 0.0


@given(game_type=game_types, prices=prices_of_mix, config=configs, realism=realisms, baselines=averages)
def test_unless_the_judge_confirms_the_edit_nobody_gets_anything_but_the_attacker_its_fee(
    game_type: GameType, prices: ClassPrices, config: RewardsConfig, realism: float | None, baselines: Baselines
) -> None:
    for answer, opinion in itertools.product((*PARSED, None), opinions(game_type, realism)):
        game = finish(game_type, answer, opinion, prices, config, baselines=baselines)
        unsure = isinstance(opinion, JudgeAbstained)
        if unsure or (isinstance(opinion, Audit) and opinion.is_error is not True):
            assert (game.outcome, set(game.rewards)) == (Outcome.QUARANTINED, {Role.ATTACKER})
            fee = 1 + config.localisation + config.correction + config.unconfirmed
            assert -fee * prices.harmful - 1e-9 <= total(game, Role.ATTACKER) <= -prices.harmful
            assert game.rewards[Role.ATTACKER].zero_sum == 0
        elif isinstance(opinion, JudgeError):
            assert (game.outcome, game.rewards) == (Outcome.JUDGE_FAILED, {})
        else:
            assert game.outcome is (Outcome.MALFORMED if answer is None else Outcome.COUNTED)


@given(game_type=game_types, prices=prices_of_mix, config=configs, realism=realisms, baselines=averages)
def test_without_an_answer_from_an_engine_nobody_gets_anything(
    game_type: GameType, prices: ClassPrices, config: RewardsConfig, realism: float | None, baselines: Baselines
) -> None:
    rules = RULES[game_type]
    deal = Deal(0, game_type, ERROR if game_type.source_truth is Verdict.HARMFUL else CLEAN, 0)
    attack = Attack(Turn(Role.ATTACKER, generation("")), EDITS[0]) if game_type.has_attacker else None
    shown = rules.shown(deal, attack.edit if attack else None)
    for opinion in (*opinions(game_type, realism), None):
        game = conclude(deal, shown, attack, None, opinion)
        assert (game.outcome, score_game(game, prices, config)) == (Outcome.ENGINE_FAILED, {})


@pytest.mark.parametrize("audit", [None, Audit(False, "j", "right"), Audit(None, "j", "untold")])
def test_a_game_counted_by_mistake_is_not_scored(audit: Audit | None) -> None:
    """The second lock: were an unconfirmed edit ever counted, there would be an error and no reward."""
    deal = Deal(7, GameType.ADVERSARIAL_BENIGN, CLEAN, 0)
    shown = RULES[deal.game_type].shown(deal, EDITS[0])
    game = Game(deal, Outcome.COUNTED, shown=shown, edit=EDITS[0], assessment=SAFE, audit=audit)
    with pytest.raises(ValueError, match="game 7 is counted although no judge confirmed its edit"):
        score_game(game, class_prices(0.75), RewardsConfig())
