"""The whole plan of a run: placement, memory, batches, disk, and what of it cannot be."""

from __future__ import annotations

from dataclasses import dataclass, replace

from medical_team.backends import Backend
from medical_team.config import Config
from medical_team.planning.batches import Batches, batches_of
from medical_team.planning.cards import GB, Card, card_named
from medical_team.planning.formulas import checkpoint_bytes, checkpoints_to_come
from medical_team.planning.groups import Lengths
from medical_team.planning.host import Host
from medical_team.planning.memory import Place
from medical_team.planning.nodes import NodeHost, fullest_node
from medical_team.planning.placement import Plan, placement_plan
from medical_team.planning.places import Residents, in_gb


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Attributes:
    placement: Groups of actors, and the GPUs they take.
    card: The GPU that is planned for; ``None`` on CPU.
    places: What every GPU, or the host, holds.
    node: What the host of the fullest node holds beside its GPUs; ``None`` on CPU.
    batches: What a step trains on.
    checkpoint: Bytes of one checkpoint.
    disk: Bytes of all checkpoints that are on the disk at once.
    host: The host the plan was made on.
    problems: One sentence for each thing that another configuration could change; none for a run that fits.
    disk_problem: Too little room for the checkpoints, in a sentence with its remedy; or nothing.
    """

    placement: Plan
    card: Card | None
    places: tuple[Place, ...]
    node: NodeHost | None
    batches: Batches
    checkpoint: float
    disk: float
    host: Host
    problems: tuple[str, ...]
    disk_problem: str = ""

    @property
    def fits(self) -> bool:
        return not self.problems and not self.disk_problem


def plan_run(config: Config, backend: Backend, host: Host, lengths: Lengths | None = None) -> RunPlan:
    """Plan a run.

    Args:
        config: Its configuration.
        backend: Where it computes.
        host: Whose disk takes the checkpoints; on CPU, whose memory takes everything.
        lengths: Of the longest sample; as long as the configuration allows when not given.

    Raises:
        ConfigError: ``cluster.card`` is no card.
        ModelError: A model's shape is unknown.
    """
    card = card_named(config.cluster.card) if backend == "gpu" else None
    if card is None and (room := _node_room(config)):
        host = replace(host, memory=room)
    longest = lengths or Lengths(config.model.max_length, config.rollout.max_new_tokens)
    residents = Residents(config, card, _dtype(config, backend, host), longest)
    places = residents.places()
    trained = [residents.policy.parameters] + ([residents.critic.value_parameters] if config.uses_critic else [])
    stage = config.train.zero_stage
    checkpoint = sum(checkpoint_bytes(size, residents.dtype_bytes, stage) for size in trained)
    disk = (config.checkpoint.keep + 1) * checkpoint
    node = fullest_node(places, config.cluster.node_gpus, _node_room(config)) if card else None
    problems = [
        *_division_problems(config, residents),
        *_engine_problems(places, residents),
        *_memory_problems(places, card, host.memory),
        *([_node_problem(node)] if node and node.is_too_small else []),
    ]
    return RunPlan(
        placement_plan(config),
        card,
        places,
        node,
        batches_of(config),
        checkpoint,
        disk,
        host,
        tuple(problems),
        _disk_problem(config, checkpoint, host),
    )


def _dtype(config: Config, backend: Backend, host: Host) -> str:
    if config.model.dtype != "auto":
        return config.model.dtype
    return "bfloat16" if backend == "gpu" or host.multiplies_bfloat16 else "float32"


def _division_problems(config: Config, residents: Residents) -> list[str]:
    """Engines whose ranks do not divide the model, or are on more than one node."""
    problems = []
    loads = {"vllm.tensor_parallel_size": residents.engine_load(), "judge.llm.gpus": residents.judge_load()}
    for key, load in loads.items():
        if load is None:
            continue
        if load.shape.heads % load.ranks:
            problems.append(f"{key} = {load.ranks} does not divide the model's {load.shape.heads} attention heads")
        if load.ranks > config.cluster.node_gpus:
            problems.append(f"{key} = {load.ranks} is more than the {config.cluster.node_gpus} GPUs of a node")
    return problems


def _engine_problems(places: tuple[Place, ...], residents: Residents) -> list[str]:
    """Engines whose share leaves no room in the cache for one sequence of full length; vLLM would not start."""
    keys = {"engines": "vllm.gpu_memory_utilization", "judge (vllm)": "judge.llm.gpu_memory_utilization"}
    if residents.card is None:
        keys = dict.fromkeys(keys, "vllm.kv_cache_gb")
    found = {}
    for process in (process for place in places for process in place.processes):
        if process.cached_sequences is not None and process.cached_sequences < 1:
            found[process.name] = (
                f"{keys[process.name]} leaves {process.name} no room in the KV cache for one sequence of full length"
            )
    return list(found.values())


def _node_room(config: Config) -> float:
    """Bytes of a node's memory that a run may fill; 0 where the configuration does not say how large it is."""
    return (config.cluster.node_memory_gb or 0.0) * GB * config.cluster.max_memory_share


def _node_problem(node: NodeHost) -> str:
    return (
        f"the host of a node: {in_gb(node.in_a_save)} in a save ({in_gb(node.kept)} that are offloaded or sleep, and a "
        f"copy of {in_gb(node.copied)}), and cluster.max_memory_share of cluster.node_memory_gb is {in_gb(node.room)}"
    )


def _memory_problems(places: tuple[Place, ...], card: Card | None, memory: float) -> list[str]:
    room = card.usable if card else memory
    what = f"a plan may fill {in_gb(room)} of {card.name}" if card else f"the host has {in_gb(room)}"
    problems = []
    for place in places:
        moment, held = place.peak()
        if room and held > room:
            where = "all processes" if card is None else f"the GPU of {place.name}"
            problems.append(f"{where}: {in_gb(held)} at {moment}, and {what}")
    return problems


def _disk_problem(config: Config, checkpoint: float, host: Host) -> str:
    more = checkpoints_to_come(config.checkpoint.keep, host.checkpoints)
    needed = more * checkpoint + config.run.min_free_gb * GB
    if host.free_disk >= needed:
        return ""
    return (
        f"{more} more checkpoint(s) and run.min_free_gb take {in_gb(needed)}, and {config.run_dir} has "
        f"{in_gb(host.free_disk)} free: free some, lower checkpoint.keep or choose another run.dir"
    )
