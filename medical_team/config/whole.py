"""All sections together, and what must hold between them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import model_validator

from medical_team.config.base import Section
from medical_team.config.game import GameConfig, RewardsConfig
from medical_team.config.judge import JudgeConfig
from medical_team.config.run import CheckpointConfig, DataConfig, EvaluationConfig, ModelConfig, RunConfig
from medical_team.config.training import (
    ClusterConfig,
    GroupConfig,
    RolloutConfig,
    TrainConfig,
    VllmConfig,
    WarmStartConfig,
)


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
        return self.rollout.batch_size

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
    def groups(self) -> dict[str, GroupConfig]:
        """The groups of actors that the run has, by their names in ``cluster``."""
        cluster = self.cluster
        critic = {"critic": cluster.critic} if self.uses_critic else {}
        reference = {"reference": cluster.reference} if self.uses_reference else {}
        return {"actor": cluster.actor} | critic | reference

    @property
    def judge_name(self) -> Literal["exact", "rule", "vllm", "http", "panel"]:
        """The judge's name, ``auto`` resolved."""
        if self.judge.name != "auto":
            return self.judge.name
        if self.judge.http.urls:
            return "http"
        if self.judge.model:
            return "vllm"
        return "exact" if self.data.source == "synthetic" else "rule"

    @property
    def judge_names(self) -> tuple[str, ...]:
        """The judges that are asked: the one, or the panel's members."""
        return self.judge.panel.members if self.judge_name == "panel" else (self.judge_name,)

    @property
    def longest_wait_s(self) -> float:
        """The longest that a rollout may wait for one thing: an answer, an engine's restart, a judge that is away."""
        judge = self.judge.deadline_s + (self.judge.http.outage_budget_s if "http" in self.judge_names else 0.0)
        return max(self.rollout.deadline_s, 2 * self.cluster.start_timeout_s, judge)

    @property
    def stall_s(self) -> float:
        """``cluster.stall_s``, resolved."""
        return self.cluster.stall_s or 2 * self.longest_wait_s

    @model_validator(mode="after")
    def _stalls(self) -> Config:
        if self.stall_s <= self.longest_wait_s:
            raise ValueError(
                f"cluster.stall_s = {self.stall_s:g} would end a run that only waits as long as it may, "
                f"{self.longest_wait_s:g} s (rollout.deadline_s, twice cluster.start_timeout_s, or "
                "judge.http.outage_budget_s): raise the one or lower the others"
            )
        return self

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
        if "exact" in self.judge_names and self.data.source != "synthetic":
            raise ValueError("judge.name=exact decides by the table behind synthetic notes: use judge.name=rule")
        return self

    @model_validator(mode="after")
    def _judge(self) -> Config:
        if "http" in self.judge_names and not self.judge.http.urls:
            raise ValueError("judge.name=http needs judge.http.urls, a list of base URLs such as http://localhost:8000")
        if "http" in self.judge_names and self.judge.http.api == "openai" and not self.judge.model:
            raise ValueError("judge.http.api=openai needs judge.model, the name the endpoint knows its model by")
        if "vllm" in self.judge_names:
            self._check_judge_engine()
        if self.judge.explanations and not {"vllm", "http"} & set(self.judge_names):
            raise ValueError(
                f"judge.explanations=true needs a language model to read them, and the judge is {self.judge_name}: set "
                "judge.model or judge.http.urls, or judge.explanations=false"
            )
        if self.judge_name == "panel" and len(set(self.judge.panel.members)) < 2:
            raise ValueError("judge.panel.members: a panel has two different judges at least")
        return self

    def _check_judge_engine(self) -> None:
        llm = self.judge.llm
        if llm.max_new_tokens >= llm.max_length:
            raise ValueError(
                f"judge.llm.max_new_tokens = {llm.max_new_tokens} leaves no room for a prompt in judge.llm.max_length "
                f"= {llm.max_length}"
            )
        if not self.cluster.colocate_all:
            return
        if llm.gpus > 1:
            raise ValueError(
                f"judge.llm.gpus = {llm.gpus}: with cluster.colocate_all the judge shares one GPU with the others; "
                "set it to 1, or put the judge behind HTTP"
            )
        share = llm.gpu_memory_utilization + self.vllm.gpu_memory_utilization
        if self.cluster.backend != "cpu" and share > 1:
            raise ValueError(
                f"judge.llm.gpu_memory_utilization + vllm.gpu_memory_utilization = {share:g}: with "
                "cluster.colocate_all both engines are on one GPU, so together they may take 1 at most"
            )

    @model_validator(mode="after")
    def _band_is_open(self) -> Config:
        low, high = self.train.rollout_band
        if low >= high:
            raise ValueError(f"train.rollout_band = [{low:g}, {high:g}] lets nothing pass: the second must be higher")
        return self

    @model_validator(mode="after")
    def _batches_divide(self) -> Config:
        samples, batch = self.samples_per_step, self.train_batch_size
        product = f"rollout.batch_size = {samples} samples"
        if samples % batch:
            raise ValueError(f"{product} cannot be divided into optimizer steps of train.batch_size = {batch}")
        for name, group in self.groups.items():
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
    def _states_that_move(self) -> Config:
        moved = {"train.offload_optimizer": self.train.offload_optimizer, "vllm.enable_sleep": self.vllm.enable_sleep}
        for key, is_asked in moved.items():
            if is_asked and self.train.zero_stage == 0:
                raise ValueError(f"{key} moves what ZeRO keeps: set train.zero_stage to 1 or more")
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
