"""Seconds that a plan takes, by the number of GPUs that are planned, and those of the search for a change that fits.

    python tests/benchmarks/bench_plan.py [--repeats 20]

The runs are those of tests/scaled_run.py: half of the GPUs learn, half answer. Medians and ranges.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scaled_run import scaled

from medical_team.planning.advice import nearest_change
from medical_team.planning.host import Host
from medical_team.planning.plan import plan_run

HOST = Host(memory=64e9, free_disk=1e15, multiplies_bfloat16=True)
# Too small for the 7B model of the scaled runs: the search goes through every single change and all pairs.
HOPELESS = "8"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    repeats = parser.parse_args().repeats
    print(f"{'GPUs':>6}{'actors':>8}{'plan, ms':>26}{'search in vain, s':>26}")
    for gpus in (8, 64, 512):
        config, small = scaled(gpus), scaled(gpus, card=HOPELESS)
        actors = sum(row.actors for row in plan_run(config, "gpu", HOST).placement.rows)
        planned = seconds(lambda config=config: plan_run(config, "gpu", HOST), repeats)
        searched = seconds(lambda small=small: nearest_change(small, "gpu", HOST), 3)
        print(f"{gpus:>6}{actors:>8}{spread([1e3 * each for each in planned]):>26}{spread(searched):>26}")


def seconds(call: Callable[[], object], repeats: int) -> list[float]:
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return taken


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
