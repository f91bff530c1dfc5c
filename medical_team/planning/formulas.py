"""Memory and arithmetic of training a decoder-only transformer. Pure functions; all sizes in bytes.

Sources:
    Rajbhandari et al. 2020, "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", arXiv 1910.02054:
    model states by ZeRO stage.
    Korthikanti et al. 2022, "Reducing Activation Recomputation in Large Transformer Models", arXiv 2205.05198:
    activations, counted tensor by tensor, with and without checkpoints.
    Kwon et al. 2023, "Efficient Memory Management for Large Language Model Serving with PagedAttention",
    arXiv 2309.06180: the cache of keys and values.
"""

from __future__ import annotations

from dataclasses import dataclass

from medical_team.planning.shapes import ModelShape

FLOAT32 = 4

# Elements of the buffer in which DeepSpeed 0.19 collects gradients before it reduces them, and of the parameters that
# ZeRO-3 keeps gathered at most; its defaults.
REDUCE_BUCKET = 500_000_000
MAX_LIVE_PARAMETERS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class ModelStates:
    """What one rank keeps of a model that is trained, in bytes.

    Attributes:
        parameters: In the dtype of the forward pass.
        gradients: In the same.
        optimizer: Master copy and Adam's two moments, in float32, where the GPU holds them.
        buffers: Reduction bucket, and under ZeRO-3 the parameters that are gathered.
        step: Gradients in float32, while the optimizer steps; activations are gone then.
        host: What lies in the host's memory instead: optimizer and float32 gradients, when they are offloaded.
    """

    parameters: float
    gradients: float
    optimizer: float
    buffers: float
    step: float
    host: float = 0.0


def model_states(
    parameters: int, dtype_bytes: int, stage: int, ranks: int, *, offload: bool = False, bucket: int = REDUCE_BUCKET
) -> ModelStates:
    """States of one rank: Rajbhandari et al. 2020, section 5 and figure 1, with K = 12 for Adam.

    Stage 1 divides the optimizer states over the ranks, stage 2 the gradients too, stage 3 the parameters too. With
    ``offload`` the optimizer steps on the host (ZeRO-Offload, Ren et al. 2021, arXiv 2101.06840): the GPU keeps
    parameters and a bucket of gradients. ``bucket`` is the elements of that buffer that are really taken: on CPU a
    page that is not written to is none.
    """
    whole = float(parameters * dtype_bytes)
    shard = parameters / ranks
    # DeepSpeed keeps a master copy of float32 parameters too, where ZeRO is on; without ZeRO Adam steps on them.
    has_master = stage > 0 or dtype_bytes < FLOAT32
    optimizer = (3 if has_master else 2) * FLOAT32 * (shard if stage >= 1 else parameters)
    kept = whole / ranks if stage == 3 else whole
    gradients = whole / ranks if stage >= 2 else whole
    buffers = float(bucket * dtype_bytes) if stage >= 1 else 0.0
    if stage == 3 and ranks > 1:
        buffers += min(parameters, MAX_LIVE_PARAMETERS) * dtype_bytes
    step = FLOAT32 * (shard if stage >= 1 else parameters) if has_master else 0.0
    if offload:
        return ModelStates(kept, 0.0, 0.0, buffers, 0.0, host=optimizer + step)
    return ModelStates(kept, gradients, optimizer, buffers, step)


def layer_activations(shape: ModelShape, tokens: int, dtype_bytes: int) -> float:
    """What one layer keeps for its backward pass.

    Counted as Korthikanti et al. 2022, section 4.1 count their 34 s b h bytes, for the layer that Llama, Qwen2 and
    Gemma have: RMS norms that compute in float32, grouped keys and values, a gated MLP. Attention is fused, so that
    their term 5 a s^2 b, the scores, is not kept.
    """
    heads = shape.heads * shape.head_size
    keys_and_values = 2 * shape.kv_heads * shape.head_size
    norm = shape.hidden * (2 * FLOAT32 + dtype_bytes)  # input and normalised in float32, output in the model's dtype
    attention = (2 * heads + keys_and_values) * dtype_bytes  # queries and output, keys and values
    mlp = 4 * shape.intermediate * dtype_bytes  # gate, its activation, up, their product
    return tokens * float(2 * norm + attention + mlp)


def activations(shape: ModelShape, tokens: int, dtype_bytes: int, *, checkpointing: bool) -> float:
    """What a forward pass over ``tokens`` (all sequences of a micro batch) keeps for the backward pass.

    With checkpointing (Korthikanti et al. 2022, section 5) the inputs of all layers, and one layer computed again.
    """
    one = layer_activations(shape, tokens, dtype_bytes)
    if not checkpointing:
        return shape.layers * one
    return shape.layers * tokens * shape.hidden * dtype_bytes + one


def training_logits(vocabulary: int, tokens: int, dtype_bytes: int) -> float:
    """Logits of a backward pass: in float32, their softmax, their gradient, and that once more in the model's dtype.

    OpenRLHF 0.11.2, ``models/actor.py``: the head's output is made float32 before log-probabilities and entropy.
    """
    return vocabulary * tokens * float(3 * FLOAT32 + dtype_bytes)


def forward_logits(vocabulary: int, tokens: int, dtype_bytes: int, *, copies: int) -> float:
    """Logits of a pass without gradients: the head's output, and ``copies`` of it in float32."""
    return vocabulary * tokens * float(copies * FLOAT32 + dtype_bytes)


def kv_bytes_per_token(shape: ModelShape, dtype_bytes: int) -> int:
    """Keys and values of one token in all layers (Kwon et al. 2023, section 3)."""
    return 2 * shape.layers * shape.kv_heads * shape.head_size * dtype_bytes


def checkpoints_to_come(keep: int, there: int) -> int:
    """How many more may come to lie on the disk at once: those that are kept and one that is being written.

    ``there`` are the run's whole checkpoints already: free disk is what they leave.
    """
    return keep + 1 - min(there, keep)


def checkpoint_bytes(parameters: int, dtype_bytes: int, stage: int) -> float:
    """What DeepSpeed writes for one group: parameters, and master copy and moments in float32."""
    has_master = stage > 0 or dtype_bytes < FLOAT32
    return float(parameters * (dtype_bytes + (3 if has_master else 2) * FLOAT32))
