"""A plan as a person reads it: who is where, what each GPU holds, what a step trains on, what the disk takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.table import Table

from medical_team.planning.batches import Batches
from medical_team.planning.cards import GB
from medical_team.planning.memory import Moment, Part, Place
from medical_team.planning.nodes import NodeHost
from medical_team.planning.plan import RunPlan
from medical_team.terminal import plan_table
from medical_team.types import Role


def plan_view(plan: RunPlan, gpus_a_node: int) -> Iterator[RenderableType]:
    """What ``--plan`` prints, top to bottom."""
    yield plan_table(plan.placement, gpus_a_node)
    for place in plan.places:
        yield heading(place, plan)
        if len(place.processes) > 1:
            yield moment_table(place, plan)
        yield memory_table(place)
    if plan.node is not None:
        yield node_line(plan.node)
    yield batch_table(plan.batches)
    there = f", {plan.host.checkpoints} there already" if plan.host.checkpoints else ""
    sizes = f"checkpoint {_gb(plan.checkpoint)} GB, on the disk at most {_gb(plan.disk)} GB{there}"
    yield f"{sizes}; free {_gb(plan.host.free_disk)} GB"


def heading(place: Place, plan: RunPlan) -> str:
    """Which hardware, who is on it, and how full it gets."""
    moment, held = place.peak()
    if plan.card is None:
        return f"This host: {_gb(held)} GB at {moment}, of {_gb(plan.host.memory)} GB"
    turns = "; they take turns" if Moment.UPDATE not in place.moments else ""
    room = f"{_gb(held)} GB at {moment}, of {_gb(plan.card.usable)} GB that may be filled{turns}"
    return f"{place.count} x {plan.card.name} ({place.name}): {room}"


def node_line(node: NodeHost) -> str:
    """What the fullest node's own memory holds."""
    room = f", of {_gb(node.room)} GB that may be filled" if node.room else ""
    copied = f"with the copy in a save {_gb(node.in_a_save)} GB"
    return f"Host of a node: {_gb(node.kept)} GB offloaded or asleep; {copied}{room}"


def memory_table(place: Place) -> Table:
    """The kinds of processes of a place side by side, each by part at its own fullest moment."""
    kinds = {process.name: process for process in place.processes}
    counts = Counter(process.name for process in place.processes)
    peaks = {name: process.peak(place.moments) for name, process in kinds.items()}
    table = Table(title="GB of a process at its fullest", title_justify="left")
    table.add_column("part")
    for name in kinds:
        table.add_column(f"{counts[name]} x {name}" if counts[name] > 1 else name, justify="right")
    table.add_row("at", *(str(moment) for moment, _ in peaks.values()))
    for part in Part:
        cells = [_gb(held[part]) if held.get(part) else "" for _, held in peaks.values()]
        if any(cells):
            table.add_row(str(part), *cells)
    table.add_section()
    table.add_row("all", *(_gb(sum(held.values())) for _, held in peaks.values()))
    if any(process.host for process in kinds.values()):
        table.add_row("in the host's memory", *(_gb(each.host) if each.host else "" for each in kinds.values()))
    if Moment.SAVE not in place.moments and any(process.passing(Moment.SAVE) for process in kinds.values()):
        copies = (process.passing(Moment.SAVE) for process in kinds.values())
        table.add_row("copied there in a save", *(_gb(each) if each else "" for each in copies))
    if any(process.cached_sequences is not None for process in kinds.values()):
        sequences = (process.cached_sequences for process in kinds.values())
        table.add_row("full sequences cached", *("" if count is None else f"{count:.0f}" for count in sequences))
    return table


def moment_table(place: Place, plan: RunPlan) -> Table:
    """All processes of a place together, at every moment of a step."""
    room = plan.card.usable if plan.card else plan.host.memory
    table = Table(title="All of them by moment", title_justify="left")
    table.add_column("at")
    table.add_column("GB", justify="right")
    table.add_column("free", justify="right")
    for moment in place.moments:
        held = place.held(moment)
        table.add_row(str(moment), _gb(held), _gb(room - held) if room else "-", style="red" if room < held else None)
    return table


def batch_table(batches: Batches) -> Table:
    table = Table(title="Batches", title_justify="left")
    for column in ("a step", ""):
        table.add_column(column, justify="left" if column else "right")
    roles = ", ".join(f"{role} {batches.by_role[role]:.1f}" for role in Role if role in batches.by_role)
    table.add_row("samples", f"{batches.samples} ({roles}; {batches.games:.1f} games)")
    table.add_row("tokens at most", f"{batches.tokens:,} (in {batches.steps} steps {batches.tokens * batches.steps:,})")
    table.add_row("optimizer steps", f"{batches.optimizer_steps} (in all {batches.optimizer_steps * batches.steps:,})")
    if batches.deals_a_note is not None:
        table.add_row("deals of each note in the run", f"about {batches.deals_a_note:.1f}")
    table.add_row("forward passes a rank", _by_group(batches.forward_passes))
    table.add_row("backward passes a rank and optimizer step", _by_group(batches.backward_passes))
    return table


def _by_group(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _gb(size: float) -> str:
    return f"{size / GB:.1f}"
