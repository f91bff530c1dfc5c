"""What a person sees of a run: a bar with an estimate, one line a step, tables. Never note text."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from medical_team.evaluation import Evaluation
from medical_team.planning.placement import Plan

# A log file has no width of its own, and rich's 80 columns would break the tables.
_LOG_WIDTH = 120

console = Console(highlight=False, width=None if sys.stdout.isatty() else _LOG_WIDTH)


class RunDisplay:
    """Progress of a run; give ``on_step`` and ``on_phase`` to a ``TrainingRun``."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._start = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._progress.add_task("self-play", total=steps, visible=False)

    def __enter__(self) -> RunDisplay:
        self._progress.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._progress.stop()

    def on_phase(self, phase: str) -> None:
        self._progress.console.print(f"[dim]{time.monotonic() - self._start:6.0f} s[/]  {phase}")

    def on_step(self, step: int, metrics: Mapping[str, float]) -> None:
        self._progress.update(self._task, completed=step, visible=True)
        self._progress.console.print(step_line(step, self._steps, metrics), soft_wrap=True)


def step_line(step: int, steps: int, metrics: Mapping[str, float]) -> str:
    """One step in one line; a number that the step does not have is a dash."""

    def show(name: str, form: str) -> str:
        return format(metrics[name], form) if name in metrics else "-"

    parts = [
        f"step {step:>{len(str(steps))}}/{steps}",
        f"games {show('games/all', '.0f')}",
        f"reward attacker {show('attacker/reward', '+.2f')} assessor {show('assessor/reward', '+.2f')}",
        f"parse {show('attacker/parse_rate', '.0%')}/{show('assessor/parse_rate', '.0%')}",
        f"quarantine {show('quarantine_rate/all', '.0%')} (contradicted {show('judge/contradicts_rate/all', '.0%')})",
        f"kl {show('train/kl', '.4f')}",
        f"{show('timing/step', '.1f')} s (play {show('timing/rollout', '.1f')}, "
        f"learn {show('timing/experience', '.1f')}+{show('timing/train', '.1f')}, sync {show('timing/sync', '.1f')})",
    ]
    return "  ".join(parts)


def plan_table(plan: Plan, gpus_a_node: int) -> Table:
    """Groups with their actors, GPUs and nodes."""
    table = Table(title="Placement", title_justify="left")
    for column in ("group", "actors", "GPUs", "nodes"):
        table.add_column(column, justify="left" if column == "group" else "right")
    for row in plan.rows:
        nodes = plan.nodes_of(row, gpus_a_node)
        where = "" if not nodes else str(nodes[0]) if len(nodes) == 1 else f"{nodes[0]} to {nodes[-1]}"
        table.add_row(row.name, str(row.actors), f"on {row.shares}'s" if row.shares else str(row.gpus), where)
    table.add_section()
    table.add_row("all", str(sum(row.actors for row in plan.rows)), str(plan.gpus), str(plan.nodes(gpus_a_node)))
    return table


def evaluation_table(evaluations: Mapping[str, Evaluation]) -> Table:
    """Evaluations side by side, with 95% intervals, beside what answers without reading the note reach."""
    first = next(iter(evaluations.values()))
    table = Table(title=f"Assessor on {first.notes} held-out notes", title_justify="left")
    table.add_column("measure")
    for name in evaluations:
        table.add_column(name, justify="right")
    for floor in ("always Safe", "always Harmful", "coin"):
        table.add_column(floor, justify="right", style="dim")
    for measure, measured in first.measures.items():
        values = [evaluation.measures[measure] for evaluation in evaluations.values()]
        cells = [f"{value.value:.0%} [{value.low:.0%}, {value.high:.0%}]" for value in values]
        floors = measured.floors
        bounds = (floors.always_safe, floors.always_harmful, floors.coin) if floors else ()
        table.add_row(str(measure).replace("_", " "), *cells, *([f"{bound:.0%}" for bound in bounds] or ["-"] * 3))
    return table


class ProgressLine:
    """A bar for work that is counted in steps."""

    def __init__(self, name: str) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._progress.add_task(name, total=None, note="")

    def __enter__(self) -> ProgressLine:
        self._progress.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._progress.stop()

    def show(self, step: int, steps: int, note: str) -> None:
        self._progress.update(self._task, completed=step, total=steps, note=note)
