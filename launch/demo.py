"""The whole of it in one command: notes, warm start, self-play on real engines, evaluation before and after.

    python launch/demo.py [--medec DIR] [key.sub=value ...]

The configuration is configs/cpu_demo.yaml, or configs/cpu_demo_medec.yaml on MEDEC's notes.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

from medical_team.config import Config, load_config
from medical_team.entry import Parser, run_entry_point

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> None:
    parser = Parser(__doc__)
    parser.add_argument("--medec", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("overrides", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_intermixed_args(arguments)
    overrides = list(options.overrides)
    if options.medec is not None:
        overrides.insert(0, f"data.medec_dir={quoted(options.medec)}")
    name = "cpu_demo.yaml" if options.medec is None else "cpu_demo_medec.yaml"
    file = ROOT / "configs" / name
    demo(fresh_name(load_config(file, overrides)), ["--config", str(file), *overrides])


def quoted(path: Path) -> str:
    """A path as a value of an override, whatever signs are in it."""
    return "'" + str(path).replace("'", "''") + "'"


def fresh_name(config: Config) -> Config:
    """The demo again is another run: demo, demo-2, demo-3 ..."""
    name, number = config.run.name, 1
    while (config.run.dir / name).exists():
        number += 1
        name = f"{config.run.name}-{number}"
    return config.model_copy(update={"run": config.run.model_copy(update={"name": name})})


def demo(config: Config, arguments: list[str]) -> None:
    """The four parts; ``arguments`` are what the configuration was loaded from."""
    import train_ppo_ray

    from medical_team.data.dataset import load_notes
    from medical_team.report import print_summary
    from medical_team.terminal import console
    from medical_team.training.identity import checkpoint_store, newest_checkpoint
    from medical_team.training.notes import check_notes_for
    from medical_team.training.preflight import check_without_model

    check_without_model(config)
    started = time.monotonic()
    console.rule("1  Notes")
    notes = load_notes(config.data, config.run.seed)
    check_notes_for(config, notes)
    newest_checkpoint(
        config, checkpoint_store(config), notes
    )  # one of another run is refused now, not after the warm start
    console.print(f"{len(notes.train)} to play on, {len(notes.held_out)} held out ({config.data.source})")
    console.rule("2  Warm start: what an answer looks like")
    # In a process of its own: what it takes would stay with this one for the whole run.
    done = subprocess.run([sys.executable, str(ROOT / "launch" / "warm_start.py"), *arguments], check=False)
    if done.returncode:
        sys.exit(done.returncode)
    console.rule("3  Self-play")
    evaluations = train_ppo_ray.train(config)
    console.rule("4  What came of it")
    print_summary(config.run_dir, evaluations)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    console.print(f"{time.monotonic() - started:.0f} s in all; largest child process {peak:.1f} GB")


if __name__ == "__main__":
    run_entry_point(main)
