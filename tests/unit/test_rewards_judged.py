"""The reward lint with a judge in it: what its mistakes are worth to whom."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from medical_team.config import RewardsConfig
from medical_team.errors import RewardLintError
from medical_team.rewards import JudgeRates, LintReport, lint_judged, lint_rewards
from medical_team.rewards.judged import mislabelled_share
from medical_team.types import GameType

EQUAL = dict.fromkeys(GameType, 1.0)
NO_VANILLA_ERRORS = EQUAL | {GameType.VANILLA_HARMFUL: 0.0}
RATES = st.floats(0, 1)
MIXES = st.lists(st.floats(0.05, 20), min_size=4, max_size=4).map(lambda w: dict(zip(GameType, w, strict=True)))


def linted(errors: float, paraphrases: float, mix=EQUAL, factor: float = 4.0) -> LintReport:
    return lint_judged(RewardsConfig(), mix, JudgeRates(errors, {"paraphrase": paraphrases, "garbage": 0.0}), factor)


def values(report: LintReport) -> dict[str, float]:
    return {policy.policy: policy.value for policy in report.policies}


@given(mix=MIXES, errors=st.floats(0.01, 1))
def test_a_judge_that_confirms_no_harmless_edit_passes_under_any_mix(mix, errors):
    linted(errors, 0.0, mix).check()


@given(errors=RATES, harmless=RATES, mix=MIXES, factor=st.floats(1, 10))
def test_a_constant_verdict_is_worth_what_it_was_whatever_the_judge(errors, harmless, mix, factor):
    """The quotas refill what goes to quarantine, so the share of the classes stays."""
    judged = [
        policy for policy in linted(errors, harmless, mix, factor).policies if "while the attacker" in policy.policy
    ]

    for policy in judged:
        assert policy.value <= 1e-9
        assert policy.must_stay_below <= 1 + RewardsConfig().correction


@given(errors=RATES, one=RATES, other=RATES)
def test_a_judge_that_confirms_more_harmless_edits_is_never_better(errors, one, other):
    low, high = sorted((one, other))
    assert {policy.policy.split(" and confirmed")[0] for policy in linted(errors, low).refused} <= {
        policy.policy.split(" and confirmed")[0] for policy in linted(errors, high).refused
    }


@given(errors=st.floats(0.01, 1), harmless=RATES)
def test_paraphrases_gain_before_the_judge_confirms_as_many_as_errors(errors, harmless):
    gains = any("paraphrase" in policy.policy for policy in linted(errors, harmless).refused)
    # Prices of 2/3 under the equal mix; realism takes 0.1 from the error; what is not confirmed costs 7/6.
    paraphrase, error = (
        rate * value - (1 - rate) * 7 / 6 for rate, value in ((harmless, 2 / 3), (errors, 2 / 3 - 0.1))
    )
    assume(abs(paraphrase - error) > 1e-9)
    assert gains == (paraphrase >= error and harmless > 0)


def test_a_judge_that_confirms_every_edit_is_refused_with_the_numbers():
    with pytest.raises(RewardLintError) as refused:
        linted(1.0, 1.0).check()
    for part in ("harmless (paraphrase)", "confirmed by the judge in 100%", "0.667", "0.567", "judge.model"):
        assert part in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_knowing_assessor_is_worth_nothing_where_every_error_note_is_mislabelled():
    report = linted(1.0, 0.7, NO_VANILLA_ERRORS)

    assert any("always says Safe, while" in policy.policy for policy in report.refused)
    assert not any("always says" in policy.policy for policy in linted(1.0, 0.7, EQUAL).refused)


def test_the_policies_without_a_judge_are_linted_too():
    plain = lint_rewards(RewardsConfig(), EQUAL)
    assert values(plain).items() <= values(linted(0.9, 0.1)).items()
    with pytest.raises(RewardLintError, match="gate_failed"):
        lint_judged(RewardsConfig(gate_failed=0.0), EQUAL, JudgeRates(1.0, {}), 4.0).check()


def test_slots_are_dealt_for_as_often_as_the_budget_allows():
    shares = dict.fromkeys(GameType, 0.25)
    # Of 4 deals a game, half a deal goes to the vanilla half: 7 are left for each adversarial slot.
    assert mislabelled_share(shares, 0.1, 4.0) == pytest.approx(0.7)
    assert mislabelled_share(shares, 0.2, 4.0) == 1.0
    assert mislabelled_share(shares, 1.0, 1.0) == 1.0
    assert mislabelled_share({**shares, GameType.ADVERSARIAL_BENIGN: 0.0, GameType.ADVERSARIAL_HARMFUL: 0.0}, 1, 4) == 0


@given(rate=RATES, factor=st.floats(1, 10), mix=MIXES)
def test_a_share_is_a_share(rate, factor, mix):
    shares = {kind: weight / sum(mix.values()) for kind, weight in mix.items()}
    assert 0 <= mislabelled_share(shares, rate, factor) <= 1
