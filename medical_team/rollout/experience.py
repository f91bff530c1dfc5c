"""Samples to OpenRLHF's Experience: the only file that knows its fields."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from openrlhf.trainer.ppo_utils.experience import Experience

from medical_team.rollout.ordering import order_for_ranks
from medical_team.types import Role, Sample


def to_experience(sample: Sample) -> Experience:
    """One sample as an Experience of batch size 1.

    Sequences and attention mask are (1, T) for T prompt and answer tokens; action mask and the engine's
    log-probabilities are (1, T - 1), shifted as upstream's are. The role travels in ``labels``; ``info`` has the same
    numeric keys in every sample, as upstream's batching requires.
    """
    ids = sample.prompt_ids + sample.response_ids
    sequences = torch.tensor([ids], dtype=torch.long)
    action_mask = torch.zeros_like(sequences)
    action_mask[:, len(sample.prompt_ids) :] = 1
    reward = torch.tensor([sample.reward], dtype=torch.float32)
    drawn = None
    if sample.logprobs is not None:
        drawn = torch.zeros_like(sequences, dtype=torch.float32)
        drawn[:, len(sample.prompt_ids) :] = torch.tensor(sample.logprobs)
    return Experience(
        sequences=sequences,
        attention_mask=torch.ones_like(sequences),
        action_mask=action_mask[:, 1:],
        rollout_log_probs=drawn[:, 1:] if drawn is not None else None,
        rewards=reward,
        scores=None,
        response_length=torch.tensor([len(sample.response_ids)]),
        total_length=torch.tensor([float(len(ids))]),
        truncated=torch.tensor([sample.truncated]),
        prompts=[""],
        labels=[str(sample.role)],
        images=[None],
        mm_train_inputs=[None],
        info={"reward": reward.clone(), "is_attacker": torch.tensor([float(sample.role is Role.ATTACKER)])},
    )


def to_experiences(
    samples: Sequence[Sample], expected: int, micro_batch_size: int, world_sizes: Sequence[int]
) -> list[Experience]:
    """All samples of a step, in the order of ``order_for_ranks``; advantages do not depend on it."""
    if len(samples) != expected:
        raise AssertionError(f"training needs exactly {expected} samples and got {len(samples)}")
    return [to_experience(sample) for sample in order_for_ranks(samples, micro_batch_size, world_sizes)]


def roles_of(experience: Experience) -> list[Role]:
    """The role of every row of a batched Experience."""
    return [Role(label) for label in experience.labels]
