"""Advantages are the raw ones of GAE or REINFORCE++, whitened a role at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_llama import PAD, concat, sample

from medical_team.backends import cpu
from medical_team.config import load_config
from medical_team.training.arguments import openrlhf_arguments
from medical_team.types import Role, Sample

cpu.install()

from openrlhf.trainer.ppo_utils.experience import Experience  # noqa: E402 - only after install()

from medical_team.rollout.experience import roles_of  # noqa: E402
from medical_team.training.experience_maker import RoleExperienceMaker, role_metrics, whiten_role  # noqa: E402

pytestmark = pytest.mark.contract


def maker(*overrides: str) -> RoleExperienceMaker:
    arguments = openrlhf_arguments(load_config(None, overrides), "cpu", "float32", Path("checkpoints"))
    strategy, nobody = SimpleNamespace(args=arguments), cast(Any, None)
    tokenizer, kl = SimpleNamespace(pad_token_id=PAD), SimpleNamespace(value=0.1)
    return RoleExperienceMaker(nobody, nobody, nobody, nobody, kl, strategy, tokenizer)


def with_values(samples: Sequence[Sample], sizes: Sequence[int], seed: int) -> list[Experience]:
    """Samples in micro batches of the given sizes, with the KL and values that the forwards would have given."""
    generator = torch.Generator().manual_seed(seed)
    experiences, start = [], 0
    for size in sizes:
        batch = concat(samples[start : start + size])
        batch.index = list(range(start, start + size))
        batch.kl = 0.3 * torch.randn(batch.action_mask.shape, generator=generator) * batch.action_mask
        batch.values = torch.randn(batch.action_mask.shape, generator=generator) * batch.action_mask
        experiences.append(batch)
        start += size
    return experiences


def test_what_engine_and_trainer_disagree_on_is_measured_by_role():
    batch = concat([sample(3, 2, role=Role.ATTACKER), sample(4, 3, role=Role.ASSESSOR)])
    mask = batch.action_mask
    batch.kl = torch.where(mask.bool(), torch.tensor([[0.5], [0.1]]), torch.tensor(9.0))
    batch.action_log_probs = torch.full(mask.shape, -1.0)
    batch.rollout_log_probs = torch.where(mask.bool(), torch.tensor([[-1.25], [-1.0]]), torch.tensor(7.0))
    batch.rollout_log_probs[1, int(mask[1].nonzero()[0])] = -4.0

    assert role_metrics([batch]) == pytest.approx(
        {
            "attacker/kl": 0.5,
            "attacker/logprob_gap": 0.25,
            "attacker/logprob_gap_max": 0.25,
            "assessor/kl": 0.1,
            "assessor/logprob_gap": 1.0,
            "assessor/logprob_gap_max": 3.0,
        }
    )


def test_without_the_engines_log_probabilities_there_is_the_kl_alone():
    batch = concat([sample(3, 2, role=Role.ASSESSOR)])
    batch.kl = torch.zeros(batch.action_mask.shape)
    batch.action_log_probs = torch.zeros(batch.action_mask.shape)

    assert role_metrics([batch]) == {"assessor/kl": 0.0}


@pytest.mark.parametrize("correction", ["none", "clip", "mask", "sequence"])
def test_every_correction_is_one_that_upstreams_loss_takes(correction: str):
    from openrlhf.models.loss import PolicyLoss

    arguments = maker(f"train.rollout_correction={correction}").args.algo.advantage
    keys = ("level", "mode", "gating", "threshold")
    loss = PolicyLoss(**{f"is_correction_{key}": getattr(arguments, f"is_correction_{key}") for key in keys})
    log_probs = torch.full((2, 3), -1.0)
    drawn = torch.full((2, 3), -5.0)  # the ratio is e^4, out of the band
    value, *_, gap, _ = loss(log_probs, log_probs, torch.ones(2, 3), torch.ones(2, 3), rollout_log_probs=drawn)

    assert (gap is None) is (correction == "none")
    assert float(value) == pytest.approx({"none": -1.0, "clip": -5.0}.get(correction, 0.0))


def raw_advantages(experience: Experience, estimator: str) -> torch.Tensor:
    """With gamma = lambda = 1: what is still to come, less the value where there is a critic. (B, A)"""
    rewards = -0.1 * experience.kl
    for row, mask in enumerate(experience.action_mask):
        rewards[row, int(mask.nonzero()[-1])] += experience.rewards[row]
    to_come = (rewards * experience.action_mask).flip(1).cumsum(1).flip(1)
    return to_come - experience.values if estimator == "gae" else to_come


def tokens_of(experiences: list[Experience], values: list[torch.Tensor], role: Role) -> torch.Tensor:
    """Values at the role's action tokens, over all experiences."""
    return torch.cat(
        [
            value[row][experience.action_mask[row].bool()]
            for experience, value in zip(experiences, values, strict=True)
            for row, own in enumerate(roles_of(experience))
            if own is role
        ]
        or [torch.zeros(0)]
    )


