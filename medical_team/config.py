"""The typed configuration of a run: YAML, then dotted overrides, checked before anything starts.

An unknown key, a value of the wrong type or values that do not go together are a ``ConfigError`` with the key in
it. The defaults are the vetted ones; a file in ``configs/`` says only what differs. Nothing below the entry points
takes a whole ``Config``: rooms take their own section or the few values they need.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from yaml import YAMLError

from medical_team.errors import ConfigError
from medical_team.types import EstimatorName, GameType

# The flags of the scripts this project replaces, one that is typed often, and the keys they are short for.
SHORT_FORMS = {
    "--model_id": "model.path",
    "--judge_model_id": "judge.name",
    "--num_samples": "data.num_samples",
    "--max_rounds": "train.steps",
    "--resume": "run.resume",
}


class Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, protected_namespaces=(), allow_inf_nan=False
    )


class RunConfig(Section):
    name: str = "selfplay"
    """The run's folder below ``dir``."""
    dir: Path = Path("runs")
    """Where runs are kept."""
    seed: int = 17
    """Of everything: deck, games, sampling, initialisation."""
    resume: Literal["no", "auto"] = "no"
    """``auto`` goes on after the newest checkpoint of the run's folder, or starts where there is none."""
    min_free_gb: float = Field(default=2.0, ge=0)
    """Free disk that a run asks for before it starts, in GB; checkpoints come on top."""

    @field_validator("resume", mode="before")
    @classmethod
    def _no_is_a_word(cls, resume: Any) -> Any:
        return "no" if resume is False else resume  # YAML reads an unquoted no as false


class ModelConfig(Section):
    path: str = "runs/models/warm-start"
    """Hugging Face folder or name of the policy; it must have a chat template."""
    critic_path: str | None = None
    """The critic's starting point; the policy's own when not given."""
    critic_layers: int | None = Field(default=None, ge=1)
    """Start the critic from only so many of the policy's first layers; all when not given."""
    dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    """``auto``: bfloat16 where the hardware multiplies it, else float32 (most CPUs)."""
    attention: Literal["auto", "sdpa", "eager", "flash_attention_2"] = "auto"
    """``auto``: flash attention on GPU, sdpa on CPU."""
    max_length: int = Field(default=1024, ge=64)
    """Prompt and answer together, in tokens; a longer note is refused at the start."""
    trust_remote_code: bool = False
    """Run code that a model folder brings along."""


class DataConfig(Section):
    source: Literal["synthetic", "medec"] = "synthetic"
    """The project's own notes, or MEDEC's files from ``medec_dir``."""
    medec_dir: Path | None = None
    """Folder with MEDEC's CSV files."""
    medec_split: Literal["train", "validation", "test"] = "train"
    """Which of MEDEC's files games are dealt from."""
    cache_dir: Path = Path(".cache/data")
    """Where the Parquet cache is written."""
    num_samples: int | None = Field(default=None, ge=1)
    """Use only so many notes of the training part; all when not given."""
    held_out: float = Field(default=0.2, gt=0, lt=1)
    """Share kept for evaluation: of the conditions (synthetic) or of the twin groups (MEDEC)."""
    synthetic_notes: int = Field(default=400, ge=20)
    """How many synthetic notes are composed."""


class GatesConfig(Section):
    """Limits on an attacker's edit, calibrated on MEDEC's gold edits (316 of 319 pass on validation)."""

    min_length_ratio: float = Field(default=0.9, gt=0)
    """Words of the edited note over words of the original, at least."""
    max_length_ratio: float = Field(default=1.1, gt=0)
    """The same, at most."""
    min_similarity: float = Field(default=0.87, ge=0, le=1)
    """Token similarity of edited and original note, at least."""
    max_edited_tokens: int = Field(default=20, ge=1)
    """Tokens taken away and tokens put in, together, at most."""
    max_correction_similarity: float = Field(default=0.93, gt=0, le=1)
    """Similarity of letters from which a word counts as the correct one misspelt: an edit of nothing but such words
    is a near copy of the correct sentence and no error. Below hyper-/hypoparathyroidism (0.919)."""


