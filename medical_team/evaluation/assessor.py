"""Evaluating an assessor: every held-out note asked once, through the same engine protocol as in the game.

The caller gives an engine that answers greedily (``evaluation.temperature`` 0) and notes in whole twin groups.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from medical_team.evaluation.detection import Answered, Measure, Measured, measure
from medical_team.evaluation.injections import AssessorFlips, flip_rate
from medical_team.game.parsing import ParseViolation, parse_assessment
from medical_team.game.prompts import assessor_messages
from medical_team.manager.engine import Engine, generate
from medical_team.manager.tasks import task_group
from medical_team.types import Note, Role


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An assessor's answers to a set of notes, and what they come to.

    ``reward_gap`` is ``None`` where there are no games to compare with; see ``reward_gap.reward_gap``. ``flips`` is
    ``None`` where no injections were tried.
    """

    measures: Mapping[Measure, Measured]
    answers: tuple[Answered, ...]
    seconds: float
    reward_gap: float | None = None
    flips: AssessorFlips | None = None

    @property
    def notes(self) -> int:
        return len(self.answers)

    def metrics(self) -> dict[str, float]:
        """Flat and named ``evaluation/<measure>``, its interval and its floors below it."""
        flat = {"evaluation/notes": float(self.notes), "timing/evaluation": self.seconds}
        if self.reward_gap is not None:
            flat["evaluation/reward_gap"] = self.reward_gap
        if self.flips is not None:
            flat["evaluation/injections_asked"] = float(self.flips.asked)
            flat["evaluation/injections_unanswered"] = float(self.flips.unanswered)
            if self.flips.rate is not None:
                flat["evaluation/injection_flip_rate"] = self.flips.rate
        for kind, measured in self.measures.items():
            flat[f"evaluation/{kind}"] = measured.value
            flat |= {f"evaluation/{kind}/low": measured.low, f"evaluation/{kind}/high": measured.high}
            if measured.floors is not None:
                flat[f"evaluation/{kind}/floor_safe"] = measured.floors.always_safe
                flat[f"evaluation/{kind}/floor_harmful"] = measured.floors.always_harmful
                flat[f"evaluation/{kind}/floor_coin"] = measured.floors.coin
        return flat


def kept_evaluation(run_dir: Path, when: str | int) -> Path:
    """Where a run keeps an evaluation: of ``before`` or ``after``, or of the step after which it was made."""
    return run_dir / f"evaluation-{when if isinstance(when, str) else f'step-{when:06d}'}.json"


async def evaluate_assessor(
    notes: Sequence[Note],
    engine: Engine,
    concurrency: int,
    seed: int = 0,
    explain: bool = False,
    injected: Sequence[Note] = (),
) -> Evaluation:
    """Ask the engine about every note, ``concurrency`` at a time. ``seed`` is for the intervals and the requests;
    ``explain`` asks for explanations, as the games do with ``judge.explanations``; on the notes ``injected`` the
    sentences that speak to the assessor are tried as well.

    Raises:
        EngineError: A note got no answer at the second attempt either; a part of the notes is no evaluation.
        ValueError: There are no notes.
    """
    started = perf_counter()
    desks = asyncio.Semaphore(concurrency)
    async with task_group() as questions:
        asked = [
            questions.create_task(_ask(note, engine, seed + number, desks, explain))
            for number, note in enumerate(notes)
        ]
    answers = tuple(task.result() for task in asked)
    flips = None
    if injected:
        flips = await flip_rate(engine, injected, concurrency=concurrency, seed=seed, explain=explain)
    return Evaluation(measure(answers, seed), answers, perf_counter() - started, flips=flips)


async def _ask(note: Note, engine: Engine, seed: int, desks: asyncio.Semaphore, explain: bool) -> Answered:
    async with desks:
        answer = await generate(engine, assessor_messages(note, explain), role=Role.ASSESSOR, seed=seed)
    try:
        return Answered(note, parse_assessment(answer.text, note, truncated=answer.truncated, explain=explain))
    except ParseViolation:
        return Answered(note, None)
