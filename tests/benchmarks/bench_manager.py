"""The manager's own cost: 10,000 games through engines that answer at once, in steps as a run plays them.

    python tests/benchmarks/bench_manager.py [--games 10000] [--runs 5]

Prints microseconds a game (median and range over the runs) and how memory grows from the first tenth of the games to
the last. What is timed is all that this process does between a deal and a sample: prompts, parsing, gates, scoring,
quotas, batches of audits and book-keeping. What engines and judge do is taken off, and shown: they are elsewhere in a
run. Times are of the processor, so that other programs on the machine do not count.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import statistics
import sys
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes import ALL_EQUAL, FakeDeck, FakeEngine, Habits

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.game.prompts import Message
from medical_team.judge import AuditRequest, BatchedJudge, JudgeFailure
from medical_team.judge.rule import RuleJudge
from medical_team.manager import MedicalGameManager
from medical_team.types import Audit, Generation, Role

SAMPLES_A_STEP = 96


class TimedEngine(FakeEngine):
    """A fake engine that answers at once and knows how long it took."""

    def __init__(self, role: Role, habits: Habits) -> None:
        super().__init__(role, habits, turns_of_loop=lambda seed: 0)
        self.seconds = 0.0

    async def generate(self, messages: list[Message], *, seed: int) -> Generation:
        started = process_time()
        answer = await super().generate(messages, seed=seed)
        self.seconds += process_time() - started
        return answer


class TimedJudge(RuleJudge):
    """The rule judge, and how long it took."""

    seconds = 0.0

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        started = process_time()
        audits = await super().audit(requests, deadline_s)
        self.seconds += process_time() - started
        return audits


class Bench:
    """One manager with its fakes."""

    def __init__(self) -> None:
        self.engines = {
            Role.ATTACKER: TimedEngine(Role.ATTACKER, Habits(no_op=0.2, malformed=0.05)),
            Role.ASSESSOR: TimedEngine(Role.ASSESSOR, Habits(malformed=0.05)),
        }
        self.judge = TimedJudge(GatesConfig())
        self.manager = MedicalGameManager(
            FakeDeck(notes=200),
            self.engines,
            BatchedJudge(self.judge, batch_size=32, max_wait_s=0.0, deadline_s=30.0),
            mix=ALL_EQUAL,
            gates=GatesConfig(),
            rewards=RewardsConfig(),
            concurrency=64,
            max_deals_factor=4.0,
        )

    def play(self, games: int) -> int:
        """Steps until so many games were played; how many there were."""
        return asyncio.run(self._play(games))

    async def _play(self, games: int) -> int:
        played = 0
        while played < games:
            collected = await self.manager.collect(SAMPLES_A_STEP)
            assert len(collected.samples) == SAMPLES_A_STEP
            played += collected.stats.deals.total()
        return played


def time_runs(games: int, runs: int) -> dict[str, list[float]]:
    """Microseconds a game, one value a run."""
    times: dict[str, list[float]] = {"manager": [], "engines (not counted)": [], "judge (not counted)": []}
    for _ in range(runs):
        bench = Bench()
        started = process_time()
        played = bench.play(games)
        elapsed = process_time() - started
        engines = sum(engine.seconds for engine in bench.engines.values())
        judge = bench.judge.seconds
        for values, seconds in zip(times.values(), (elapsed - engines - judge, engines, judge), strict=True):
            values.append(seconds / played * 1e6)
    return times


def measure_memory(games: int) -> tuple[int, int, int]:
    """Bytes of Python objects after a tenth of the games and after all of them, and growth of the peak RSS."""
    bench = Bench()
    tracemalloc.start()
    bench.play(games // 10)
    gc.collect()
    early, peak = tracemalloc.get_traced_memory()[0], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bench.play(games - games // 10)
    gc.collect()
    late = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return early, late, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description="the manager's own cost, through fake engines")
    parser.add_argument("--games", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    early, late, rss = measure_memory(arguments.games)
    print(f"memory, {arguments.games} games: {early / 1024:.0f} KiB after a tenth, {late / 1024:.0f} KiB after all")
    print(f"growth: {(late - early) / 1024:.0f} KiB of objects, {rss / 1024:.0f} KiB of peak RSS")
    for name, values in time_runs(arguments.games, arguments.runs).items():
        print(
            f"{name}: median {statistics.median(values):.0f} us a game "
            f"({min(values):.0f} to {max(values):.0f} over {len(values)} runs of {arguments.games} games)"
        )


if __name__ == "__main__":
    main()
