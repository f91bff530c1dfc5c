"""How answers are drawn and learnt from, and on which machines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from medical_team.config.base import Section
from medical_team.types import EstimatorName

# The schedules of transformers that need no further settings, which upstream would not pass on.
ScheduleName = Literal["constant", "constant_with_warmup", "linear", "cosine", "cosine_with_min_lr", "inverse_sqrt"]

Beta = Annotated[float, Field(ge=0, lt=1)]


class RolloutConfig(Section):
    batch_size: int = Field(default=6, ge=1)
    """Samples that a step trains on: one answer of one role each, as many games as that takes."""
    micro_batch_size: int = Field(default=2, ge=1)
    """Samples a forward pass, a rank."""
    max_new_tokens: int = Field(default=96, ge=8)
    """Longest answer, in tokens."""
    temperature: float = Field(default=1.0, gt=0)
    """Of the sampling; the trainer divides its logits by the same."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Share of the probability that is drawn from. Below 1 answers come of another distribution than is learnt."""
    concurrency: int = Field(default=64, ge=1)
    """Games in flight at once."""
    max_deals_factor: float = Field(default=4.0, ge=1)
    """Deals a step may use over the ones it needs, before it fills up with vanilla games and says so."""
    deals_ahead: float = Field(default=1.0, ge=1)
    """Adversarial games dealt at once for each that is missing. Where many edits fail, more than 1 saves waiting for
    one game after another; the games that turn out to be too many are dropped."""
    deadline_s: float = Field(default=900.0, gt=0)
    """Seconds one generation may take."""
    silence_s: float = Field(default=300.0, gt=0)
    """Seconds in which an engine that owes answers gives none, until it counts as hanging and is started anew."""


class VllmConfig(Section):
    num_engines: int = Field(default=1, ge=1)
    """Engines of the pool; with two pools, of each."""
    pools: Literal["shared", "by_role"] = "shared"
    """One pool for both roles, or a pool a role."""
    tensor_parallel_size: int = Field(default=1, ge=1)
    """GPUs of an engine."""
    gpu_memory_utilization: float = Field(default=0.9, gt=0, le=1)
    """Share of a GPU's memory that an engine takes, KV cache included."""
    enforce_eager: bool = True
    """Run without CUDA graphs: a quicker start and less memory, slower answers."""
    enable_prefix_caching: bool = True
    """Keep the KV cache of what prompts have in common; it is forgotten at every weight sync."""
    enable_sleep: bool = False
    """Sleep while the other side works; needs ``cluster.colocate_all``."""
    kv_cache_gb: int = Field(default=1, ge=1)
    """CPU only: memory for the KV cache of an engine, in GB."""

    def number_of_pools(self) -> int:
        return 2 if self.pools == "by_role" else 1

    def total_engines(self) -> int:
        return self.num_engines * self.number_of_pools()


class OptimConfig(Section):
    learning_rate: float = Field(gt=0)
    schedule: ScheduleName = "constant_with_warmup"
    """Of the learning rate, over all optimizer steps of the run; ``cosine_with_min_lr`` ends at a tenth of it."""
    warmup_ratio: float = Field(default=0.0, ge=0, le=1)
    """Share of the optimizer steps in which the learning rate rises to its value."""
    max_grad_norm: float = Field(default=1.0, gt=0)
    """Norm to which longer gradients are cut."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Decoupled, as in AdamW."""
    betas: tuple[Beta, Beta] = (0.9, 0.95)
    """Adam's decay of the gradient's mean and of its square's."""


class ActorOptimConfig(OptimConfig):
    learning_rate: float = Field(default=1e-6, gt=0)
    """Highest of the schedule."""


class CriticOptimConfig(OptimConfig):
    learning_rate: float = Field(default=9e-6, gt=0)
    """Highest of the schedule."""


