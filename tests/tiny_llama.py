"""A random Llama of two layers and samples for it, for the contract tests that compute. Installs the CPU backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from medical_team.backends import cpu
from medical_team.types import GameType, Role, Sample

cpu.install()

from openrlhf.trainer.ppo_utils.experience import Experience  # noqa: E402 - only after install()

from medical_team.rollout.experience import to_experience  # noqa: E402

VOCABULARY = 128
PAD = 0


def tiny_model(tied: bool = False) -> Any:
    torch.manual_seed(3)
    shape = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        tie_word_embeddings=tied,
    )
    model = LlamaForCausalLM(shape).float()
    for parameter in model.parameters():  # far from uniform, so that an entropy says something
        torch.nn.init.normal_(parameter, std=0.3)
    return model.train()


def sample(prompt: int, answer: int, *, role: Role = Role.ASSESSOR, reward: float = 0.5, game: int = 0) -> Sample:
    generator = torch.Generator().manual_seed(1000 * prompt + answer)
    ids = torch.randint(1, VOCABULARY, (prompt + answer,), generator=generator).tolist()
    kind = GameType.VANILLA_HARMFUL
    return Sample(game, role, kind, tuple(ids[:prompt]), tuple(ids[prompt:]), reward, truncated=answer > 6)


def concat(samples: Sequence[Sample]) -> Experience:
    return Experience.concat_experiences([to_experience(each) for each in samples], PAD)
