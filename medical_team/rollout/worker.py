"""What runs inside a vLLM worker process beside the model: receiving weights, and saying which weights it holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Digest = tuple[int, int]
"""Two sums over the bits of all parameters: exact, and the same however an engine fuses, splits or pads its layers."""

# Words of 8 bytes that are summed at once: what is computed on the way stays in the processor's cache.
_WORDS_AT_ONCE = 1 << 18


class WeightsDigest:
    """Mixin of the worker extensions, so that a weight sync can be verified."""

    model_runner: Any

    def weights_digest(self) -> Digest:
        return digest(dict(self.model_runner.get_model().named_parameters()))


def digest(parameters: dict[str, Any]) -> Digest:
    """Digest of a model's parameters, which both sides hold in one dtype; a tied tensor counts once.

    The bits of a row are read as 64-bit words w, and the sums of w and of w * (w ^ (w >> 32)) are taken modulo 2**64.
    The first sees every change of one word, the second, which is not linear, changes that cancel out. Layers are fused
    along their first dimension, which leaves rows whole, and padded with zeros, which add nothing. Two words that are
    exchanged are not seen: an order would not survive fusing.
    """
    tensors = {id(tensor): tensor.detach() for tensor in parameters.values()}.values()
    total = mixed = 0
    for tensor in tensors:
        for words in _words(tensor).split(_WORDS_AT_ONCE):
            total += int(words.sum())
            mixed += int((words >> 32).bitwise_xor_(words).mul_(words).sum())
    return total % 2**64, mixed % 2**64


def combined(digests: Iterable[Digest]) -> Digest:
    """The digest of parameters that were summed apart."""
    totals, mixed = zip(*digests, strict=True)
    return sum(totals) % 2**64, sum(mixed) % 2**64


def _words(tensor: Any) -> Any:
    """The bits of a tensor as int64, flat: four or two elements a word where rows divide into words, else one."""
    import torch

    tensor = tensor.contiguous()
    if tensor.dim() > 1 and tensor.shape[-1] * tensor.element_size() % 8 == 0:
        return tensor.view(torch.int64).flatten()
    return tensor.view({2: torch.int16, 4: torch.int32, 8: torch.int64}[tensor.element_size()]).flatten().long()


def extension(backend: str) -> str:
    """Dotted path of the worker extension that vLLM loads on this backend."""
    if backend == "cpu":
        return "medical_team.backends.cpu.CpuWorkerWrap"
    return "medical_team.rollout.worker_gpu.GpuWorkerWrap"
