"""Train attacker and assessor by self-play.

    python launch/train_ppo_ray.py --config configs/cpu_demo.yaml train.steps=20
    ray job submit -- python launch/train_ppo_ray.py --config configs/one_node_8gpu.yaml

Options:
    --config FILE      YAML with what differs from the defaults
    key.sub=value ...  overrides; see medical_team/config.py for every key
    --dry-run          print the resolved configuration and the placement, and stop
    --model_id M, --judge_model_id J, --num_samples N, --max_rounds R
                       short forms of model.path, judge.name, data.num_samples, train.steps
"""

from __future__ import annotations

import argparse
from pathlib import Path

from medical_team.config import Config, expand_short_forms, load_config, to_yaml
from medical_team.entry import run_entry_point


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--dry-run", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("overrides", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_intermixed_args(expand_short_forms(arguments))
    config = load_config(options.config, options.overrides)
    if options.dry_run:
        show(config)
    else:
        train(config)


def show(config: Config) -> None:
    from medical_team.terminal import console, plan_table
    from medical_team.training.plan import placement_plan

    console.print(to_yaml(config), markup=False)
    console.print(plan_table(placement_plan(config)))


def train(config: Config) -> None:
    from medical_team.terminal import RunDisplay, console, evaluation_table
    from medical_team.training.run import TrainingRun

    with RunDisplay(config.train.steps) as display:
        with TrainingRun(config, on_step=display.on_step, on_phase=display.on_phase) as run:
            evaluations = {"before": run.evaluate()} if config.evaluation.notes else {}
            model = run.train()
            if config.evaluation.notes:
                evaluations["after"] = run.evaluate()
    if evaluations:
        console.print(evaluation_table(evaluations))
    console.print(f"trained model: {model}\nrun folder:    {config.run_dir}")


if __name__ == "__main__":
    run_entry_point(main)