class GameConfig(Section):
    mix: dict[GameType, float] = Field(default_factory=lambda: dict.fromkeys(GameType, 1.0))
    """Weight of each game type in the deck; 1 for a type that is not named, 0 to leave one out."""
    gates: GatesConfig = GatesConfig()

    @field_validator("mix", mode="before")
    @classmethod
    def _unnamed_types_weigh_one(cls, mix: Any) -> Any:
        if not isinstance(mix, dict):
            raise ValueError(f"game.mix: must map game types to weights, got {mix!r}")
        return {str(kind): 1.0 for kind in GameType} | {str(kind): weight for kind, weight in mix.items()}

    @model_validator(mode="after")
    def _mix_has_both_classes(self) -> GameConfig:
        if any(weight < 0 for weight in self.mix.values()) or sum(self.mix.values()) <= 0:
            raise ValueError("game.mix: weights must be at least 0 and one of them above 0")
        if self.harmful_share() in (0.0, 1.0):
            raise ValueError(
                "game.mix deals only one class of notes, so one constant verdict is always right: give "
                f"{GameType.VANILLA_BENIGN} and at least one other type a weight"
            )
        return self

    def harmful_share(self) -> float:
        """Share of dealt games in which the note shown has an error, in [0, 1]."""
        total = sum(self.mix.values())
        return 1.0 - self.mix.get(GameType.VANILLA_BENIGN, 0.0) / total


class JudgeConfig(Section):
    name: Literal["auto", "exact", "rule"] = "auto"
    """``exact``: the table of facts behind synthetic notes; ``rule``: gold and gates; ``auto``: by data source."""
    deadline_s: float = Field(default=30.0, gt=0)
    """Seconds a batch of audits may take."""
    batch_size: int = Field(default=32, ge=1)
    """Audits sent together, at most."""
    max_wait_s: float = Field(default=0.02, ge=0)
    """How long an audit waits for others to fill its batch, in seconds."""


class RewardsConfig(Section):
    """Penalties and shares are in prices of an error note (2/3 under the equal mix), so that they keep their place
    below the zero-sum terms when the mix changes. ``rewards.lint`` refuses values by which a constant answer gains."""

    localisation: float = Field(default=0.5, ge=0, le=1)
    """Part of the price that a Harmful verdict loses when it names the wrong sentence. Only ever a deduction: naming
    a sentence must not add to a constant answer."""
    malformed: float = Field(default=-1.5, le=0)
    """What an assessor gets for an answer that does not parse. Below -1, which is the loss of overlooking an error:
    else breaking the format would be the cheaper way to lose a hard note."""
    attacker_malformed: float = Field(default=-1.5, le=0)
    """What an attacker gets for an answer that does not parse; at most ``gate_failed``."""
    gate_failed: float = Field(default=-1.25, le=0)
    """What an attacker gets for an edit that fails a gate. Below what an edit that is always found gets, -1 and the
    worst realism: else copying the note would be better than playing and losing."""
    realism: float = Field(default=0.1, ge=0, le=0.25)
    """Weight of the judge's realism score for the attacker, centred: between minus and plus this, in plain reward."""


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

    def total_engines(self) -> int:
        return self.num_engines * (2 if self.pools == "by_role" else 1)


