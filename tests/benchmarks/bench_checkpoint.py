"""What a checkpoint costs: its write beside the disk's own, how long training stands still, a resume beside a start.

    python tests/benchmarks/bench_checkpoint.py [--runs 5] [--model FOLDER] [key.sub=value ...]

The disk's speed is that of one file of the checkpoint's size, written in blocks and synced. The copy is a plain copy of
as many bytes in memory. A start and a resume count from the reading of the notes until the first game can be dealt. The
journal's cost is that of a turn of the demo's length. Medians and ranges.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from medical_team.backends import prepare

prepare()

import torch  # noqa: E402

from medical_team.checkpoints import JournaledEngine, TurnJournal  # noqa: E402
from medical_team.checkpoints.manifest import read_manifest  # noqa: E402
from medical_team.checkpoints.validity import verify  # noqa: E402
from medical_team.config import Config, load_config  # noqa: E402
from medical_team.training.run import TrainingRun  # noqa: E402
from medical_team.types import GameType, Generation, Role, Sample  # noqa: E402

BLOCK_BYTES = 1 << 26
TURNS = 2000
PROMPT_TOKENS, ANSWER_TOKENS = 229, 53  # medians of the demo's turns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", default=".cache/models/smollm2-135m-instruct")
    parser.add_argument("--resume", action="store_true", help="start a second run, to compare a resume with a start")
    parser.add_argument("overrides", nargs="*")
    options = parser.parse_args()
    Path("runs").mkdir(exist_ok=True)  # on the disk that checkpoints go to
    with tempfile.TemporaryDirectory(dir="runs") as runs:
        report("journal, µs a turn", [1e6 * journal_seconds(Path(runs)) for _ in range(options.runs)])
        common = [f"model.path={options.model}", f"run.dir={runs}", "evaluation.notes=0", "train.steps=1"]
        config = load_config(None, [*common, *options.overrides])
        start = measure(config, options.runs, Path(runs))
        if options.resume:
            again = load_config(None, [*common, "run.resume=auto", *options.overrides, "train.steps=2"])
            resume = resume_seconds(again)
            print(f"until the first game: fresh {start:.1f} s, resumed {resume:.1f} s, {resume / start:.2f} times")


def measure(config: Config, repeats: int, folder: Path) -> float:
    """Print what a checkpoint costs; returns the seconds of a fresh start."""
    began = time.perf_counter()
    with TrainingRun(config) as run:
        fresh = time.perf_counter() - began
        trainer = run.trainer
        trainer.learn(trainer.prepare(made_up_samples(config.samples_per_step)), 1)  # the optimizer gets its states
        trainer.weights.sync()
        stands, whole = [], []
        for _ in range(repeats + 1):  # the first touches memory that the others find mapped
            start = time.perf_counter()
            trainer.save(1)
            stands.append(time.perf_counter() - start)
            trainer.folder.checkpoints.finish()
            whole.append(time.perf_counter() - start)
        saved = config.run_dir / "checkpoints" / "step-000001"
        size = read_manifest(saved).total_bytes
        checks = timed(lambda: verify(saved, 1), repeats)
    print(f"checkpoint: {size / 1e9:.2f} GB")
    report("the disk's plain write and fsync, GB/s", rates(size, timed(lambda: plain_write(folder, size), repeats)))
    report("checkpoint from the call to its name, GB/s", rates(size, whole[1:]))
    report("training stands still, s", stands[1:])
    report("a plain copy of as many bytes, s", timed(copier(size), repeats))
    report("verification, GB/s", rates(size, checks))
    return fresh


def resume_seconds(config: Config) -> float:
    began = time.perf_counter()
    with TrainingRun(config) as run:
        run.trainer.resume()
        return time.perf_counter() - began


def made_up_samples(count: int) -> list[Sample]:
    """Short ones, of which the update takes little time."""
    kind = GameType.VANILLA_BENIGN
    return [Sample(n, Role.ASSESSOR, kind, (1, 2 + n), (3, 4 + n), float(n % 2)) for n in range(count)]


def plain_write(folder: Path, size: int) -> None:
    block = memoryview(os.urandom(BLOCK_BYTES))
    path = folder / "plain"
    with open(path, "wb", buffering=0) as file:
        for left in range(size, 0, -BLOCK_BYTES):
            file.write(block[:left])
        os.fsync(file.fileno())
    path.unlink()


def copier(size: int) -> Callable[[], Any]:
    """Copies into fresh memory, as a checkpoint does."""
    source = torch.zeros(size, dtype=torch.uint8)
    return lambda: source.clone()


def journal_seconds(folder: Path) -> float:
    """Of one turn, its key and its record."""
    journal = TurnJournal(folder / "journal")
    journal.begin(1, "start")
    answer = Generation(tuple(range(PROMPT_TOKENS)), tuple(range(ANSWER_TOKENS)), "word " * ANSWER_TOKENS)
    engine = JournaledEngine(Answering(answer), journal, "96/1.0")
    note: list[Any] = [{"role": "user", "content": "word " * PROMPT_TOKENS}]
    start = time.perf_counter()
    for seed in range(TURNS):
        finish(engine.generate(note, seed=seed))
    seconds = time.perf_counter() - start
    journal.clear()
    return seconds / TURNS


class Answering:
    def __init__(self, answer: Generation) -> None:
        self._answer = answer

    async def generate(self, messages: Any, *, seed: int) -> Generation:
        return self._answer


def finish(coroutine: Any) -> None:
    """Run a coroutine that waits for nothing, without a loop's cost."""
    try:
        coroutine.send(None)
    except StopIteration:
        return


def timed(call: Callable[[], Any], repeats: int) -> list[float]:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return seconds


def rates(size: int, seconds: list[float]) -> list[float]:
    return [size / 1e9 / value for value in seconds]


def report(what: str, values: list[float]) -> None:
    print(f"{what:<48}{statistics.median(values):8.2f}  ({min(values):.2f} to {max(values):.2f})")


if __name__ == "__main__":
    main()
