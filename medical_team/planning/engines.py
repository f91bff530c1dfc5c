"""The processes that answer: what an engine, the judge's own included, holds of a GPU's share or of the host."""

from __future__ import annotations

from dataclasses import dataclass

from medical_team.planning.formulas import FLOAT32, kv_bytes_per_token
from medical_team.planning.memory import Moment, Part, Process
from medical_team.planning.shapes import ModelShape

# Tokens of prompts that vLLM reads in one pass at most, and with which it measures its workspace; its default on GPU.
_PREFILL_TOKENS = 8192

# CUDA context, graphs and what NCCL keeps of an engine, in bytes; also what is left of one that sleeps.
_ENGINE_RUNTIME = 1.2e9


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """What an engine is asked to do.

    Attributes:
        name: Its group's, as in the placement.
        shape: The model.
        dtype_bytes: Of a parameter, and of the cache.
        ranks: GPUs the model is divided over.
        max_length: Longest sequence, in tokens.
        sequences: At once, at most.
        sleeps: Whether it gives its GPU away between rollouts.
    """

    name: str
    shape: ModelShape
    dtype_bytes: int
    ranks: int
    max_length: int
    sequences: int
    sleeps: bool

    @property
    def weights(self) -> float:
        """Bytes of the weights, a rank."""
        return self.shape.parameters * self.dtype_bytes / self.ranks

    @property
    def sequence(self) -> float:
        """Bytes in the cache of a sequence of full length, a rank; a key-value head is on one rank at least."""
        split = min(self.ranks, self.shape.kv_heads)
        return kv_bytes_per_token(self.shape, self.dtype_bytes) * self.max_length / split

    @property
    def workspace(self) -> float:
        """Bytes beside weights and cache: the widest layer over a full prefill, and the logits of all sequences."""
        layer = _PREFILL_TOKENS * (2 * self.shape.intermediate / self.ranks + 4 * self.shape.hidden) * self.dtype_bytes
        return layer + 2 * self.sequences * self.shape.vocabulary * FLOAT32


def gpu_engine(load: EngineLoad, share: float, card_memory: float) -> Process:
    """An engine on a GPU: vLLM takes the share it is given, and makes a cache of what weights and workspace leave.

    A cache below nothing is one that is not there; ``cached_sequences`` is then below 1, and the engine would refuse.
    """
    cache = share * card_memory - load.weights - load.workspace - _ENGINE_RUNTIME
    return Process(
        name=load.name,
        always={Part.RUNTIME: _ENGINE_RUNTIME},
        awake={Part.PARAMETERS: load.weights, Part.KV_CACHE: max(cache, 0.0), Part.WORKSPACE: load.workspace},
        awake_at=(Moment.ROLLOUT,) if load.sleeps else tuple(Moment),
        host=load.weights if load.sleeps else 0.0,
        cached_sequences=max(cache, 0.0) / load.sequence,
    )


def host_engine(load: EngineLoad, cache: float, runtime: float) -> Process:
    """An engine on CPU: weights, twice while new ones are loaded, and a cache that is in memory from the start."""
    return Process(
        name=load.name,
        always={Part.RUNTIME: runtime, Part.PARAMETERS: 2 * load.weights, Part.KV_CACHE: cache},
        cached_sequences=cache / load.sequence,
    )
