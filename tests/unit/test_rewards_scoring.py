"""Reward terms: zero-sum, priced by class, shaping apart. Every cell of the table, and the invariants behind it."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from medical_team.config import RewardsConfig
from medical_team.game.gates import GateFailure
from medical_team.game.parsing import Violation
from medical_team.rewards import class_prices, score_game
from medical_team.rewards.announced import announced_verdict
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
UNCORRECTED = Assessment(Verdict.HARMFUL, 1, "-", "y")

shares = st.floats(0.01, 0.99)
configs = st.floats(0, 1).flatmap(
    lambda localisation: st.builds(
        RewardsConfig,
        localisation=st.just(localisation),
        correction=st.floats(0, localisation / 2),
        explanation=st.floats(0, min(localisation / 2, 0.25)),
        malformed=st.floats(-3, 0),
        gate_failed=st.floats(-3, 0),
        realism=st.floats(0, 0.25),
        unconfirmed=st.floats(0, 1),
    )
)
rates = st.floats(0, 1)
baselines = st.builds(Baselines, hit_rate=rates, realism=rates, malformed_harmful=rates, malformed_safe=rates)


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
    ("game_type", "assessment", "detection", "localisation", "correction"),
    [
        (GameType.VANILLA_BENIGN, SAFE, 2.0, 0.0, 0.0),
        (GameType.VANILLA_BENIGN, RIGHT, -2.0, 0.0, 0.0),
        (GameType.VANILLA_HARMFUL, SAFE, -2 / 3, 0.0, 0.0),
        (GameType.VANILLA_HARMFUL, RIGHT, 2 / 3, 0.2, 1 / 6),
        (GameType.VANILLA_HARMFUL, UNCORRECTED, 2 / 3, 0.2, 0.0),
        (GameType.VANILLA_HARMFUL, MISSED, 2 / 3, -2 / 15, 0.0),
        (GameType.ADVERSARIAL_HARMFUL, SAFE, -2 / 3, 0.0, 0.0),
        (GameType.ADVERSARIAL_HARMFUL, RIGHT, 2 / 3, 0.2, 1 / 6),
        (GameType.ADVERSARIAL_BENIGN, UNCORRECTED, 2 / 3, 0.2, 0.0),
        (GameType.ADVERSARIAL_BENIGN, MISSED, 2 / 3, -2 / 15, 0.0),
    ],
)
def test_a_counted_game_pays_by_the_table(game_type, assessment, detection, localisation, correction):
    averages = Baselines(hit_rate=0.4)
    terms = score_game(played(game_type, assessment, baselines=averages), PRICES, CONFIG)
    assert terms[Role.ASSESSOR] == RewardTerms(*map(pytest.approx, (detection, localisation, correction)))
    assert (Role.ATTACKER in terms) is game_type.has_attacker
    if game_type.has_attacker:
        assert terms[Role.ATTACKER] == RewardTerms(*map(pytest.approx, (-detection, -localisation, -correction)))


@given(share=shares, config=configs, averages=baselines, realism=st.none() | rates)
def test_every_counted_game_of_two_is_exactly_zero_sum(share, config, averages, realism):
    adversarial = [game_type for game_type in GameType if game_type.has_attacker]
    for game_type, assessment in itertools.product(adversarial, (SAFE, RIGHT, UNCORRECTED, MISSED)):
        game = played(game_type, assessment, realism, baselines=averages)
        terms = score_game(game, class_prices(share), config)
        assert terms[Role.ASSESSOR].zero_sum + terms[Role.ATTACKER].zero_sum == 0.0
        assert terms[Role.ASSESSOR].detection + terms[Role.ATTACKER].detection == 0.0
        assert abs(terms[Role.ATTACKER].shaping) <= config.realism
        assert all(math.copysign(1, term.localisation) > 0 or term.localisation for term in terms.values())


def text_of(verdict: str) -> Turn:
    return Turn(Role.ASSESSOR, Generation((1,), (2,), f"<think>x</think><answer>verdict: {verdict}"))


def malformed(verdict: str, averages: Baselines = NOTHING_MEASURED) -> Game:
    outcome = Outcome.MALFORMED
    return played(GameType.VANILLA_HARMFUL, None, outcome=outcome, turns=(text_of(verdict),), baselines=averages)


@given(share=shares, config=configs, averages=baselines)
def test_a_better_answer_about_an_error_is_never_worth_less(share, config, averages):
    right, uncorrected, missed, safe = (
        score_game(played(GameType.VANILLA_HARMFUL, answer, baselines=averages), class_prices(share), config)[
            Role.ASSESSOR
        ].total
        for answer in (RIGHT, UNCORRECTED, MISSED, SAFE)
    )
    slack = 1e-9 * class_prices(share).harmful
    assert right >= uncorrected - slack and uncorrected >= missed - slack and missed >= safe - slack
    assert right > safe
    for verdict in ("Safe", "Harmful", "neither"):
        broken = score_game(malformed(verdict, averages), class_prices(share), config)[Role.ASSESSOR].total
        assert broken <= safe or config.malformed > -1


@given(share=shares, config=configs, hit_rate=rates)
def test_constant_verdicts_are_worth_nothing(share, config, hit_rate):
    averages = Baselines(hit_rate=hit_rate)

    def value(game_type: GameType, assessment: Assessment) -> float:
        game = played(game_type, assessment, baselines=averages)
        return score_game(game, class_prices(share), config)[Role.ASSESSOR].total

    harmful, benign = GameType.VANILLA_HARMFUL, GameType.VANILLA_BENIGN
    safe = share * value(harmful, SAFE) + (1 - share) * value(benign, SAFE)
    located = hit_rate * value(harmful, UNCORRECTED) + (1 - hit_rate) * value(harmful, MISSED)
    assert safe == pytest.approx(0, abs=1e-9)
    assert share * located + (1 - share) * value(benign, RIGHT) == pytest.approx(0, abs=1e-9)


@given(fails_harmful=st.floats(0, 0.45), fails_safe=st.floats(0, 0.45), truth=st.sampled_from(list(Verdict)))
def test_no_verdict_is_cheaper_for_parsing_more_often(fails_harmful, fails_safe, truth):
    """The expected format term is the same for both, whatever the note, as far as the bounds of the charge go."""
    averages = Baselines(malformed_harmful=fails_harmful, malformed_safe=fails_safe)
    prices = class_prices(0.5)
    game_type = GameType.VANILLA_HARMFUL if truth is Verdict.HARMFUL else GameType.VANILLA_BENIGN

    def format_of(answer: Assessment, fails: float) -> float:
        parsed = score_game(played(game_type, answer, baselines=averages), prices, CONFIG)
        broken = score_game(malformed(answer.verdict, averages), prices, CONFIG)
        return (1 - fails) * parsed[Role.ASSESSOR].format + fails * broken[Role.ASSESSOR].format

    assume(fails_safe - fails_harmful <= (1 - CONFIG.localisation) / 2)
    assert format_of(MISSED, fails_harmful) == pytest.approx(format_of(SAFE, fails_safe))


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


@pytest.mark.parametrize("outcome", [Outcome.JUDGE_FAILED, Outcome.ENGINE_FAILED])
def test_a_failure_is_rewarded_to_nobody(outcome):
    assert score_game(played(GameType.ADVERSARIAL_BENIGN, RIGHT, outcome=outcome), PRICES, CONFIG) == {}


@given(share=shares, config=configs, averages=baselines, realism=rates)
def test_an_edit_that_nobody_confirms_costs_its_attacker_more_than_any_that_is_played(share, config, averages, realism):
    prices = class_prices(share)
    assume(config.unconfirmed * prices.harmful > config.realism + 1e-6)

    def attacker(outcome: Outcome, answer: Assessment | None) -> float:
        game = played(GameType.ADVERSARIAL_BENIGN, answer, realism, outcome=outcome, baselines=averages)
        return score_game(game, prices, config)[Role.ATTACKER].total

    untold = attacker(Outcome.QUARANTINED, RIGHT)
    assert all(untold < attacker(Outcome.COUNTED, answer) for answer in (SAFE, RIGHT, UNCORRECTED, MISSED))
    assert untold >= -(1 + config.localisation + config.correction + config.unconfirmed) * prices.harmful - 1e-9
    assert Role.ASSESSOR not in score_game(
        played(GameType.ADVERSARIAL_BENIGN, RIGHT, outcome=Outcome.QUARANTINED), prices, config
    )


def test_a_judges_word_on_the_correction_comes_first():
    for told, expected in ((True, 0.25 * PRICES.harmful), (False, 0.0)):
        game = played(GameType.ADVERSARIAL_BENIGN, UNCORRECTED if told else RIGHT)
        assert game.audit is not None
        game = replace(game, audit=replace(game.audit, correction_right=told))
        assert score_game(game, PRICES, CONFIG)[Role.ASSESSOR].correction == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("<think>verdict: Safe</think><answer>verdict: Harmful\nsentence: 3\ncorr", Verdict.HARMFUL),
        ("<think>x</think>**Verdict**: SAFE", Verdict.SAFE),
        ("verdict: Safe verdict: Harmful", None),
        ("verdict: Harmfully", None),
        ("it is safe", None),
    ],
)
def test_the_verdict_that_a_broken_answer_announces(text, verdict):
    assert announced_verdict(text) is verdict


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


@pytest.mark.parametrize(("realism", "reward"), [(None, 0.0), (0.0, -0.05), (0.5, 0.0), (1.0, 0.05)])
def test_realism_is_counted_from_its_mean_and_goes_to_the_attacker(realism, reward):
    game = played(GameType.ADVERSARIAL_HARMFUL, RIGHT, realism, baselines=Baselines(realism=0.5))
    terms = score_game(game, PRICES, CONFIG)
    assert terms[Role.ATTACKER].realism == pytest.approx(reward)
    assert terms[Role.ASSESSOR].realism == 0.0


def test_a_counted_game_without_an_assessment_is_a_bug():
    with pytest.raises(ValueError, match="game 0 is counted"):
        score_game(played(GameType.VANILLA_BENIGN, None), PRICES, CONFIG)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_one_class_alone_has_no_price(share):
    with pytest.raises(ValueError, match="share of error notes"):
        class_prices(share)
