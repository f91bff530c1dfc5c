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
    seen: dict[int, Any] = {id(tensor): tensor for tensor in parameters.values()}
    total = squares = 0.0
    for tensor in seen.values():
        flat = tensor.detach().flatten().double()
        total += float(flat.sum())
        squares += float(flat.dot(flat))
    return total, squares


def extension(backend: str) -> str:
    """Dotted path of the worker extension that vLLM loads on this backend."""
    if backend == "cpu":
        return "medical_team.backends.cpu.CpuWorkerWrap"
    return "medical_team.rollout.worker_gpu.GpuWorkerWrap"
