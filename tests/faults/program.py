"""The training program as it is, which also says where it is and waits there when it is told to.

    python tests/faults/program.py FOLDER [arguments of launch/train_ppo_ray.py]

Whenever the run comes to a point (a step, a turn, an update, a sync, a save and its parts), ``FOLDER/at-POINT`` says
how often and when (``Points``). So a fault hits exactly where its scenario says, on a fast machine and on a slow one.
The engines' answers are real in all but their words: a random model's would never parse, and no game would come to the
assessor's turn or before the judge.
"""

from __future__ import annotations

import asyncio
import random
import re
import runpy
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from medical_team.checkpoints import transaction  # noqa: E402
from medical_team.data.synthetic.table import CONDITIONS  # noqa: E402
from medical_team.data.synthetic.wording import FRAMES  # noqa: E402
from medical_team.entry import run_entry_point  # noqa: E402
from medical_team.game.prompts import ATTACKER_SYSTEM, Message, assessor_answer, attacker_answer  # noqa: E402
from medical_team.training.run import TrainingRun  # noqa: E402
from medical_team.types import Assessment, Edit, Generation, Verdict  # noqa: E402

POLL_S = 0.005
FRAMES_IN_WORDS = [
    (kind, re.compile(re.escape(frame).replace(r"\{term\}", "(.+)").replace(r"\{He\}", "(?:He|She)")))
    for kind, frames in FRAMES.items()
    for frame in frames
]


class Points:
    """Files by which the run and the harness talk: ``at-X`` (I am there), ``hold-X`` (stay), ``pass-X`` (go on once).

    ``at-X`` has the number of times so far and the monotonic clock, which all processes of a machine share.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._times: Counter[str] = Counter()

    def come_to(self, point: str) -> None:
        self._say(point)
        while self._is_held(point):
            time.sleep(POLL_S)

    async def come_to_within_a_loop(self, point: str) -> None:
        self._say(point)
        while self._is_held(point):
            await asyncio.sleep(POLL_S)

    def _say(self, point: str) -> None:
        self._times[point] += 1
        unfinished = self._folder / f".at-{point}"
        unfinished.write_text(f"{self._times[point]} {time.monotonic()}")
        unfinished.rename(self._folder / f"at-{point}")

    def _is_held(self, point: str) -> bool:
        if not (self._folder / f"hold-{point}").exists():
            return False
        try:
            (self._folder / f"pass-{point}").unlink()
        except FileNotFoundError:
            return True
        return False


def watch(run: TrainingRun, points: Points) -> None:
    """Put the points into a run that is built and has not begun."""
    trainer: Any = run.trainer
    for point, owner, method in (
        ("step", trainer, "play"),
        ("update", trainer, "learn"),
        ("sync", trainer.weights, "broadcast"),
        ("save", trainer, "save"),
        ("written", transaction, "commit"),
        ("renamed", transaction, "rotate"),
    ):
        setattr(owner, method, _after_coming_to(points, point, getattr(owner, method)))
    for pool in {id(pool): pool for pool in run.pools.values()}.values():
        pool.generate = _answering_in_words(points, pool.generate)  # type: ignore[method-assign]


def _after_coming_to(points: Points, point: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        points.come_to(point)
        return call(*args, **kwargs)

    return wrapped


def _answering_in_words(points: Points, generate: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapped(messages: list[Message], *, seed: int) -> Generation:
        await points.come_to_within_a_loop("turn")
        answer = await generate(messages, seed=seed)
        return replace(answer, text=words_for(messages, seed), truncated=False)

    return wrapped


def words_for(messages: list[Message], seed: int) -> str:
    """A well-formed answer to a prompt; the seed decides which."""
    rng = random.Random(seed)
    _, _, note = messages[-1]["content"].partition("Note:\n")
    sentences = [line.partition(" ")[2] for line in note.splitlines()]
    if messages[0]["content"] == ATTACKER_SYSTEM:
        return attacker_answer(misread(sentences, rng), "where it hurts")
    if rng.random() < 0.5:
        return assessor_answer(Assessment(Verdict.SAFE), "all well")
    number = rng.randrange(len(sentences))
    return assessor_answer(Assessment(Verdict.HARMFUL, number, "Another sentence."), "look closely")


def misread(sentences: Sequence[str], rng: random.Random) -> Edit:
    """One of the note's statements with a term of its kind from another case: most often the table calls it wrong."""
    stated = [
        (number, kind, found[1])
        for number, sentence in enumerate(sentences)
        for kind, frame in FRAMES_IN_WORDS
        if (found := frame.fullmatch(sentence))
    ]
    number, kind, term = rng.choice(stated)
    foreign = [fact.accepted[0] for one in CONDITIONS if (fact := one.fact(kind)) and term not in fact.accepted]
    return Edit(number, sentences[number].replace(term, rng.choice(foreign)), kind)


def main(arguments: list[str]) -> None:
    folder, *rest = arguments
    points = Points(Path(folder))
    build = TrainingRun._build

    def build_and_watch(run: TrainingRun, *args: Any) -> Any:
        trainer = build(run, *args)
        run.trainer = trainer
        watch(run, points)
        return trainer

    TrainingRun._build = build_and_watch  # type: ignore[method-assign]
    sys.argv = ["launch/train_ppo_ray.py", *rest]
    program = runpy.run_path(str(ROOT / "launch" / "train_ppo_ray.py"))
    run_entry_point(program["main"])


if __name__ == "__main__":
    main(sys.argv[1:])
