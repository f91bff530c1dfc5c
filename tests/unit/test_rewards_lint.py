"""The lint refuses a configuration under which a constant policy gains, and says which key to change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medical_team.config import RewardsConfig
from medical_team.errors import RewardLintError
from medical_team.rewards import lint_rewards
from medical_team.rewards.pricing import ClassPrices
from medical_team.types import GameType

EQUAL = dict.fromkeys(GameType, 1.0)


@given(weights=st.lists(st.floats(0.01, 100), min_size=4, max_size=4))
def test_the_defaults_hold_under_any_mix(weights):
    lint_rewards(RewardsConfig(), dict(zip(GameType, weights, strict=True))).check()


def test_the_report_has_every_policy_with_its_value():
    values = {policy.policy: policy.value for policy in lint_rewards(RewardsConfig(), EQUAL).policies}
    always_harmful = "an assessor that always says Harmful and names the right sentence in {}"
    assert values == pytest.approx(
        {
            "an assessor that always says Safe": 0.0,
            always_harmful.format("0%"): -0.25,
            always_harmful.format("83%"): -0.0425,
            always_harmful.format("100%"): 0.0,
            "an assessor whose answers never parse": -1.0,
            "an attacker that copies the note": -0.8333333,
            "an attacker whose answers never parse": -1.0,
        }
    )


@pytest.mark.parametrize(
    ("rewards", "words"),
    [
        ({"malformed": 0.0}, ["an assessor whose answers never parse", "0.000", "rewards.malformed"]),
        ({"malformed": -1.0}, ["an assessor whose answers never parse", "-0.667", "rewards.malformed"]),
        ({"gate_failed": 0.0}, ["an attacker that copies the note", "0.000", "rewards.gate_failed"]),
        ({"gate_failed": -1.0}, ["an attacker that copies the note", "-0.667", "-0.767", "rewards.gate_failed"]),
        ({"realism": 0.25}, ["an attacker that copies the note", "-0.917", "rewards.realism"]),
        ({"attacker_malformed": -1.2}, ["an attacker whose answers never parse", "-0.8", "rewards.attacker_malformed"]),
    ],
)
def test_a_gaining_policy_is_named_with_its_value_and_key(rewards, words):
    with pytest.raises(RewardLintError) as caught:
        lint_rewards(RewardsConfig(**rewards), EQUAL).check()
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bonus_for_the_sentence_is_refused():
    """A localisation term that adds would pay the cue-word heuristic for always saying Harmful."""
    bonus = RewardsConfig.model_construct(**{**RewardsConfig().model_dump(), "localisation": -0.5})
    report = lint_rewards(bonus, EQUAL)
    assert [policy.remedy for policy in report.gaining] == ["raise rewards.localisation or change game.mix"] * 2
    with pytest.raises(RewardLintError, match="always says Harmful"):
        report.check()


def test_flat_prices_are_refused(monkeypatch):
    monkeypatch.setattr("medical_team.rewards.lint.class_prices", lambda share: ClassPrices(1.0, 1.0))
    with pytest.raises(RewardLintError, match=r"always says Harmful .* is worth 0\.350"):
        lint_rewards(RewardsConfig(localisation=0.2), EQUAL).check()


@pytest.mark.parametrize("mix", [{GameType.VANILLA_BENIGN: 1.0}, {GameType.VANILLA_HARMFUL: 1.0}])
def test_a_mix_of_one_class_is_refused(mix):
    with pytest.raises(RewardLintError, match="only one class"):
        lint_rewards(RewardsConfig(), mix)
