"""The summary at the end of a run: how it went by phase and role, and where the games are.

Shows numbers only. The games themselves hold clinical text and stay in the run's folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

from rich.table import Table

from medical_team.evaluation import Evaluation
from medical_team.metrics import read_metrics
from medical_team.terminal import console, evaluation_table
from medical_team.types import GameType, Role

PHASES = ("rollout", "experience", "train", "sync")


def print_summary(run_dir: Path, evaluations: Mapping[str, Evaluation]) -> None:
    """Print what a run came to, from its ``metrics.jsonl``."""
    lines = read_metrics(run_dir / "metrics.jsonl")
    console.print(training_table(lines))
    console.print(game_table(lines))
    if evaluations:
        console.print(evaluation_table(evaluations))
    console.print(f"games   {run_dir / 'games'} (Parquet, yours alone)\nmetrics {run_dir / 'metrics.jsonl'}")
    console.print(f"curves  tensorboard --logdir {run_dir / 'tensorboard'}\nmodel   {run_dir / 'model'}")


def training_table(lines: Sequence[Mapping[str, float]]) -> Table:
    """First third of the steps beside the last, so that a trend shows."""
    third = max(1, len(lines) // 3)
    table = Table(title=f"{len(lines)} steps", title_justify="left")
    for column in ("", f"first {third}", f"last {third}", "all"):
        table.add_column(column, justify="left" if not column else "right")
    for name, key, form in _rows():
        cells = [_mean(part, key, form) for part in (lines[:third], lines[-third:], lines)]
        if any(cell != "-" for cell in cells):
            table.add_row(name, *cells)
    return table


def game_table(lines: Sequence[Mapping[str, float]]) -> Table:
    """All games of the run by type."""
    table = Table(title="Games", title_justify="left")
    for column in ("type", "dealt", "edit passes the gates", "in quarantine", "judge contradicts", "assessor right"):
        table.add_column(column, justify="left" if column == "type" else "right")
    for kind in GameType:
        dealt = sum(line.get(f"games/{kind}") or 0 for line in lines)
        rates = (
            f"attacker/gate_pass_rate/{kind}",
            f"quarantine_rate/{kind}",
            f"judge/contradicts_rate/{kind}",
            f"assessor/win_rate/{kind}",
        )
        table.add_row(str(kind), f"{dealt:.0f}", *(_mean(lines, rate, ".0%") for rate in rates))
    return table


def _rows() -> list[tuple[str, str, str]]:
    rewards = [(f"{role} reward", f"{role}/reward", "+.2f") for role in Role]
    parsing = [(f"{role} answers that parse", f"{role}/parse_rate", ".0%") for role in Role]
    timing = [(f"seconds: {phase}", f"timing/{phase}", ".1f") for phase in PHASES]
    return [
        *rewards,
        *parsing,
        ("KL to the reference", "train/kl", ".4f"),
        ("entropy of a token", "train/entropy_loss", ".2f"),
        ("seconds a step", "timing/step", ".1f"),
        *timing,
    ]


def _mean(lines: Sequence[Mapping[str, float]], key: str, form: str) -> str:
    values = [line[key] for line in lines if line.get(key) is not None]
    return format(mean(values), form) if values else "-"