class TrainConfig(Section):
    steps: int = Field(default=12, ge=1)
    """Self-play steps in all, the ones before a resume included."""
    estimator: EstimatorName = "gae"
    """``gae``: PPO with a critic; ``reinforce``: REINFORCE++ without one."""
    batch_size: int | None = Field(default=None, ge=1)
    """Samples an optimizer step; all samples of a rollout when not given."""
    micro_batch_size: int = Field(default=2, ge=1)
    """Samples a backward pass, a rank."""
    epochs: int = Field(default=1, ge=1)
    """Passes over a rollout's samples."""
    zero_stage: Literal[0, 1, 2, 3] = 2
    """What DeepSpeed divides over the ranks: optimizer (1), gradients too (2), parameters too (3), or nothing (0)."""
    gradient_checkpointing: bool = False
    """Compute activations twice instead of keeping them: less memory, a third more time."""
    offload_optimizer: bool = False
    """Keep Adam's states in the host's memory and step there: 12 bytes a parameter less on the GPUs, and slower."""
    actor: ActorOptimConfig = ActorOptimConfig()
    critic: CriticOptimConfig = CriticOptimConfig()
    kl_coef: float = Field(default=0.01, ge=0)
    """Weight of the KL penalty in the reward; 0 starts no reference group."""
    entropy_coef: float = Field(default=0.0, ge=0)
    """Weight of the entropy bonus in the loss."""
    clip_range: float = Field(default=0.2, gt=0)
    """PPO's clip of the policy's ratio, to 1 - this and 1 + this."""
    value_clip: float = Field(default=0.5, gt=0)
    """Furthest that a value may move from the one of the rollout before its loss is clipped."""
    gamma: float = Field(default=1.0, ge=0, le=1)
    """Discount a token; a game has one reward, at its end."""
    lam: float = Field(default=1.0, ge=0, le=1)
    """GAE's lambda: 1 for returns less values, lower for more of the critic's word."""
    rollout_correction: Literal["none", "clip", "mask", "sequence"] = "none"
    """Weight of a token in the loss for what engine and trainer disagree on, the ratio of their probabilities of it:
    ``clip`` it to ``rollout_band`` (truncated importance sampling), ``mask`` tokens outside of that, or mask whole
    answers by their mean (``sequence``). What they disagree on is always measured: ``<role>/logprob_gap``."""
    rollout_band: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(gt=0)]] = (0.5, 5.0)
    """Lowest and highest ratio that ``rollout_correction`` lets pass."""
    whiten: bool = True
    """Divide each role's advantages by that role's standard deviation."""
    critic_warmup_steps: int = Field(default=0, ge=0)
    """Steps in which only the critic is trained."""


class GroupConfig(Section):
    nodes: int = Field(default=1, ge=1)
    """Hosts of the group."""
    gpus_per_node: int = Field(default=1, ge=1)
    """GPUs of each; on cpu, ranks."""

    def world_size(self) -> int:
        return self.nodes * self.gpus_per_node


class ClusterConfig(Section):
    backend: Literal["auto", "cpu", "gpu"] = "auto"
    """``auto``: gpu where this host has an NVIDIA driver. On cpu Ray's GPU resource is logical."""
    address: str | None = None
    """Ray cluster to join; a local one is started when not given (or RAY_ADDRESS is not set)."""
    actor: GroupConfig = GroupConfig()
    critic: GroupConfig = GroupConfig()
    reference: GroupConfig = GroupConfig()
    colocate_all: bool = False
    """Actor, critic, reference and engines share the same GPUs."""
    colocate_actor_ref: bool = False
    """Actor and reference share the same GPUs."""
    dashboard_port: int | None = Field(default=None, ge=1024, le=65535)
    """Port of the Ray dashboard of a cluster that is started here, on loopback; none when not given."""
    start_timeout_s: float = Field(default=600.0, gt=0)
    """Seconds for placement and model loading."""
    phase_timeout_s: float = Field(default=3600.0, gt=0)
    """Seconds that one phase of a step (forwards, update, weight sync, checkpoint) may take; the run ends then."""
    sync_timeout_s: float = Field(default=600.0, gt=0)
    """Seconds that the weight sync of a step may take, and again its verification; the run ends then."""
    stall_s: float | None = Field(default=None, gt=0)
    """Seconds in which a rollout may get no answer and no audit; the run then writes down what it waits for, saves
    and ends. Longer than any single wait that is allowed (a generation, an engine's restart, a judge's outage): twice
    the longest of them when not given."""
    max_memory_share: float = Field(default=0.95, gt=0, le=1)
    """Share of the memory of the driver's host, or of its control group, above which the run saves and ends."""
    max_engine_restarts: int = Field(default=8, ge=0)
    """Engines that die or hang within a run and are started anew; the next one ends it, after a checkpoint."""
    card: str = Field(default="A100-80", coerce_numbers_to_str=True)
    """GPU that ``--plan`` plans for: a name such as RTX-4090, A100-40 or H100-80, or its memory in GB."""
    node_gpus: int = Field(default=8, ge=1)
    """GPUs of one node, by which ``--plan`` counts nodes."""
    node_memory_gb: float | None = Field(default=None, gt=0)
    """Memory of a node's host in GB: ``--plan`` refuses what would fill more than ``max_memory_share`` of it. When not
    given it is no limit beside GPUs, and on CPU this host's."""
    threads: int = Field(default=0, ge=0)
    """CPU only: threads a worker computes with; 0 for all cores."""


class WarmStartConfig(Section):
    base_model: str = ".cache/models/smollm2-135m-instruct"
    """Where fine-tuning starts from."""
    output: Path = Path("runs/models/warm-start")
    """The model folder it writes."""
    examples: int = Field(default=80, ge=1)
    """Gold turns, half of them the attacker's."""
    batch_size: int = Field(default=2, ge=1)
    """Gold turns a backward pass, which is an optimizer step."""
    learning_rate: float = Field(default=2.5e-4, gt=0)
    """Of the fine-tuning."""
    epochs: float = Field(default=1.0, gt=0)
    """Passes over the examples."""
    frozen_layers: int = Field(default=0, ge=0)
    """First layers that stay as they are, and the embeddings with them; with 0, everything is trained."""
    evaluate: int = Field(default=32, ge=0)
    """Held-out prompts answered afterwards, to count how many parse."""
