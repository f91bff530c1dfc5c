"""What runs inside a vLLM worker process beside the model: receiving weights, and saying which weights it holds."""

from __future__ import annotations

from typing import Any

Digest = tuple[float, float]
"""Sum and sum of squares of all parameters, in float64: the same however an engine fuses or splits its layers."""


class WeightsDigest:
    """Mixin of the worker extensions, so that a weight sync can be verified."""

    model_runner: Any

    def weights_digest(self) -> Digest:
        return digest(dict(self.model_runner.get_model().named_parameters()))


def digest(parameters: dict[str, Any]) -> Digest:
    """Digest of a model's parameters; a tied tensor counts once."""
    import torch

    tensors = {id(tensor): tensor.detach() for tensor in parameters.values()}.values()
    total = sum(float(tensor.sum(dtype=torch.float64)) for tensor in tensors)
    norms = [float(torch.linalg.vector_norm(tensor, dtype=torch.float64)) for tensor in tensors]
    return total, sum(norm * norm for norm in norms)


def agree(one: Digest, other: Digest) -> bool:
    """Whether two digests are of the same weights.

    Sums taken in another order differ in the last digits of a float64, by 1e-14 of the whole; one optimizer step at a
    learning rate of 1e-6 moves them by 1e-7.
    """
    return all(abs(a - b) <= 1e-9 * (1 + abs(b)) for a, b in zip(one, other, strict=True))


def extension(backend: str) -> str:
    """Dotted path of the worker extension that vLLM loads on this backend."""
    if backend == "cpu":
        return "medical_team.backends.cpu.CpuWorkerWrap"
    return "medical_team.rollout.worker_gpu.GpuWorkerWrap"
