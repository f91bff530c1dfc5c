"""What the planner says of upstream and of torch, asked of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, Qwen2Config

from medical_team.planning.formulas import REDUCE_BUCKET, layer_activations
from medical_team.planning.host import this_host
from medical_team.planning.places import DEFAULT_JUDGE_MODEL, JUDGE_SEQUENCES
from medical_team.planning.shapes import ModelShape, shape_of

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kind", [LlamaConfig, Qwen2Config])
def test_a_shape_has_the_parameters_of_the_real_model(tmp_path: Path, kind: type, tied: bool):
    settings = kind(
        vocab_size=300,
        hidden_size=64,
        intermediate_size=160,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=tied,
    )
    settings.save_pretrained(tmp_path)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(tmp_path))

    assert shape_of("model.path", str(tmp_path)).parameters == sum(each.numel() for each in model.parameters())


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 0.02), (torch.bfloat16, 0.1)])
def test_a_layer_keeps_for_its_backward_pass_what_the_formula_says(dtype: torch.dtype, tolerance: float):
    tokens, sequences = 96, 2
    sizes = {"hidden_size": 128, "intermediate_size": 352, "num_attention_heads": 4, "num_key_value_heads": 2}
    shape = ModelShape(1, 128, 4, 2, 32, 352, 64, True)
    kept = {
        layers: bytes_kept(LlamaConfig(vocab_size=64, num_hidden_layers=layers, **sizes), dtype, sequences, tokens)
        for layers in (1, 3)
    }

    expected = layer_activations(shape, sequences * tokens, dtype.itemsize)
    assert (kept[3] - kept[1]) / 2 == pytest.approx(expected, rel=tolerance)


def bytes_kept(settings: LlamaConfig, dtype: torch.dtype, sequences: int, tokens: int) -> int:
    """Of tensors that autograd keeps in a forward pass and that are no parameters, each storage once."""
    model = LlamaForCausalLM._from_config(settings, dtype=dtype, attn_implementation="sdpa").train()
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    storages: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in own:
            storages[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model(torch.randint(0, 64, (sequences, tokens)), use_cache=False)
    return sum(tensor.untyped_storage().nbytes() for tensor in storages.values())


def test_the_reduction_bucket_is_deepspeeds():
    from deepspeed.runtime.zero.config import DeepSpeedZeroConfig

    assert DeepSpeedZeroConfig().reduce_bucket_size == REDUCE_BUCKET


def test_auto_is_bfloat16_where_torch_says_so(tmp_path: Path):
    from medical_team.backends.cpu import compute_dtype

    assert this_host(tmp_path).multiplies_bfloat16 == (compute_dtype() == "bfloat16")


def test_the_judge_is_the_one_that_would_be_started():
    from medical_team.rollout import judge_engine

    assert judge_engine.DEFAULT_MODEL == DEFAULT_JUDGE_MODEL
    assert judge_engine._SEQUENCES == JUDGE_SEQUENCES
