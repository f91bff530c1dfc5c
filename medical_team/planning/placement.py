"""Which actors a run starts and what they ask of the cluster. Plain arithmetic, used by the run itself."""

from __future__ import annotations

from dataclasses import dataclass

from medical_team.config import Config, GroupConfig
from medical_team.errors import MachineError


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One group of Ray actors.

    Attributes:
        name: What the group is.
        actors: How many processes.
        gpus: GPUs the group takes for itself; 0 where it lives on another group's.
        shares: The group whose GPUs it lives on, or "".
    """

    name: str
    actors: int
    gpus: int
    shares: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    rows: tuple[PlanRow, ...]

    @property
    def gpus(self) -> int:
        return sum(row.gpus for row in self.rows)

    @property
    def cpus(self) -> int:
        """Ray CPU slots: one an actor or GPU, as upstream's bundles ask, and one a judge."""
        return sum(max(row.actors, row.gpus) for row in self.rows)

    def nodes(self, gpus_a_node: int) -> int:
        """Nodes of so many GPUs that the run takes; at least one."""
        return max(1, -(-self.gpus // gpus_a_node))

    def nodes_of(self, row: PlanRow, gpus_a_node: int) -> range:
        """The nodes, counted from 1, on which a group is when nodes are filled in the order of the rows.

        Ray packs each group on as few nodes as it can, and may choose others. Empty for what takes no GPU.
        """
        home = next((each for each in self.rows if each.name == row.shares), row)
        before = sum(each.gpus for each in self.rows[: self.rows.index(home)])
        if not home.gpus:
            return range(0)
        return range(before // gpus_a_node + 1, (before + home.gpus - 1) // gpus_a_node + 2)

    def check_fits(self, available_gpus: float) -> None:
        """Raise MachineError when the cluster has fewer GPUs than the plan needs."""
        if available_gpus < self.gpus:
            parts = ", ".join(f"{row.name} {row.gpus}" for row in self.rows if row.gpus)
            raise MachineError(
                f"this configuration needs {self.gpus} GPUs ({parts}) and the cluster has {available_gpus:g}: lower "
                "cluster.*.gpus_per_node, vllm.num_engines or judge.llm.gpus, or set cluster.colocate_all"
            )


def placement_plan(config: Config) -> Plan:
    """The groups of a run, in the order they start."""
    cluster, vllm = config.cluster, config.vllm
    home = "actor" if cluster.colocate_all else ""
    rows = [_row("actor", cluster.actor, "")]
    if config.uses_reference:
        rows.append(_row("reference", cluster.reference, "actor" if cluster.colocate_actor_ref else home))
    if config.uses_critic:
        rows.append(_row("critic", cluster.critic, home))
    names = ("engines",) if vllm.pools == "shared" else ("attacker engines", "assessor engines")
    ranks = vllm.num_engines * vllm.tensor_parallel_size
    rows += [PlanRow(name, vllm.num_engines, 0 if home else ranks, home) for name in names]
    rows += [_judge_row(name, config.judge.llm.gpus, home) for name in config.judge_names]
    return Plan(tuple(rows))


def _judge_row(name: str, gpus: int, home: str) -> PlanRow:
    """A judge: a language model has an engine of its own, one behind HTTP is not started here at all."""
    if name == "vllm":
        return PlanRow("judge (vllm)", 1, 0 if home else gpus, home)
    return PlanRow(f"judge ({name})", 0 if name == "http" else 1, 0)


def _row(name: str, group: GroupConfig, shares: str) -> PlanRow:
    return PlanRow(name, group.world_size(), 0 if shares else group.world_size(), shares)
