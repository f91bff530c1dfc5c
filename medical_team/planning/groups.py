"""The processes that train: what a rank of actor, critic and reference holds."""

from __future__ import annotations

from dataclasses import dataclass

from medical_team.config import Config, GroupConfig
from medical_team.planning.formulas import (
    FLOAT32,
    REDUCE_BUCKET,
    activations,
    checkpoint_bytes,
    forward_logits,
    layer_activations,
    model_states,
    training_logits,
)
from medical_team.planning.memory import Moment, Part, Parts, Process
from medical_team.planning.shapes import ModelShape


@dataclass(frozen=True, slots=True)
class Lengths:
    """Tokens of the longest sample: the plan's worst case, or what a step had when a plan is checked.

    Attributes:
        sequence: Prompt and answer, padding included.
        answer: The part that was sampled.
    """

    sequence: int
    answer: int


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for all groups of a run.

    Attributes:
        on_cpu: Where it computes.
        dtype_bytes: Of a parameter in the forward pass.
        lengths: Of a sample.
        runtime: Bytes of a process before it holds anything of a model.
    """

    on_cpu: bool
    dtype_bytes: int
    lengths: Lengths
    runtime: float

    @property
    def head_tokens(self) -> int:
        """Positions of a sample that the output head computes: all, on CPU those of the answer."""
        return self.lengths.answer + 1 if self.on_cpu else self.lengths.sequence


def trained_rank(name: str, config: Config, group: GroupConfig, shape: ModelShape, setting: Setting) -> Process:
    """A rank of actor or critic."""
    train, dtype = config.train, setting.dtype_bytes
    is_actor = name == "actor"
    size = shape.parameters if is_actor else shape.value_parameters
    bucket = min(REDUCE_BUCKET, size) if setting.on_cpu else REDUCE_BUCKET
    states = model_states(
        size, dtype, train.zero_stage, group.world_size(), offload=train.offload_optimizer, bucket=bucket
    )
    sequences = train.micro_batch_size
    tokens = sequences * setting.lengths.sequence
    backward = {
        Part.ACTIVATIONS: activations(shape, tokens, dtype, checkpointing=train.gradient_checkpointing),
        Part.LOGITS: training_logits(shape.vocabulary, sequences * setting.head_tokens, dtype) if is_actor else 0.0,
    }
    update = _update(backward, {Part.STEP: states.step}, setting.on_cpu)
    in_turns = config.vllm.enable_sleep
    own_update = (Moment.ACTOR_UPDATE if is_actor else Moment.CRITIC_UPDATE) if in_turns else Moment.UPDATE
    sleeping = states.gradients + states.optimizer if in_turns else 0.0
    return Process(
        name=name,
        always={Part.PARAMETERS: states.parameters, Part.RUNTIME: setting.runtime},
        awake={Part.GRADIENTS: states.gradients, Part.OPTIMIZER: states.optimizer, Part.BUFFERS: states.buffers},
        during={
            Moment.FORWARDS: forward_pass(config, shape, setting, is_actor),
            own_update: update,
            # Training changes the states while they are written: they are copied, those in the host's memory too.
            Moment.SAVE: {Part.COPY: checkpoint_bytes(size, dtype, train.zero_stage) / group.world_size()},
        },
        awake_at=(own_update,) if in_turns else tuple(Moment),
        host=states.host + sleeping,
    )


def _update(backward: Parts, step: Parts, on_cpu: bool) -> Parts:
    """What comes and goes in an update: a backward pass, then the optimizer's step, which finds its memory free.

    On CPU it does not: the C library keeps what small tensors gave back, and takes new memory for large ones.
    """
    if on_cpu:
        return {**backward, **step}
    return max(backward, step, key=lambda parts: sum(parts.values()))


def reference_rank(config: Config, shape: ModelShape, setting: Setting) -> Process:
    """A rank of the frozen reference; only ZeRO-3 divides it."""
    ranks = config.cluster.reference.world_size() if config.train.zero_stage == 3 else 1
    return Process(
        name="reference",
        always={Part.PARAMETERS: shape.parameters * setting.dtype_bytes / ranks, Part.RUNTIME: setting.runtime},
        during={Moment.FORWARDS: forward_pass(config, shape, setting, True)},
    )


def forward_pass(config: Config, shape: ModelShape, setting: Setting, has_head: bool) -> Parts:
    """What a pass without gradients takes: one layer's tensors, and the logits."""
    sequences = config.rollout.micro_batch_size
    copies = 2 if setting.on_cpu else 1  # scaled by the temperature in place on GPU
    logits = forward_logits(shape.vocabulary, sequences * setting.head_tokens, setting.dtype_bytes, copies=copies)
    return {
        Part.ACTIVATIONS: layer_activations(shape, sequences * setting.lengths.sequence, setting.dtype_bytes),
        Part.LOGITS: logits if has_head else 0.0,
    }


def dtype_bytes_of(name: str) -> int:
    return FLOAT32 if name == "float32" else 2
