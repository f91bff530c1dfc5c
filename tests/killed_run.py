"""A run of the tiny model that can be killed where it is told; engines are stand-ins, everything else is real.

    python tests/killed_run.py [--kill-in-turn STEP:TURN | --kill-in-save STEP] --requests FILE key.sub=value ...

Answers depend on the weights that the engine was given, the prompt and the seed, and on nothing else. Each request is
a line in FILE.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from medical_team.backends import prepare

prepare()

from fakes import FakeEngine, Habits  # noqa: E402

from medical_team.backends.cpu import read_weights  # noqa: E402
from medical_team.checkpoints import TurnJournal, transaction  # noqa: E402
from medical_team.config import load_config  # noqa: E402
from medical_team.rollout.engine_actor import EngineAnswer  # noqa: E402
from medical_team.rollout.worker import digest  # noqa: E402
from medical_team.training import cluster  # noqa: E402
from medical_team.training.run import TrainingRun  # noqa: E402
from medical_team.types import Generation, Role  # noqa: E402

REQUESTS = "KILLED_RUN_REQUESTS"
HABITS = Habits(malformed=0.1, no_op=0.2)


class FakeEngineActor:
    """An engine actor without an engine."""

    def __init__(self, model: str, **_arguments: Any) -> None:
        from transformers import AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(model)
        self._digest = (0.0, 0.0)
        self._version = 0

    async def ready(self) -> bool:
        return True

    async def answer(self, prompt_ids: list[int], sampling: dict[str, Any]) -> EngineAnswer:
        with open(os.environ[REQUESTS], "a") as requests:
            requests.write(json.dumps([self._digest, prompt_ids, sampling["seed"]]) + "\n")
        seed = random.Random(f"{self._digest}/{sampling['seed']}").getrandbits(62)
        answer = await self._generate(self._tokenizer.decode(prompt_ids), seed)
        ids = self._tokenizer(answer.text)["input_ids"]
        return EngineAnswer(tuple(ids), answer.text, answer.truncated, None, self._version)

    async def _generate(self, prompt: str, seed: int) -> Generation:
        note = prompt.partition("Note:\n")[2].partition("<|im_end|>")[0]
        role = Role.ATTACKER if "replacement" in prompt else Role.ASSESSOR
        asked: Any = [{"role": "user", "content": f"Note:\n{note}"}]
        return await FakeEngine(role, HABITS).generate(asked, seed=seed)

    async def update_weight(self, path: str, *_shape: Any) -> None:
        self._digest = digest(dict(read_weights(path)))

    async def weights_synced(self) -> int:
        self._version += 1
        return self._version

    async def adopt_version(self, version: int) -> None:
        self._version = version

    async def weights_digest(self) -> tuple[float, float]:
        return self._digest


def kill_in_turn(step: int, turn: int, run: Path) -> None:
    """When so many turns of the step are in the journal and the checkpoint before it, which is written meanwhile, is
    there."""
    begin, keep = TurnJournal.begin, TurnJournal.keep
    left = {"turns": -1}

    def begun(self: TurnJournal, begun_step: int, position: str) -> int:
        left["turns"] = turn if begun_step == step else -1
        return begin(self, begun_step, position)

    def kept(self: TurnJournal, key: str, generation: Generation) -> None:
        keep(self, key, generation)
        left["turns"] -= 1
        if left["turns"] == 0:
            while not (run / "checkpoints" / f"step-{step - 1:06d}").exists():
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)

    TurnJournal.begin, TurnJournal.keep = begun, kept


def kill_in_save(step: int) -> None:
    """When all of it is written and only its name is missing."""
    publish = transaction.publish

    def killed(partial: Path, saved_step: int) -> None:
        if saved_step == step:
            os.kill(os.getpid(), signal.SIGKILL)
        publish(partial, saved_step)

    transaction.publish = killed


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kill-in-turn")
    parser.add_argument("--kill-in-save", type=int)
    parser.add_argument("--requests", required=True)
    parser.add_argument("overrides", nargs="*")
    options = parser.parse_args()
    config = load_config(None, options.overrides)
    os.environ[REQUESTS] = options.requests
    cluster.EngineActor = FakeEngineActor
    if options.kill_in_turn:
        step, turn = map(int, options.kill_in_turn.split(":"))
        kill_in_turn(step, turn, config.run_dir)
    if options.kill_in_save:
        kill_in_save(options.kill_in_save)
    with TrainingRun(config) as run:
        run.train()


if __name__ == "__main__":
    main()
