"""The lint refuses a configuration under which a constant policy gains, and says which key to change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medical_team.config import RewardsConfig
from medical_team.errors import RewardLintError
from medical_team.rewards import lint_rewards
from medical_team.rewards.imagined import Scorer
from medical_team.rewards.pricing import ClassPrices
from medical_team.types import GameType

EQUAL = dict.fromkeys(GameType, 1.0)


@given(weights=st.lists(st.floats(0.01, 100), min_size=4, max_size=4))
def test_the_defaults_hold_under_any_mix(weights):
    lint_rewards(RewardsConfig(), dict(zip(GameType, weights, strict=True))).check()


def test_the_report_has_every_policy_with_its_value():
    values = {policy.policy: policy.value for policy in lint_rewards(RewardsConfig(), EQUAL).policies}
    always_harmful = "an assessor that always says Harmful and names the right sentence in {}"
    differences = {name: value for name, value in values.items() if " instead of " in name}
    alone = {name: values.pop(name) for name in list(values) if name.startswith("always ") and name.endswith("%)")}
    assert len(differences) == 12 and all(values.pop(name) == pytest.approx(0, abs=1e-9) for name in differences)
    assert alone["always Safe, of which 5% does not parse (Harmful: 30%)"] == pytest.approx(-0.4)
    assert alone["always Harmful, right in 83%, of which 30% does not parse (Safe: 5%)"] == pytest.approx(-0.4)
    assert len(alone) == 15
    assert values == pytest.approx(
        {
            "an assessor that always says Safe": 0.0,
            **{always_harmful.format(rate): 0.0 for rate in ("0%", "10%", "83%", "100%")},
            "an assessor that finds every error and writes no correction": 1.125,
            "an assessor that says Harmful where there is an error, of another sentence": 0.875,
            "an assessor whose answers never parse": -4 / 3,
            "an attacker whose edits the judge cannot tell": -4 / 3,
            "an attacker that copies the note": -1.5,
            "an attacker whose answers never parse": -5 / 3,
        },
        abs=1e-9,
    )


def test_a_deck_whose_vignettes_tell_their_class_is_refused():
    always, half = lint_rewards(RewardsConfig(), EQUAL, error_shares=[1.0, 0.5]), [0.75, 0.75]
    with pytest.raises(RewardLintError, match=r"remembers how often each vignette.* game\.mix"):
        always.check()
    lint_rewards(RewardsConfig(), EQUAL, error_shares=half).check()


def test_where_the_charge_is_cut_the_difference_is_in_the_report():
    report = lint_rewards(RewardsConfig(), EQUAL, parse_failures=[(0.9, 0.1)])
    with pytest.raises(
        RewardLintError, match=r"90% does not parse, .* worth -0\.467 .* stay above .*rewards\.malformed"
    ):
        report.check()


@pytest.mark.parametrize(
    ("rewards", "words"),
    [
        ({"malformed": 0.0}, ["an assessor whose answers never parse", "0.000", "rewards.malformed"]),
        ({"malformed": -1.0}, ["does not parse, instead of", "-0.053", "rewards.malformed"]),
        ({"correction": 0.0}, ["writes no correction", "rewards.correction"]),
        ({"correction": 0.09}, ["writes no correction", "rewards.correction"]),
        ({"localisation": 0.0, "explanation": 0.0}, ["of another sentence", "rewards.localisation"]),
        ({"unconfirmed": 0.0}, ["the judge cannot tell", "-1.167", "rewards.unconfirmed"]),
        ({"gate_failed": 0.0}, ["an attacker that copies the note", "0.000", "rewards.gate_failed"]),
        ({"gate_failed": -1.0}, ["an attacker that copies the note", "-0.667", "-1.333", "rewards.gate_failed"]),
        ({"realism": 0.25}, ["the judge cannot tell", "-1.333", "rewards.realism"]),
        ({"attacker_malformed": -1.2}, ["an attacker whose answers never parse", "-0.8", "rewards.attacker_malformed"]),
    ],
)
def test_a_gaining_policy_is_named_with_its_value_and_key(rewards, words):
    with pytest.raises(RewardLintError) as caught:
        lint_rewards(RewardsConfig(**rewards), EQUAL).check()
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_localisation_that_is_not_centred_is_refused_from_both_sides(monkeypatch):
    """A bonus for the sentence pays the cue-word heuristic for saying Harmful, a deduction makes Safe cheaper."""
    against = Scorer.against
    for average, side in ((0.0, "below"), (1.0, "above")):
        with monkeypatch.context() as patched:
            patched.setattr(
                Scorer, "against", lambda self, average=average, **other: against(self, **other | {"hit_rate": average})
            )
            with pytest.raises(RewardLintError, match=f"always says Harmful .* must stay {side} ") as refused:
                lint_rewards(RewardsConfig(), EQUAL).check()
            assert "rewards.localisation" in str(refused.value)


def test_flat_prices_are_refused(monkeypatch):
    monkeypatch.setattr("medical_team.rewards.lint.class_prices", lambda share: ClassPrices(1.0, 1.0))
    with pytest.raises(RewardLintError, match=r"always says Safe is worth -0\.500"):
        lint_rewards(RewardsConfig(), EQUAL).check()


@pytest.mark.parametrize("mix", [{GameType.VANILLA_BENIGN: 1.0}, {GameType.VANILLA_HARMFUL: 1.0}])
def test_a_mix_of_one_class_is_refused(mix):
    with pytest.raises(RewardLintError, match="only one class"):
        lint_rewards(RewardsConfig(), mix)
