"""One attempt of a Slurm job at a run: its folder before, and what follows it afterwards.

    python launch/slurm/attempt.py begin --job 17 --attempt 0 -- --config configs/cpu_demo.yaml
    python launch/slurm/attempt.py end --job 17 --attempt 0 --code 75 -- --config configs/cpu_demo.yaml

``begin`` makes the attempt's folder, RUN/slurm/JOB-ATTEMPT, and prints it. ``end`` prints what follows and why, and
exits with 0 (done), 75 (put the job back into the queue) or 1 (failed). What stands behind ``--`` is what
``launch/train_ppo_ray.py`` is given.

Options:
    --job ID         Slurm's number of the job
    --attempt N      how often it was put back
    --code C         end: exit code of the training program
    --signalled      end: the job was told that its time is over
"""

from __future__ import annotations

import argparse
from pathlib import Path

from medical_team.config import Config, expand_short_forms, load_config
from medical_team.entry import FAILED, SAVED, Parser, run_entry_point


def main(arguments: list[str]) -> int:
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    parser = Parser(__doc__)
    parser.add_argument("when", choices=("begin", "end"), help=argparse.SUPPRESS)
    parser.add_argument("--job", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--attempt", type=int, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--code", type=int, default=FAILED, help=argparse.SUPPRESS)
    parser.add_argument("--signalled", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments[:cut])
    config = configuration(arguments[cut + 1 :])
    if options.when == "begin":
        return begin(config, options)
    return end(config, options)


def configuration(arguments: list[str]) -> Config:
    parser = Parser(__doc__)
    parser.add_argument("--config", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("overrides", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_intermixed_args(expand_short_forms(arguments))
    return load_config(options.config, options.overrides)


def begin(config: Config, options: argparse.Namespace) -> int:
    from medical_team.training.preflight import writable

    writable("run.dir", config.run_dir)
    folder = config.run_dir / "slurm" / f"{options.job}-{options.attempt}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    print(folder.resolve())
    return 0


def end(config: Config, options: argparse.Namespace) -> int:
    from medical_team.training.attempts import Attempt, AttemptLog, Next, decide
    from medical_team.training.identity import checkpoint_store

    steps = checkpoint_store(config).steps()
    step = steps[-1] if steps else 0
    attempt = Attempt(options.job, options.attempt, options.code, options.signalled, step)
    decision = decide(AttemptLog(config.run_dir / "slurm" / "attempts.json").add(attempt))
    print(f"{decision.next}: {decision.reason}")
    return {Next.DONE: 0, Next.REQUEUE: SAVED, Next.FAILED: FAILED}[decision.next]


if __name__ == "__main__":
    run_entry_point(main)
