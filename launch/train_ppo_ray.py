"""Train attacker and assessor by self-play.

    python launch/train_ppo_ray.py --config configs/cpu_demo.yaml train.steps=20
    launch/submit.sh --config configs/one_node_8gpu.yaml run.dir=/shared/runs
    sbatch launch/slurm/train.sbatch --config configs/one_node_8gpu.yaml run.dir=/shared/runs

Options:
    --config FILE      YAML with what differs from the defaults
    key.sub=value ...  overrides; see medical_team/config/ for every key
    --dry-run          print the resolved configuration and the placement, and stop
    --plan             print what the run would start and whether it fits, and stop; see docs/planning.md
    --resume auto      short form of run.resume=auto: go on after the newest checkpoint
    --model_id M, --judge_model_id J, --num_samples N, --max_rounds R
                       short forms of model.path, judge.model, data.num_samples, train.steps
"""

from __future__ import annotations

import argparse
from pathlib import Path

from medical_team.config import Config, expand_short_forms, load_config, to_yaml
from medical_team.entry import Parser, run_entry_point
from medical_team.evaluation import Evaluation
from medical_team.report import print_summary


def main(arguments: list[str]) -> None:
    parser = Parser(__doc__)
    parser.add_argument("--config", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--dry-run", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--plan", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("overrides", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_intermixed_args(expand_short_forms(arguments))
    config = load_config(options.config, options.overrides)
    if options.dry_run:
        show(config)
    elif options.plan:
        show_plan(config)
    else:
        print_summary(config.run_dir, train(config))


def show(config: Config) -> None:
    from medical_team.planning.placement import placement_plan
    from medical_team.terminal import console, plan_table

    console.print(to_yaml(config), markup=False, soft_wrap=True)
    console.print(plan_table(placement_plan(config), config.cluster.node_gpus))


def show_plan(config: Config) -> None:
    """The plan in tables.

    Raises:
        MachineError: The run does not fit; the sentence says what would.
    """
    from medical_team.backends import resolve
    from medical_team.errors import MachineError
    from medical_team.planning.advice import refusal
    from medical_team.planning.host import this_host
    from medical_team.planning.plan import plan_run
    from medical_team.report.plan import plan_view
    from medical_team.terminal import console

    backend = resolve(config.cluster.backend)
    plan = plan_run(config, backend, this_host(config.run_dir))
    for part in plan_view(plan, config.cluster.node_gpus):
        console.print(part)
    if not plan.fits:
        raise MachineError(refusal(config, plan, backend))


def train(config: Config) -> dict[str, Evaluation]:
    """A whole run, told to the terminal; the evaluations of the assessor by when they were made."""
    from medical_team.terminal import RunDisplay
    from medical_team.training.run import TrainingRun

    evaluations = {}
    with (
        RunDisplay(config.train.steps) as display,
        TrainingRun(config, on_step=display.on_step, on_phase=display.on_phase) as run,
    ):
        if config.evaluation.notes:
            evaluations["before"] = run.evaluate("before")
        run.train()
        if config.evaluation.notes:
            evaluations["after"] = run.evaluate("after")
    return evaluations


if __name__ == "__main__":
    run_entry_point(main)
