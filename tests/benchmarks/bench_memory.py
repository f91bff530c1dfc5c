"""The memory of every process of a run on CPU, planned beside measured.

    python tests/benchmarks/bench_memory.py [--model FOLDER] [--config FILE] [key.sub=value ...]

Starts the run of the configuration, plays one step of few samples, trains on it and syncs. Measured is the most that a
process and its children had resident (VmHWM of /proc, in which a library that two processes share counts twice);
planned is what ``--plan`` says for samples as long as the longest one of that step.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from process_memory import measured_step, planned_and_measured

from medical_team.config import load_config


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=".cache/models/smollm2-135m-instruct")
    parser.add_argument("--config", type=Path, default=Path("configs/cpu_demo.yaml"))
    parser.add_argument("overrides", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as runs:
        fixed = [f"model.path={options.model}", f"run.dir={runs}", "cluster.backend=cpu", "evaluation.notes=0"]
        config = load_config(options.config, [*fixed, *options.overrides])
        rows = planned_and_measured(config, measured_step(config))
    print(f"{'process':<16}{'planned GB':>12}{'measured GB':>13}{'planned / measured':>20}")
    for name, (planned, measured) in rows.items():
        print(f"{name:<16}{planned / 1e9:>12.2f}{measured / 1e9:>13.2f}{planned / measured:>20.2f}")


if __name__ == "__main__":
    main()
