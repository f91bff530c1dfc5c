"""The memory formulas, against the figures of their papers and against each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medical_team.planning.formulas import (
    activations,
    checkpoint_bytes,
    forward_logits,
    kv_bytes_per_token,
    layer_activations,
    model_states,
    training_logits,
)
from medical_team.planning.shapes import ModelShape, shape_of

BFLOAT16, FLOAT32 = 2, 4
SEVEN_AND_A_HALF = 7_500_000_000


def gigabytes(stage: int, ranks: int = 64) -> float:
    states = model_states(SEVEN_AND_A_HALF, BFLOAT16, stage, ranks)
    return (states.parameters + states.gradients + states.optimizer) / 1e9


@pytest.mark.parametrize(("stage", "expected"), [(0, 120), (1, 31.4), (2, 16.6), (3, 1.9)])
def test_states_are_those_of_the_zero_paper(stage: int, expected: float):
    """Rajbhandari et al. 2020, figure 1: 7.5 billion parameters on 64 GPUs."""
    assert gigabytes(stage) == pytest.approx(expected, abs=0.05)


def test_one_rank_has_nothing_to_divide_by():
    assert gigabytes(3, ranks=1) == gigabytes(0, ranks=1) == 120


@given(size=st.integers(10**6, 10**11), ranks=st.integers(1, 512), dtype=st.sampled_from([BFLOAT16, FLOAT32]))
def test_a_higher_stage_never_keeps_more(size: int, ranks: int, dtype: int):
    kept = []
    for stage in (1, 2, 3):
        states = model_states(size, dtype, stage, ranks)
        kept.append(states.parameters + states.gradients + states.optimizer)

    assert kept == sorted(kept, reverse=True)


def test_zero_3_keeps_gathered_parameters_for_a_while():
    sharded, kept = (model_states(10**8, BFLOAT16, stage, 4).buffers for stage in (3, 2))

    assert sharded - kept == 2 * 10**8
    assert model_states(10**8, BFLOAT16, 3, 1).buffers == kept  # nothing to gather


def test_offloading_moves_the_optimizer_to_the_host():
    here, there = (model_states(10**9, BFLOAT16, 2, 1, offload=offload) for offload in (False, True))

    assert there.optimizer == there.gradients == 0
    assert there.host == here.optimizer + here.step
    assert there.parameters == here.parameters


def test_activations_are_close_to_the_papers_for_its_layer():
    """Korthikanti et al. 2022: 34 s b h bytes without the scores, for an MLP of 4h without a gate.

    A gated MLP of 8/3 h keeps more, and norms in float32 keep more than theirs in float16.
    """
    shape = ModelShape(1, 3072, 24, 24, 128, 8192, 1000, True)

    assert 34 < layer_activations(shape, 1, BFLOAT16) / 3072 < 60


def test_checkpoints_keep_the_inputs_of_layers_and_one_layer():
    shape = shape_of("model.path", "Qwen/Qwen2.5-3B")
    whole = activations(shape, 1000, BFLOAT16, checkpointing=False)
    kept = activations(shape, 1000, BFLOAT16, checkpointing=True)

    assert whole == 36 * layer_activations(shape, 1000, BFLOAT16)
    assert kept == 36 * 1000 * 2048 * 2 + layer_activations(shape, 1000, BFLOAT16)


def test_a_cache_of_llama_is_what_it_is_known_for():
    """128 KiB a token for Llama 3.1 8B in two bytes: 2 x 32 layers x 8 heads x 128."""
    assert kv_bytes_per_token(shape_of("model.path", "meta-llama/Llama-3.1-8B"), BFLOAT16) == 128 * 1024


def test_learning_takes_more_logits_than_looking():
    assert training_logits(1000, 10, BFLOAT16) == 10_000 * 14
    assert forward_logits(1000, 10, BFLOAT16, copies=1) == 10_000 * 6


def test_a_checkpoint_has_parameters_master_copy_and_moments():
    assert checkpoint_bytes(100, BFLOAT16, 2) == 1400
    assert checkpoint_bytes(100, FLOAT32, 2) == 1600
    assert checkpoint_bytes(100, FLOAT32, 0) == 1200
