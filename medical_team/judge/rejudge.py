"""Judge the recorded games of a run again, with another judge or another reward table.

    python -m medical_team.judge.rejudge runs/NAME --judge exact
    python -m medical_team.judge.rejudge runs/NAME --rewards other.yaml --json changes.json

Shows whose reward changed its sign and every figure before and after, never the text of a note. What is not given is
as the run's own config.yaml has it.

Options:
    --judge NAME       short form of judge.name=NAME: exact, rule, vllm, http or panel
    --rewards FILE     YAML with a rewards: section; what it does not name stays as it was
    --json FILE        write all numbers there too
    key.sub=value ...  overrides of the run's configuration, for instance judge.deadline_s=60
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from medical_team.config import Config, load_config
from medical_team.entry import Parser, run_entry_point
from medical_team.errors import ConfigError, DataError
from medical_team.judge import BatchedJudge

if TYPE_CHECKING:
    from medical_team.evaluation.comparison import Comparison
    from medical_team.terminal import ProgressLine


def main(arguments: list[str]) -> None:
    parser = Parser(__doc__)
    parser.add_argument("run", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--judge", help=argparse.SUPPRESS)
    parser.add_argument("--rewards", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("overrides", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_intermixed_args(arguments)
    config = changed_config(options.run, options.judge, options.rewards, options.overrides)
    if options.json is not None and not options.json.parent.is_dir():
        raise DataError(f"--json {options.json}: there is no folder {options.json.parent}")
    comparison = rejudge_run(options.run / "games", config)
    show(comparison)
    if options.json is not None:
        options.json.write_text(json.dumps(comparison.report(), indent=1) + "\n")


def changed_config(run: Path, judge: str | None, rewards: Path | None, overrides: Sequence[str]) -> Config:
    """The run's configuration with what is to be different.

    Raises:
        UserError: There is no such run, or values do not go together.
    """
    recorded = run / "config.yaml"
    if not recorded.is_file():
        raise DataError(f"{run} is no folder of a run: it has no config.yaml")
    changes = [f"judge.name={judge}"] if judge is not None else []
    if rewards is not None:
        table = load_config(rewards).rewards.model_dump(exclude_unset=True)
        if not table:
            raise ConfigError(f"{rewards} has no rewards: section, or nothing in it")
        changes += [f"rewards.{key}={value}" for key, value in table.items()]
    return load_config(recorded, [*changes, *overrides])


def rejudge_run(games: Path, config: Config) -> Comparison:
    """All games of a folder, under this configuration.

    Raises:
        DataError: There are none, or they cannot be read.
        JudgeOutage: The judge stayed away.
    """
    from medical_team.evaluation.rejudging import ScoringRules, rejudge
    from medical_team.records import count_games, recorded_games
    from medical_team.rollout.standalone_judge import open_configured_judge
    from medical_team.terminal import ProgressLine

    total = count_games(games)
    if not total:
        raise DataError(f"{games} holds no games yet")

    async def ask() -> Comparison:
        async with open_configured_judge(config) as judge:
            batched = BatchedJudge(
                judge,
                batch_size=config.judge.batch_size,
                max_wait_s=config.judge.max_wait_s,
                deadline_s=config.judge.deadline_s,
            )
            with ProgressLine("re-judging") as line:
                show_done = partial(_show_done, line, total)
                return await rejudge(recorded_games(games), batched, ScoringRules.of(config), show_done)

    return asyncio.run(ask())


def _show_done(line: ProgressLine, total: int, done: int) -> None:
    line.show(done, total, "games")


def show(comparison: Comparison) -> None:
    from medical_team.report.rejudging import figure_table, sign_table
    from medical_team.terminal import console

    before, after = (", ".join(sorted(judges)) or "nobody" for judges in comparison.judges)
    console.print(f"audited by {before}; now by {after}", markup=False)
    console.print(figure_table(comparison))
    console.print(sign_table(comparison))


if __name__ == "__main__":
    run_entry_point(main)