SAMPLES = st.lists(
    st.tuples(st.sampled_from(Role), st.integers(2, 6), st.integers(2, 6), st.floats(-2, 2)), min_size=4, max_size=8
)


@settings(max_examples=30, deadline=None)
@given(SAMPLES, st.sampled_from(["gae", "reinforce"]), st.booleans(), st.integers(0, 99))
def test_advantages_are_the_raw_ones_whitened_by_role(drawn: list[Any], estimator: str, whiten: bool, seed: int):
    samples = [sample(prompt, answer, role=role, reward=reward) for role, prompt, answer, reward in drawn]
    experiences = with_values(samples, [len(samples) // 2, len(samples) - len(samples) // 2], seed)
    raw = [raw_advantages(experience, estimator) for experience in experiences]

    maker(f"train.estimator={estimator}", f"train.whiten={whiten}").compute_advantages_and_returns(experiences)

    for role in Role:
        before = tokens_of(experiences, raw, role)
        after = tokens_of(experiences, [experience.advantages for experience in experiences], role)
        if not len(before):
            continue
        expected = before - before.mean()
        if whiten:
            expected /= expected.pow(2).mean().sqrt()
        torch.testing.assert_close(after, expected, atol=1e-3, rtol=1e-3)


def experiences_with(advantages: dict[Role, list[float]]) -> list[Experience]:
    """One experience a role whose action tokens have these advantages."""
    made = []
    for role, values in advantages.items():
        experience = concat([sample(3, len(values), role=role)])
        experience.advantages = torch.zeros(experience.action_mask.shape)
        experience.advantages[experience.action_mask.bool()] = torch.tensor(values)
        made.append(experience)
    return made


def whitened(experiences: list[Experience], role: Role) -> torch.Tensor:
    return tokens_of(experiences, [experience.advantages for experience in experiences], role)


def test_whitening_a_role_leaves_the_other_alone():
    experiences = experiences_with({Role.ATTACKER: [1.0, 2.0, 6.0], Role.ASSESSOR: [-3.0, 5.0]})

    whiten_role(experiences, Role.ATTACKER)

    attacker = whitened(experiences, Role.ATTACKER)
    assert attacker.mean().abs() < 1e-6 and abs(float(attacker.std(unbiased=False)) - 1) < 1e-6
    assert whitened(experiences, Role.ASSESSOR).tolist() == [-3.0, 5.0]


def test_a_role_without_differences_gets_zeros():
    experiences = experiences_with({Role.ATTACKER: [0.1, 0.1, 0.1], Role.ASSESSOR: [1.0, 2.0]})

    for role in Role:
        whiten_role(experiences, role)

    assert whitened(experiences, Role.ATTACKER).tolist() == [0.0, 0.0, 0.0]
    assert whitened(experiences, Role.ASSESSOR).tolist() == [-1.0, 1.0]


def test_a_step_of_one_role_is_whitened_as_a_whole():
    experiences = experiences_with({Role.ASSESSOR: [1.0, 2.0, 3.0]})

    for role in Role:
        whiten_role(experiences, role)

    assert whitened(experiences, Role.ASSESSOR).mean().abs() < 1e-6


def test_equal_rewards_of_a_role_teach_nothing_however_often_they_were_rescaled():
    """Upstream's whitening magnifies the rounding of equal advantages; that must not become a signal."""
    samples = [sample(4, 3, role=Role.ASSESSOR, reward=2 / 3) for _ in range(7)]
    experiences = with_values(samples, [3, 4], seed=0)
    for experience in experiences:
        experience.kl = torch.zeros_like(experience.kl)

    maker("train.estimator=reinforce").compute_advantages_and_returns(experiences)

    assert whitened(experiences, Role.ASSESSOR).abs().max() == 0
