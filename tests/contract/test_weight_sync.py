"""Weights reach the engines on CPU unchanged, and an engine that missed them is seen."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_llama import tiny_model

from medical_team.backends import cpu

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("tied", [False, True])
def test_weights_travel_through_shared_memory_unchanged(tied: bool):
    from medical_team.rollout.worker import digest

    model, received = tiny_model(tied), {}
    worker = cpu.CpuWorkerWrap()
    worker.model_runner = SimpleNamespace(
        reload_weights=lambda weights_iterator: received.update(weights_iterator), get_model=lambda: model
    )

    assert worker.weights_digest() is None
    with cpu.SharedWeights.write(list(model.named_parameters())) as path:
        worker.update_weight(str(path), None, None)
        received = {name: tensor.clone() for name, tensor in received.items()}

    assert not path.exists()
    assert received.keys() == dict(model.named_parameters()).keys()
    assert all(torch.equal(received[name], parameter) for name, parameter in model.named_parameters())
    assert worker.weights_digest() == digest(dict(model.named_parameters()))


def parameters(*shapes: tuple[int, ...], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    return {str(index): torch.randn(shape).to(dtype) for index, shape in enumerate(shapes)}


DTYPES = (torch.float32, torch.bfloat16)


@given(data=st.data(), dtype=st.sampled_from(DTYPES), columns=st.integers(1, 9), bit=st.integers(0, 15))
def test_the_digest_sees_a_single_bit(data: st.DataObject, dtype: torch.dtype, columns: int, bit: int):
    from medical_team.rollout.worker import digest

    held = parameters((5, columns), (columns,), dtype=dtype)
    before = digest(held)
    row, column = data.draw(st.integers(0, 4)), data.draw(st.integers(0, columns - 1))
    flipped = torch.tensor(1 << bit if bit < 15 else -(1 << 15), dtype=torch.int16)
    bits = held["0"].view(torch.int16)
    bits[row, column] ^= flipped

    assert digest(held) != before


@given(dtype=st.sampled_from(DTYPES), rows=st.tuples(*[st.integers(1, 5)] * 3), columns=st.integers(1, 9))
def test_the_digest_is_the_same_however_layers_are_fused_ordered_and_padded(
    dtype: torch.dtype, rows: tuple[int, ...], columns: int
):
    from medical_team.rollout.worker import digest

    split = parameters(*((n, columns) for n in rows), *((n,) for n in rows), dtype=dtype)
    weights, biases = list(split.values())[:3], list(split.values())[3:]
    padding = torch.zeros(2, columns, dtype=dtype)
    fused = {"bias": torch.cat(biases[::-1]), "weight": torch.cat([*weights[::-1], padding])}

    assert digest(fused) == digest(split)
    assert digest({"weight": fused["weight"]}) != digest(split)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("columns", [8, 3])
def test_the_digest_sees_changes_that_cancel_out(dtype: torch.dtype, columns: int):
    """Two signs that change, in words whose sum stays the same."""
    from medical_team.rollout.worker import digest

    held = {"weight": torch.full((2, columns), 3.0, dtype=dtype)}
    before = digest(held)
    held["weight"][0, -1] *= -1
    held["weight"][1, -1] *= -1

    assert digest(held) != before


def test_a_tied_tensor_counts_once():
    from medical_team.rollout.worker import digest

    tensor = torch.randn(4, 4)
    assert digest({"embedding": tensor, "head": tensor}) == digest({"embedding": tensor})


def test_weights_leave_no_file_behind_when_an_engine_fails():
    with (
        pytest.raises(RuntimeError, match="engine"),
        cpu.SharedWeights.write(list(tiny_model().named_parameters())) as path,
    ):
        raise RuntimeError("the engine is gone")

    assert not path.exists()


def test_a_file_of_another_host_is_a_sync_error():
    from medical_team.errors import SyncError

    with pytest.raises(SyncError, match="memory file system"):
        cpu.CpuWorkerWrap().update_weight("/nowhere/weights", None, None)


def test_a_head_tied_to_the_embedding_is_packed_anew():
    """vLLM multiplies with a packed copy, which changing the shared weight leaves as it was."""
    from vllm.model_executor.layers.utils import dispatch_cpu_unquantized_gemm

    head = torch.nn.Linear(64, 96, bias=False)
    dispatch_cpu_unquantized_gemm(head, remove_weight=False)
    with torch.no_grad():
        head.weight.mul_(2.0)
    cpu._repack_tied_layers(torch.nn.Sequential(head))

    x = torch.randn(3, 64)
    torch.testing.assert_close(head.cpu_linear(x, head.weight, None), x @ head.weight.T, rtol=1e-4, atol=1e-4)