class OptimConfig(Section):
    learning_rate: float = Field(gt=0)
    schedule: str = "constant_with_warmup"
    warmup_ratio: float = Field(default=0.0, ge=0, le=1)
    max_grad_norm: float = Field(default=1.0, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    betas: tuple[float, float] = (0.9, 0.95)


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
    threads: int = Field(default=0, ge=0)
    """CPU only: threads a worker computes with; 0 for all cores."""


class CheckpointConfig(Section):
    every: int = Field(default=10, ge=0)
    """Steps between checkpoints; 0 writes one only at the end."""
    keep: int = Field(default=2, ge=1)
    """Checkpoints kept; the newest is never removed."""


class EvaluationConfig(Section):
    notes: int = Field(default=32, ge=0)
    """Held-out notes (whole twin pairs) the assessor is evaluated on before and after; 0 for none."""
    every: int = Field(default=0, ge=0)
    """Steps between evaluations within the run; 0 for none."""
    temperature: float = Field(default=0.0, ge=0)


class WarmStartConfig(Section):
    base_model: str = ".cache/models/smollm2-135m-instruct"
    """Where fine-tuning starts from."""
    output: Path = Path("runs/models/warm-start")
    """The model folder it writes."""
    examples: int = Field(default=72, ge=1)
    """Gold turns, half of them the attacker's."""
    batch_size: int = Field(default=3, ge=1)
    learning_rate: float = Field(default=3e-4, gt=0)
    epochs: float = Field(default=1.0, gt=0)
    evaluate: int = Field(default=32, ge=0)
    """Held-out prompts answered afterwards, to count how many parse."""


class Config(Section):
    run: RunConfig = RunConfig()
    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    game: GameConfig = GameConfig()
    judge: JudgeConfig = JudgeConfig()
    rewards: RewardsConfig = RewardsConfig()
    rollout: RolloutConfig = RolloutConfig()
    vllm: VllmConfig = VllmConfig()
    train: TrainConfig = TrainConfig()
    cluster: ClusterConfig = ClusterConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    warm_start: WarmStartConfig = WarmStartConfig()

    @property
    def run_dir(self) -> Path:
        return self.run.dir / self.run.name

    @property
    def samples_per_step(self) -> int:
        """K: the samples one step trains on, both roles together."""
        return self.rollout.batch_size * self.rollout.n_samples_per_prompt

    @property
    def train_batch_size(self) -> int:
        return self.train.batch_size or self.samples_per_step

    @property
    def uses_critic(self) -> bool:
        return self.train.estimator == "gae"

    @property
    def uses_reference(self) -> bool:
        return self.train.kl_coef > 0

    @property
    def judge_name(self) -> Literal["exact", "rule"]:
        if self.judge.name != "auto":
            return self.judge.name
        return "exact" if self.data.source == "synthetic" else "rule"

    @model_validator(mode="after")
    def _critic(self) -> Config:
        if self.train.critic_warmup_steps and not self.uses_critic:
            raise ValueError("train.critic_warmup_steps needs a critic to train: set train.estimator=gae, or it to 0")
        if self.model.critic_layers is not None and self.model.critic_path is not None:
            raise ValueError("model.critic_layers cuts the policy, model.critic_path names another model: give one")
        return self

    @model_validator(mode="after")
    def _data_source(self) -> Config:
        if self.data.source == "medec" and self.data.medec_dir is None:
            raise ValueError("data.source=medec needs data.medec_dir, the folder with MEDEC's CSV files")
        if self.judge.name == "exact" and self.data.source != "synthetic":
            raise ValueError("judge.name=exact decides by the table behind synthetic notes: use judge.name=rule")
        return self

    @model_validator(mode="after")
    def _batches_divide(self) -> Config:
        samples, batch = self.samples_per_step, self.train_batch_size
        product = f"rollout.batch_size x rollout.n_samples_per_prompt = {samples} samples"
        if samples % batch:
            raise ValueError(f"{product} cannot be divided into optimizer steps of train.batch_size = {batch}")
        groups = [("actor", self.cluster.actor)]
        if self.uses_critic:
            groups.append(("critic", self.cluster.critic))
        if self.uses_reference:
            groups.append(("reference", self.cluster.reference))
        for name, group in groups:
            ranks = group.world_size()
            if samples % (ranks * self.rollout.micro_batch_size):
                raise ValueError(
                    f"{product} cannot be divided over {ranks} {name} rank(s) in forward passes of "
                    f"rollout.micro_batch_size = {self.rollout.micro_batch_size}"
                )
            if name != "reference" and batch % (ranks * self.train.micro_batch_size):
                raise ValueError(
                    f"train.batch_size = {batch} cannot be divided over {ranks} {name} rank(s) in backward passes of "
                    f"train.micro_batch_size = {self.train.micro_batch_size}"
                )
        return self

    @model_validator(mode="after")
    def _colocation(self) -> Config:
        cluster = self.cluster
        if self.vllm.enable_sleep and not cluster.colocate_all:
            raise ValueError("vllm.enable_sleep needs cluster.colocate_all: alone on a GPU an engine has no reason to")
        shared = [("cluster.reference", cluster.reference)] if self.uses_reference else []
        if cluster.colocate_all:
            ranks = cluster.actor.world_size()
            engines = self.vllm.total_engines() * self.vllm.tensor_parallel_size
            if engines != ranks:
                raise ValueError(
                    f"cluster.colocate_all puts one engine rank on each actor rank: {engines} engine rank(s) "
                    f"(vllm) for {ranks} actor rank(s) (cluster.actor)"
                )
            shared += [("cluster.critic", cluster.critic)] if self.uses_critic else []
        elif not cluster.colocate_actor_ref:
            shared = []
        for name, group in shared:
            if group != cluster.actor:
                raise ValueError(f"{name} must equal cluster.actor where they are colocated")
        return self

    @model_validator(mode="after")
    def _evaluates_pairs(self) -> Config:
        if self.evaluation.notes == 1 or (self.evaluation.every and not self.evaluation.notes):
            raise ValueError(
                f"evaluation.notes = {self.evaluation.notes} is no twin pair to evaluate on: give 2 or more, or 0 for "
                "both evaluation.notes and evaluation.every"
            )
        return self

    @model_validator(mode="after")
    def _answer_fits(self) -> Config:
        if self.rollout.max_new_tokens >= self.model.max_length:
            raise ValueError(
                f"rollout.max_new_tokens = {self.rollout.max_new_tokens} leaves no room for a prompt in "
                f"model.max_length = {self.model.max_length}"
            )
        return self


def load_config(path: Path | None = None, overrides: Sequence[str] = ()) -> Config:
    """Defaults, then the YAML file, then ``key.sub=value`` overrides.

    Raises:
        ConfigError: The file is missing or no YAML mapping, a key is unknown, or values do not go together.
    """
    layers = []
    if path is not None:
        layers.append(_read_yaml(path))
    for override in overrides:
        if "=" not in override or override.startswith("-"):
            raise ConfigError(f"{override!r} is no override: write key.sub=value, for instance train.steps=20")
        layers.append(_parse_override(override))
    source = str(path) if path else "the command line"
    try:
        merged: Any = OmegaConf.to_container(OmegaConf.merge({}, *layers), resolve=True)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{source}: {str(error).splitlines()[0]}") from None
    try:
        return Config.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(_describe(error, source)) from None


def expand_short_forms(arguments: Sequence[str]) -> list[str]:
    """``--num_samples 40`` and ``--num_samples=40`` become ``data.num_samples=40``; the rest stays as it is."""
    expanded: list[str] = []
    pending: str | None = None
    for argument in arguments:
        if pending is not None:
            expanded.append(f"{pending}={argument}")
            pending = None
            continue
        flag, equals, value = argument.partition("=")
        if flag not in SHORT_FORMS:
            expanded.append(argument)
        elif equals:
            expanded.append(f"{SHORT_FORMS[flag]}={value}")
        else:
            pending = SHORT_FORMS[flag]
    if pending is not None:
        raise ConfigError(f"the last flag has no value: write {pending}=value")
    return expanded


def to_yaml(config: Config) -> str:
    """The resolved configuration, loadable again."""
    return OmegaConf.to_yaml(OmegaConf.create(config.model_dump(mode="json")))


def _read_yaml(path: Path) -> Any:
    try:
        loaded = OmegaConf.load(path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such configuration file; configs/ has the ones that ship") from None
    except Exception as error:  # yaml has its own exception tree; whatever it is, the file is to blame
        raise ConfigError(f"{path} is no YAML: {str(error).splitlines()[0]}") from None
    if not OmegaConf.is_dict(loaded):
        raise ConfigError(f"{path} must hold sections (run:, model:, ...) at its top level")
    return loaded


def _parse_override(override: str) -> Any:
    try:
        return OmegaConf.from_dotlist([override])
    except (OmegaConfBaseException, YAMLError) as error:
        raise ConfigError(f"override {override!r}: {str(error).splitlines()[0]}") from None


def _describe(error: ValidationError, source: str) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        section = ".".join(str(part) for part in first["loc"][:-1]) or "the top level"
        return f"{source}: unknown key {key!r}; known at {section}: {', '.join(_known_keys(first['loc'][:-1]))}"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":
        return f"{source}: {message}"
    return f"{source}: {key}: {message}, got {first.get('input')!r}"


def _known_keys(location: Sequence[Any]) -> list[str]:
    section: Any = Config
    for part in location:
        section = section.model_fields[part].annotation
    return sorted(section.model_fields)


__all__ = ["SHORT_FORMS", "Config", "expand_short_forms", "load_config", "to_yaml"]
