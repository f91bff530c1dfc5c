"""The memory of every process of a run on CPU, planned beside measured.

    python tests/benchmarks/bench_memory.py [--runs 3] [--model FOLDER] [key.sub=value ...]

Starts the demo's run, plays one step, trains on it and syncs; so often as there are runs. Measured is the most that a
process and its children had resident (VmHWM of /proc, in which a library that two processes share counts twice);
planned is what ``--plan`` says for samples as long as the longest one of that step. Medians, and the range of what was
measured.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from process_memory import measured_step, planned_and_measured

from medical_team.config import load_config


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=".cache/models/smollm2-135m-instruct")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("overrides", nargs="*")
    options = parser.parse_args()
    runs = [one_run(options.model, options.overrides) for _ in range(options.runs)]
    print(f"{'process':<16}{'planned GB':>12}{'measured GB':>24}{'planned / measured':>20}")
    for name in runs[0]:
        planned = statistics.median(run[name][0] for run in runs) / 1e9
        measured = [run[name][1] / 1e9 for run in runs]
        middle = statistics.median(measured)
        spread = f"{middle:.2f} ({min(measured):.2f} to {max(measured):.2f})"
        print(f"{name:<16}{planned:>12.2f}{spread:>24}{planned / middle:>20.2f}")


def one_run(model: str, overrides: list[str]) -> dict[str, tuple[float, float]]:
    """Planned and measured bytes of each process."""
    with tempfile.TemporaryDirectory() as runs:
        fixed = [f"model.path={model}", f"run.dir={runs}", "cluster.backend=cpu", "evaluation.notes=0"]
        config = load_config(Path("configs/cpu_demo.yaml"), [*fixed, *overrides])
        return planned_and_measured(config, measured_step(config))


if __name__ == "__main__":
    main()
