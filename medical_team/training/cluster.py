"""Placement on Ray, and plain classes wrapped where they are spawned.

``Cluster`` starts the groups of a plan and hands out their handles; it knows GPUs and nothing of the game.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import ray
from openrlhf.trainer.ray.launcher import RayActorGroup
from openrlhf.trainer.ray.utils import get_bundle_indices
from ray.util.placement_group import PlacementGroup, placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from medical_team.backends import Backend
from medical_team.backends.cpu import engine_arguments as cpu_engine_arguments
from medical_team.config import Config, GroupConfig
from medical_team.judge import make_judge
from medical_team.judge.actor import JudgeActor, RestartingJudge
from medical_team.rollout.engine_actor import EngineActor
from medical_team.rollout.judge_engine import DEFAULT_MODEL, JudgeEngine, VllmJudgeActor, judge_dtype
from medical_team.rollout.worker import extension
from medical_team.training.actors import CriticActor, PolicyActor, ReferenceActor
from medical_team.training.arguments import critic_folder
from medical_team.training.judge_process import JudgeProcess
from medical_team.training.waiting import Deadline
from medical_team.types import Note

# Share of a GPU that an actor asks for where several share one; upstream's value. Five fit: actor, critic, reference,
# an engine and the judge's.
_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Berth:
    """Where an engine is placed.

    Attributes:
        group: The GPUs it is placed on, as Ray reserved them.
        index: Of the engine among those of the group.
        shared: Whether trained groups live there too.
    """

    group: PlacementGroup
    index: int
    shared: bool


class Cluster:
    """Everything a run starts on Ray."""

    def __init__(self, config: Config, backend: Backend, dtype: str, notes: Sequence[Note] = ()) -> None:
        self._config = config
        self._notes = notes
        self._backend: Backend = backend
        self._dtype = dtype
        self._deadline = Deadline(config.cluster.start_timeout_s)
        self._reserved: list[PlacementGroup] = []
        with ExitStack() as undo:  # whoever makes a cluster cannot close it before it is made
            undo.callback(self.close)
            self._start()
            undo.pop_all()

    def _start(self) -> None:
        config = self._config
        colocated = config.cluster.colocate_all
        shared = self._reserve(config.cluster.actor.world_size()) if self._shares_gpus() else None
        # Engines first: they take longest to load, and load while the rest is placed.
        everywhere = shared if colocated else None
        pools = [self._reserve_pool(everywhere, pool) for pool in range(config.vllm.number_of_pools())]
        self._berths = [berth for pool in pools for berth in pool]
        self.engines = [self.start_engine(index) for index in range(len(self._berths))]
        """All trained engines, attacker's pool first; one that is lost is replaced in place."""
        if config.vllm.enable_sleep:
            self._deadline.results("putting the engines to sleep", [engine.sleep.remote() for engine in self.engines])
        self.judges = {name: self._judge(name, everywhere) for name in config.judge_names if name != "http"}
        self.actor = self._group(config.cluster.actor, PolicyActor, shared)
        self.reference = (
            self._group(config.cluster.reference, ReferenceActor, shared) if config.uses_reference else None
        )
        self.critic = self._group(config.cluster.critic, CriticActor, everywhere) if config.uses_critic else None

    def close(self) -> None:
        """Give back all places. What works there ends, and so does every wait for it."""
        while self._reserved:
            remove_placement_group(self._reserved.pop())

    @property
    def pools(self) -> list[range]:
        """The pools' engines, by index: attacker's first, or the one of both."""
        size = self._config.vllm.num_engines
        return [range(first, first + size) for first in range(0, len(self.engines), size)]

    @property
    def digests_compare(self) -> bool:
        """Whether an engine's digest is of all weights; a tensor-parallel worker holds a shard of them."""
        return self._config.vllm.tensor_parallel_size == 1

    @property
    def sleeping_judges(self) -> list[RestartingJudge]:
        """Judges that share their GPUs with the groups and sleep while these work, as the engines do."""
        return [judge for name, judge in self.judges.items() if name == "vllm" and self._config.vllm.enable_sleep]

    def load(self, arguments: SimpleNamespace, strategy: Any, optimizer_steps: Mapping[str, int]) -> None:
        """Load every model; returns when engines and groups are ready. ``optimizer_steps`` of the run, by group."""
        path = self._config.model.path
        refs = self.actor.async_init_model_from_pretrained(strategy, path, optimizer_steps["actor"], self.engines)
        if self.reference is not None:
            refs += self.reference.async_init_model_from_pretrained(strategy, path)
        if self.critic is not None:
            cut = self._config.model.critic_layers is not None
            critic_path = str(critic_folder(self._config)) if cut else arguments.critic.model_name_or_path
            refs += self.critic.async_init_model_from_pretrained(strategy, critic_path, optimizer_steps["critic"])
        refs += [engine.ready.remote() for engine in self.engines]
        names = [judge.handle.ready.remote() for judge in self.judges.values()]
        self._deadline.results("loading the models", refs + names)
        for judge, name in zip(self.judges.values(), self._deadline.results("naming the judges", names), strict=True):
            judge.name = name

    def _shares_gpus(self) -> bool:
        return self._config.cluster.colocate_all or self._config.cluster.colocate_actor_ref

    def _reserve(self, gpus: int) -> PlacementGroup:
        group = placement_group([{"GPU": 1, "CPU": 1}] * gpus, strategy="PACK")
        self._reserved.append(group)
        self._deadline.results(f"reserving {gpus} GPU(s)", [group.ready()])
        return group

    def _group(self, shape: GroupConfig, actor: type, shared: PlacementGroup | None) -> RayActorGroup:
        """A group of actors, on the shared GPUs or on its own; upstream would reserve several without a deadline.

        Its constructor waits for the first actor's address.
        """
        places = self._reserve(shape.world_size()) if shared is None else shared
        return self._deadline.run(
            f"starting {actor.__name__}",
            RayActorGroup,
            shape.nodes,
            shape.gpus_per_node,
            ray.remote(num_gpus=1)(actor),
            pg=places,
            num_gpus_per_actor=_SHARE if shared else 1,
        )

    def start_engine(self, index: int) -> Any:
        """Start the engine of a berth, for the first time or anew; its actor, which is still loading."""
        berth = self._berths[index]
        ranks = self._config.vllm.tensor_parallel_size
        bundles = get_bundle_indices(berth.group, berth.index, ranks) if ranks > 1 else None
        gpus = _SHARE if berth.shared and ranks == 1 else int(ranks == 1)
        strategy = PlacementGroupSchedulingStrategy(
            placement_group=berth.group,
            placement_group_capture_child_tasks=True,
            placement_group_bundle_index=bundles[0] if bundles else berth.index,
        )
        remote = ray.remote(EngineActor).options(num_cpus=gpus, num_gpus=gpus, scheduling_strategy=strategy)
        share = _SHARE if berth.shared else 1
        return remote.remote(bundle_indices=bundles, num_gpus=share, **self._engine_arguments(berth.index))

    def _reserve_pool(self, shared: PlacementGroup | None, pool: int) -> list[Berth]:
        """One pool of engines, placed as openrlhf's create_vllm_engines places them."""
        vllm = self._config.vllm
        group = shared or self._reserve(vllm.num_engines * vllm.tensor_parallel_size)
        first = pool * vllm.num_engines if shared else 0
        return [Berth(group, first + i, shared is not None) for i in range(vllm.num_engines)]

    def _judge(self, name: str, shared: PlacementGroup | None) -> RestartingJudge:
        """One judge, in a process of its own."""
        if name == "vllm":
            return self._judge_engine(shared)
        build = partial(make_judge, name, self._config.game.gates, self._notes)
        return self._restarting(name, JudgeProcess(JudgeActor, build, num_cpus=1, num_gpus=0))

    def _restarting(self, name: str, process: JudgeProcess) -> RestartingJudge:
        return RestartingJudge(
            name,
            process,
            max_restarts=self._config.judge.max_restarts,
            start_timeout_s=self._config.cluster.start_timeout_s,
        )

    def _judge_engine(self, shared: PlacementGroup | None) -> RestartingJudge:
        """The judge with a vLLM engine: on GPUs of its own, or on a share of the last common one."""
        options: dict[str, Any] = {"num_cpus": 1, "num_gpus": self._config.judge.llm.gpus}
        if shared is not None:
            strategy = PlacementGroupSchedulingStrategy(shared, placement_group_bundle_index=shared.bundle_count - 1)
            options = {"num_cpus": _SHARE, "num_gpus": _SHARE, "scheduling_strategy": strategy}
            self._deadline.results("loading the engines", [engine.ready.remote() for engine in self.engines])
        judge = self._restarting("vllm", JudgeProcess(VllmJudgeActor, self._judge_settings(), **options))
        if shared is not None:
            # An engine measures the memory that is free while it loads: nothing else may load beside it.
            self._deadline.results("loading the judge", [judge.handle.ready.remote()])
            if self._config.vllm.enable_sleep:
                self._deadline.results("putting the judge to sleep", [judge.handle.sleep.remote()])
        return judge

    def _judge_settings(self) -> JudgeEngine:
        judge = self._config.judge
        return JudgeEngine(
            model=judge.model or DEFAULT_MODEL,
            dtype=judge_dtype(judge.llm.dtype, self._backend),
            llm=judge.llm,
            enable_sleep=self._config.vllm.enable_sleep,
            backend=self._backend,
        )

    def _engine_arguments(self, index: int) -> dict[str, Any]:
        config = self._config
        arguments = {
            "model": config.model.path,
            "dtype": self._dtype,
            "seed": config.run.seed + index,
            "max_model_len": config.model.max_length,
            "tensor_parallel_size": config.vllm.tensor_parallel_size,
            "distributed_executor_backend": "uni" if config.vllm.tensor_parallel_size == 1 else "ray",
            "worker_extension_cls": extension(self._backend),
            "enforce_eager": config.vllm.enforce_eager,
            "enable_prefix_caching": config.vllm.enable_prefix_caching,
            "enable_sleep_mode": config.vllm.enable_sleep,
            "trust_remote_code": config.model.trust_remote_code,
            "max_num_seqs": config.rollout.concurrency,
            "logprobs_mode": "processed_logprobs",  # of what was drawn from: after temperature and top_p
        }
        if self._backend == "gpu":
            arguments["gpu_memory_utilization"] = config.vllm.gpu_memory_utilization
        else:
            arguments |= cpu_engine_arguments(config.model.max_length)
        return arguments
