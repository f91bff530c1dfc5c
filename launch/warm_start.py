"""Fine-tune a model on gold turns, so that self-play starts from answers that parse.

    python launch/warm_start.py --config configs/cpu_demo.yaml warm_start.examples=96

Reads warm_start.base_model, writes warm_start.output; options and overrides as in train_ppo_ray.py.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from medical_team.config import Config, expand_short_forms, load_config
from medical_team.entry import Parser, run_entry_point


def main(arguments: list[str]) -> None:
    parser = Parser(__doc__)
    parser.add_argument("--config", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("overrides", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_intermixed_args(expand_short_forms(arguments))
    run(load_config(options.config, options.overrides))


def run(config: Config) -> None:
    """One warm start, told to the terminal. The demo calls it too."""
    from medical_team.data.dataset import load_notes
    from medical_team.terminal import ProgressLine, console
    from medical_team.training.preflight import check_warm_start

    check_warm_start(config)
    notes = load_notes(config.data, config.run.seed)
    from medical_team.training.warm_start import warm_start

    with ProgressLine("warm start") as line:
        result = warm_start(
            config.warm_start,
            notes.train,
            notes.held_out,
            config.run.seed,
            config.rollout.max_new_tokens,
            on_progress=lambda step, steps, loss: line.show(step, steps, f"loss {loss:.3f}"),
            explain=config.judge.explanations,
        )
    parsed = ", ".join(f"{role} {good}/{asked}" for role, (good, asked) in result.parsed.items())
    console.print(
        f"warm start: {result.examples} gold turns, loss {result.loss:.3f}, {result.seconds:.0f} s; "
        f"held-out answers that parse: {parsed}\nmodel: {result.folder}",
        soft_wrap=True,
    )


if __name__ == "__main__":
    run_entry_point(main)
