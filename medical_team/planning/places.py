"""Who is on which GPU, and on CPU who is on the host: the processes of a configuration, with what each holds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from medical_team.config import Config
from medical_team.planning.cards import GB, Card
from medical_team.planning.engines import EngineLoad, gpu_engine, host_engine
from medical_team.planning.groups import Lengths, Setting, dtype_bytes_of, reference_rank, trained_rank
from medical_team.planning.memory import AT_ONCE, IN_TURNS, IN_TURNS_WITHOUT_CRITIC, ON_HOST, Part, Place, Process
from medical_team.planning.shapes import ModelShape, shape_of

# A judge that is a language model, where the configuration names none; and the sequences its engine works on at once.
DEFAULT_JUDGE_MODEL = "google/medgemma-4b-it"
JUDGE_SEQUENCES = 64

# CUDA context, NCCL's buffers and the kernels that torch loads, of a process that trains, in bytes.
_GPU_RUNTIME = 0.8e9

# Resident memory of processes on CPU before they hold anything of a model, in bytes; see docs/planning.md for how they
# were measured. Python with torch, DeepSpeed, transformers and Ray; an engine is two of those, with vLLM.
_GROUP_RUNTIME = 0.7e9
_ENGINE_RUNTIME = 2.2e9
_JUDGE_RUNTIME = 0.33e9
_DRIVER_RUNTIME = 0.8e9
_RAY_RUNTIME = 0.6e9

_CPU_CACHE_GB = 1
_GIB = 1 << 30


@dataclass(frozen=True)
class Residents:
    """The processes of a run on one kind of hardware.

    Attributes:
        config: The run's.
        card: The GPU; ``None`` on CPU.
        dtype: ``bfloat16`` or ``float32``, of the policy.
        lengths: Of the longest sample.
    """

    config: Config
    card: Card | None
    dtype: str
    lengths: Lengths

    def places(self) -> tuple[Place, ...]:
        """Every place of the run, in the order of the placement."""
        return self._host() if self.card is None else self._gpus(self.card)

    @cached_property
    def policy(self) -> ModelShape:
        """The policy's shape; of one that a warm start has yet to make, its base model's."""
        config = self.config
        is_to_be_made = config.model.path == str(config.warm_start.output) and not config.warm_start.output.exists()
        if is_to_be_made:
            return shape_of("warm_start.base_model", config.warm_start.base_model)
        return shape_of("model.path", config.model.path)

    @cached_property
    def critic(self) -> ModelShape:
        model = self.config.model
        shape = shape_of("model.critic_path", model.critic_path) if model.critic_path else self.policy
        return shape.cut(model.critic_layers)

    @property
    def dtype_bytes(self) -> int:
        return dtype_bytes_of(self.dtype)

    def _groups(self) -> dict[str, Process]:
        """One rank of every group that the run has, by name."""
        config = self.config
        on_cpu = self.card is None
        setting = Setting(on_cpu, self.dtype_bytes, self.lengths, _GROUP_RUNTIME if on_cpu else _GPU_RUNTIME)
        groups = {"actor": trained_rank("actor", config, config.cluster.actor, self.policy, setting)}
        if config.uses_reference:
            groups["reference"] = reference_rank(config, self.policy, setting)
        if config.uses_critic:
            groups["critic"] = trained_rank("critic", config, config.cluster.critic, self.critic, setting)
        return groups

    def engine_load(self) -> EngineLoad:
        """What one trained engine is asked to do."""
        config = self.config
        ranks = config.vllm.tensor_parallel_size
        sleeps, sequences = config.vllm.enable_sleep, config.rollout.concurrency
        return EngineLoad("engines", self.policy, self.dtype_bytes, ranks, config.model.max_length, sequences, sleeps)

    def judge_load(self) -> EngineLoad | None:
        """What the judge's engine is asked to do; ``None`` where no language model judges here."""
        config, llm = self.config, self.config.judge.llm
        if "vllm" not in config.judge_names:
            return None
        shape = shape_of("judge.model", config.judge.model or DEFAULT_JUDGE_MODEL)
        dtype = dtype_bytes_of(self.dtype if llm.dtype == "auto" else llm.dtype)
        ranks = 1 if self.card is None else llm.gpus
        return EngineLoad(
            "judge (vllm)", shape, dtype, ranks, llm.max_length, JUDGE_SEQUENCES, config.vllm.enable_sleep
        )

    def _gpus(self, card: Card) -> tuple[Place, ...]:
        config, cluster = self.config, self.config.cluster
        groups = self._groups()
        turns = IN_TURNS if config.uses_critic else IN_TURNS_WITHOUT_CRITIC
        moments = turns if config.vllm.enable_sleep else AT_ONCE
        engine = gpu_engine(self.engine_load(), config.vllm.gpu_memory_utilization, card.memory)
        load = self.judge_load()
        judge = gpu_engine(load, config.judge.llm.gpu_memory_utilization, card.memory) if load else None
        if cluster.colocate_all:
            everybody = (*groups.values(), engine)
            ranks = cluster.actor.world_size()
            shared = [Place(ranks, everybody, moments)]
            if judge:  # it is on the last one
                shared = [Place(1, (*everybody, judge), moments)]
                shared += [Place(ranks - 1, everybody, moments)] if ranks > 1 else []
            return tuple(shared)
        at_home = {"reference": "actor"} if cluster.colocate_actor_ref and "reference" in groups else {}
        places = []
        for name in groups:
            if name not in at_home:
                guests = [groups[guest] for guest, home in at_home.items() if home == name]
                count = config.groups[name].world_size()
                places.append(Place(count, (groups[name], *guests), moments))
        engines = config.vllm.total_engines() * config.vllm.tensor_parallel_size
        places.append(Place(engines, (engine,), moments))
        if judge:
            places.append(Place(config.judge.llm.gpus, (judge,), moments))
        return tuple(places)

    def _host(self) -> tuple[Place, ...]:
        """All processes on one host; a rank of every group, as often as there are ranks."""
        config = self.config
        processes: list[Process] = []
        for name, process in self._groups().items():
            processes += [process] * config.groups[name].world_size()
        cache = float(config.vllm.kv_cache_gb * _GIB)
        processes += [host_engine(self.engine_load(), cache, _ENGINE_RUNTIME)] * config.vllm.total_engines()
        load = self.judge_load()
        if load:
            processes.append(host_engine(load, float(_CPU_CACHE_GB * _GIB), _ENGINE_RUNTIME))
        in_plain_code = [f"judge ({name})" for name in config.judge_names if name not in ("vllm", "http")]
        processes += [Process(name, {Part.RUNTIME: _JUDGE_RUNTIME}) for name in in_plain_code]
        processes += [Process("driver", {Part.RUNTIME: _DRIVER_RUNTIME}), Process("Ray", {Part.RUNTIME: _RAY_RUNTIME})]
        return (Place(1, tuple(processes), ON_HOST, forwards_in_turns=False),)


def in_gb(size: float) -> str:
    """Bytes as a sentence says them."""
    return f"{size / GB:.1f} GB"
