"""Weights reach the engines on CPU unchanged, and an engine that missed them is seen."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
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
    assert worker.weights_digest() == pytest.approx(digest(dict(model.named_parameters())), rel=1e-12)


def test_an_engine_that_missed_one_small_step_is_seen():
    from medical_team.training.trainer import _close

    # Digests of SmolLM2-135M: as it is, summed in another order, and with 1e-6 added to or taken from every weight,
    # which is about what Adam does in a step at that learning rate.
    trained = (-11545.405679486974, 4494892.231503516)
    reordered = (-11545.405679486985, 4494892.231503516)
    a_step_behind = (-11545.409641246792, 4494892.230575180)

    assert _close(reordered, trained)
    assert not _close(a_step_behind, trained)


def test_the_digest_does_not_depend_on_the_order_of_the_weights():
    from medical_team.rollout.worker import digest
    from medical_team.training.trainer import _close

    named = list(tiny_model().named_parameters())

    assert _close(digest(dict(reversed(named))), digest(dict(named)))
    assert not _close(digest(dict(named[1:])), digest(dict(named)))


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
