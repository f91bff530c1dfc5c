"""Reward terms: zero-sum, priced by class, shaping apart. Every cell of the table, and the invariants behind it."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medical_team.config import RewardsConfig
from medical_team.game.gates import GateFailure
from medical_team.game.parsing import Violation
from medical_team.rewards import class_prices, score_game
from medical_team.types import (
    Assessment,
    Audit,
    Deal,
    Edit,
    ErrorType,
    Game,
    GameType,
    Generation,
    Note,
    Outcome,
    RewardTerms,
    Role,
    Turn,
    Verdict,
)

CLEAN = Note("clean", ("a", "b", "c"), "g")
ERROR = Note("error", ("a", "x", "c"), "g", ErrorType.DIAGNOSIS, 1, "b")
EDIT = Edit(1, "x", ErrorType.DIAGNOSIS)
CONFIG = RewardsConfig()
PRICES = class_prices(0.75)
SAFE, RIGHT, MISSED = Assessment(Verdict.SAFE), *(Assessment(Verdict.HARMFUL, at, "b", "y") for at in (1, 2))

shares = st.floats(0.01, 0.99)
configs = st.floats(0, 1).flatmap(
    lambda localisation: st.builds(
        RewardsConfig,
        localisation=st.just(localisation),
        explanation=st.floats(0, min(localisation, 0.25)),
        malformed=st.floats(-3, 0),
        gate_failed=st.floats(-3, 0),
        realism=st.floats(0, 0.25),
    )
)


def played(game_type: GameType, assessment: Assessment | None, realism: float | None = None, **fields) -> Game:
    attacked = game_type in (GameType.ADVERSARIAL_HARMFUL, GameType.ADVERSARIAL_BENIGN)
    source = ERROR if game_type.value.endswith("harmful") else CLEAN
    return Game(
        Deal(0, game_type, source, 0),
        fields.pop("outcome", Outcome.COUNTED),
        shown=CLEAN if game_type is GameType.VANILLA_BENIGN else ERROR,
        edit=EDIT if attacked else None,
        assessment=assessment,
        audit=Audit(True, "judge", "ok", realism=realism) if attacked else None,
        **fields,
    )


def attacker_turn(violation: str | None) -> Turn:
    return Turn(Role.ATTACKER, Generation((1,), (2,), ""), violation=violation)


@pytest.mark.parametrize(
    ("game_type", "assessment", "detection", "localisation"),
    [
        (GameType.VANILLA_BENIGN, SAFE, 2.0, 0.0),
        (GameType.VANILLA_BENIGN, RIGHT, -2.0, 0.0),
        (GameType.VANILLA_HARMFUL, SAFE, -2 / 3, 0.0),
        (GameType.VANILLA_HARMFUL, RIGHT, 2 / 3, 0.0),
        (GameType.VANILLA_HARMFUL, MISSED, 2 / 3, -1 / 3),
        (GameType.ADVERSARIAL_HARMFUL, SAFE, -2 / 3, 0.0),
        (GameType.ADVERSARIAL_HARMFUL, RIGHT, 2 / 3, 0.0),
        (GameType.ADVERSARIAL_BENIGN, RIGHT, 2 / 3, 0.0),
        (GameType.ADVERSARIAL_BENIGN, MISSED, 2 / 3, -1 / 3),
    ],
)
def test_a_counted_game_pays_by_the_table(game_type, assessment, detection, localisation):
    terms = score_game(played(game_type, assessment), PRICES, CONFIG)
    assert terms[Role.ASSESSOR] == RewardTerms(
        detection=pytest.approx(detection), localisation=pytest.approx(localisation)
    )
    assert (Role.ATTACKER in terms) is game_type.has_attacker
    if game_type.has_attacker:
        assert terms[Role.ATTACKER] == RewardTerms(
            detection=pytest.approx(-detection), localisation=pytest.approx(-localisation)
        )


@given(share=shares, config=configs, realism=st.none() | st.floats(0, 1))
def test_every_counted_game_of_two_is_exactly_zero_sum(share, config, realism):
    adversarial = [game_type for game_type in GameType if game_type.has_attacker]
    for game_type, assessment in itertools.product(adversarial, (SAFE, RIGHT, MISSED)):
        terms = score_game(played(game_type, assessment, realism), class_prices(share), config)
        assert terms[Role.ASSESSOR].zero_sum + terms[Role.ATTACKER].zero_sum == 0.0
        assert terms[Role.ASSESSOR].detection + terms[Role.ATTACKER].detection == 0.0
        assert terms[Role.ASSESSOR].shaping == 0.0
        assert abs(terms[Role.ATTACKER].shaping) <= config.realism
        assert all(math.copysign(1, term.localisation) > 0 or term.localisation for term in terms.values())


@given(share=shares, config=configs)
def test_a_better_answer_about_an_error_is_never_worth_less(share, config):
    right, missed, safe = (
        score_game(played(GameType.VANILLA_HARMFUL, answer), class_prices(share), config)[Role.ASSESSOR].total
        for answer in (RIGHT, MISSED, SAFE)
    )
    assert right >= missed >= safe
    assert right > safe


@given(share=shares, config=configs, hit_rate=st.floats(0, 1))
def test_constant_verdicts_are_worth_nothing(share, config, hit_rate):
    def value(game_type: GameType, assessment: Assessment) -> float:
        return score_game(played(game_type, assessment), class_prices(share), config)[Role.ASSESSOR].total

    harmful, benign = GameType.VANILLA_HARMFUL, GameType.VANILLA_BENIGN
    safe = share * value(harmful, SAFE) + (1 - share) * value(benign, SAFE)
    located = hit_rate * value(harmful, RIGHT) + (1 - hit_rate) * value(harmful, MISSED)
    assert safe == pytest.approx(0, abs=1e-9)
    assert share * located + (1 - share) * value(benign, RIGHT) <= 1e-9


@given(share=shares, sensitivity=st.floats(0, 1), specificity=st.floats(0, 1))
def test_the_expected_detection_is_youdens_j(share, sensitivity, specificity):
    def detection(game_type: GameType, assessment: Assessment) -> float:
        return score_game(played(game_type, assessment), class_prices(share), CONFIG)[Role.ASSESSOR].detection

    harmful, benign = GameType.VANILLA_HARMFUL, GameType.VANILLA_BENIGN
    on_errors = sensitivity * detection(harmful, RIGHT) + (1 - sensitivity) * detection(harmful, SAFE)
    on_clean = specificity * detection(benign, SAFE) + (1 - specificity) * detection(benign, RIGHT)
    balanced_accuracy = (sensitivity + specificity) / 2
    assert share * on_errors + (1 - share) * on_clean == pytest.approx(2 * balanced_accuracy - 1)


def test_only_counted_games_have_zero_sum_terms():
    for outcome in set(Outcome) - {Outcome.COUNTED}:
        for terms in score_game(
            played(GameType.ADVERSARIAL_BENIGN, RIGHT, 1.0, outcome=outcome), PRICES, CONFIG
        ).values():
            assert terms.zero_sum == 0.0 and terms.realism == 0.0


@pytest.mark.parametrize("outcome", [Outcome.QUARANTINED, Outcome.JUDGE_FAILED, Outcome.ENGINE_FAILED])
def test_a_failure_is_rewarded_to_nobody(outcome):
    assert score_game(played(GameType.ADVERSARIAL_BENIGN, RIGHT, outcome=outcome), PRICES, CONFIG) == {}


def test_a_malformed_answer_costs_the_assessor_alone():
    game = played(GameType.ADVERSARIAL_BENIGN, None, outcome=Outcome.MALFORMED, turns=(attacker_turn(None),))
    terms = score_game(game, PRICES, CONFIG)
    assert terms == {Role.ASSESSOR: RewardTerms(format=pytest.approx(CONFIG.malformed * 2 / 3))}


@pytest.mark.parametrize("violation", [*Violation, *GateFailure])
def test_a_gated_game_costs_the_attacker_alone(violation):
    expected = CONFIG.attacker_malformed if isinstance(violation, Violation) else CONFIG.gate_failed
    for fields in ({"turns": (attacker_turn(violation.value),)}, {"reason": violation.value}):
        game = played(GameType.ADVERSARIAL_BENIGN, None, outcome=Outcome.GATED, **fields)
        assert score_game(game, PRICES, CONFIG) == {
            Role.ATTACKER: RewardTerms(format=pytest.approx(expected * PRICES.harmful))
        }


@pytest.mark.parametrize(("realism", "reward"), [(None, 0.0), (0.0, -0.1), (0.5, 0.0), (1.0, 0.1)])
def test_realism_is_centred_and_goes_to_the_attacker(realism, reward):
    terms = score_game(played(GameType.ADVERSARIAL_HARMFUL, RIGHT, realism), PRICES, CONFIG)
    assert terms[Role.ATTACKER].realism == pytest.approx(reward)
    assert terms[Role.ASSESSOR].realism == 0.0


def test_a_counted_game_without_an_assessment_is_a_bug():
    with pytest.raises(ValueError, match="game 0 is counted"):
        score_game(played(GameType.VANILLA_BENIGN, None), PRICES, CONFIG)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_one_class_alone_has_no_price(share):
    with pytest.raises(ValueError, match="share of error notes"):
        class_prices(share)
