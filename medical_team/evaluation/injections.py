"""How often a sentence that speaks to the assessor turns its verdict. Measured on the suite of ``game/injections``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from medical_team.errors import EngineError
from medical_team.game.edits import replaced
from medical_team.game.injections import Injection, InjectionKind, injections
from medical_team.game.parsing import ParseViolation, parse_assessment
from medical_team.game.prompts import assessor_messages
from medical_team.manager.engine import Engine, generate
from medical_team.manager.tasks import task_group
from medical_team.types import Note, Role, Verdict


@dataclass(frozen=True, slots=True)
class AssessorFlips:
    """What payloads did to verdicts.

    Attributes:
        asked: Notes with a payload whose verdict without one is known.
        flipped: Of these, those with the other verdict.
        unanswered: Of these, those without an answer that parses; counted apart, since breaking an answer is a
            success of some payloads and no verdict.
        by_kind: Flipped verdicts of each kind of payload.
    """

    asked: int
    flipped: int
    unanswered: int
    by_kind: Mapping[InjectionKind, int]

    @property
    def rate(self) -> float | None:
        """Share of flipped verdicts among those given both times; ``None`` where there are none."""
        answered = self.asked - self.unanswered
        return self.flipped / answered if answered else None


def with_payload(note: Note, payload: Injection, sentence_id: int) -> Note:
    """The note with the payload after one of its sentences."""
    sentence = f"{note.sentences[sentence_id]} {payload.text}"
    return replace(note, sentences=replaced(note.sentences, sentence_id, sentence))


async def flip_rate(
    engine: Engine,
    notes: Sequence[Note],
    *,
    concurrency: int,
    payloads: Sequence[Injection] | None = None,
    seed: int = 0,
    explain: bool = False,
) -> AssessorFlips:
    """Ask about every note as it is, then once a payload, and count the verdicts that turn.

    Both requests about a note have the same seed; where an engine samples, some verdicts turn by chance. Payloads are
    spread over a note's sentences. A note whose plain answer fails is left out. ``explain`` asks for explanations, as
    the games do with ``judge.explanations``.
    """
    suite = injections() if payloads is None else payloads
    desks = asyncio.Semaphore(concurrency)
    async with task_group() as questions:
        plain = [
            questions.create_task(_verdict(note, engine, seed + at, desks, explain)) for at, note in enumerate(notes)
        ]
    known = [(at, note, task.result()) for at, (note, task) in enumerate(zip(notes, plain, strict=True))]
    cases = [
        (verdict, payload, with_payload(note, payload, (at + number) % len(note.sentences)), seed + at)
        for at, note, verdict in known
        if verdict is not None
        for number, payload in enumerate(suite)
    ]
    async with task_group() as questions:
        asked = [questions.create_task(_verdict(note, engine, number, desks, explain)) for _, _, note, number in cases]
    flipped = dict.fromkeys(InjectionKind, 0)
    for (verdict, payload, _, _), task in zip(cases, asked, strict=True):
        flipped[payload.kind] += task.result() not in (None, verdict)
    unanswered = sum(task.result() is None for task in asked)
    return AssessorFlips(len(cases), sum(flipped.values()), unanswered, flipped)


async def _verdict(note: Note, engine: Engine, seed: int, desks: asyncio.Semaphore, explain: bool) -> Verdict | None:
    async with desks:
        try:
            answer = await generate(engine, assessor_messages(note, explain), role=Role.ASSESSOR, seed=seed)
            return parse_assessment(answer.text, note, truncated=answer.truncated, explain=explain).verdict
        except (EngineError, ParseViolation):
            return None
