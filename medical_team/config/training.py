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
    """Prompts a step, as OpenRLHF counts them; a step trains on this times ``n_samples_per_prompt`` samples."""
    n_samples_per_prompt: int = Field(default=1, ge=1)
    """Kept for OpenRLHF's arithmetic; games are sampled one by one."""
    micro_batch_size: int = Field(default=2, ge=1)
    """Samples a forward pass, a rank."""
    max_new_tokens: int = Field(default=96, ge=8)
    """Longest answer, in tokens."""
    temperature: float = Field(default=1.0, gt=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
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
    gpu_memory_utilization: float = Field(default=0.9, gt=0, le=1)
    enforce_eager: bool = True
    enable_prefix_caching: bool = True
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
    max_grad_norm: float = Field(default=1.0, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    betas: tuple[Beta, Beta] = (0.9, 0.95)


class ActorOptimConfig(OptimConfig):
    learning_rate: float = Field(default=1e-6, gt=0)


class CriticOptimConfig(OptimConfig):
    learning_rate: float = Field(default=9e-6, gt=0)


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
    gradient_checkpointing: bool = False
    offload_optimizer: bool = False
    """Keep Adam's states in the host's memory and step there: 12 bytes a parameter less on the GPUs, and slower."""
    actor: ActorOptimConfig = ActorOptimConfig()
    critic: CriticOptimConfig = CriticOptimConfig()
    kl_coef: float = Field(default=0.01, ge=0)
    """Weight of the KL penalty in the reward; 0 starts no reference group."""
    entropy_coef: float = Field(default=0.0, ge=0)
    clip_range: float = Field(default=0.2, gt=0)
    value_clip: float = Field(default=0.5, gt=0)
    gamma: float = Field(default=1.0, ge=0, le=1)
    lam: float = Field(default=1.0, ge=0, le=1)
    whiten: bool = True
    """Divide each role's advantages by that role's standard deviation."""
    critic_warmup_steps: int = Field(default=0, ge=0)
    """Steps in which only the critic is trained."""


class GroupConfig(Section):
    nodes: int = Field(default=1, ge=1)
    gpus_per_node: int = Field(default=1, ge=1)

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
    learning_rate: float = Field(default=2.5e-4, gt=0)
    epochs: float = Field(default=1.0, gt=0)
    evaluate: int = Field(default=32, ge=0)
    """Held-out prompts answered afterwards, to count how many parse."""
