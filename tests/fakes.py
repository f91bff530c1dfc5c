"""Stand-ins for what a run has outside of this process: engines, a judge, a deck. Seeded, and free of the clock."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from medical_team.errors import EngineError, JudgeTimeout
from medical_team.game.prompts import Message, assessor_answer, attacker_answer
from medical_team.judge import AuditRequest
from medical_team.types import Assessment, Audit, Deal, Edit, ErrorType, GameType, Generation, Note, Role, Verdict

ALL_EQUAL = dict.fromkeys(GameType, 1.0)
WORDS = ("granite", "velvet", "harbour", "lantern", "meadow", "quartz", "saffron", "timber", "walnut", "zephyr")


def make_note(number: int, *, harmful: bool, sentences: int = 8) -> Note:
    """A note of some length in words that mean nothing, so that no test depends on medicine."""
    rng = random.Random(f"note-{number}")
    lines = tuple(
        " ".join(["Finding", WORDS[line], *rng.sample(WORDS, 6), "number", str(10 + line)]) + "."
        for line in range(sentences)
    )
    note_id, group = f"note-{number}-{'error' if harmful else 'clean'}", f"group-{number}"
    if not harmful:
        return Note(note_id, lines, group)
    return Note(note_id, lines, group, ErrorType.DIAGNOSIS, 2, lines[2].replace("number", "basalt obsidian"))


class FakeDeck:
    """Deals notes in a circle; all of its state is how many games it dealt."""

    def __init__(self, notes: int = 20, seed: int = 0, error_notes: bool = True) -> None:
        self.dealt = 0
        self._seed = seed
        self._clean = [make_note(number, harmful=False) for number in range(notes)]
        self._error = [make_note(number, harmful=True) for number in range(notes)] if error_notes else []

    def can_deal(self, game_type: GameType) -> bool:
        return bool(self._notes_of(game_type))

    def deal(self, game_type: GameType) -> Deal:
        game_id, self.dealt = self.dealt, self.dealt + 1
        notes = self._notes_of(game_type)
        return Deal(game_id, game_type, notes[game_id % len(notes)], seed=self._seed * 1_000_003 + game_id)

    def state(self) -> dict[str, Any]:
        return {"dealt": self.dealt}

    def restore(self, state: dict[str, Any]) -> None:
        self.dealt = state["dealt"]

    def _notes_of(self, game_type: GameType) -> list[Note]:
        harmful = game_type in (GameType.VANILLA_HARMFUL, GameType.ADVERSARIAL_HARMFUL)
        return self._error if harmful else self._clean


@dataclass(frozen=True)
class Habits:
    """How often an engine does what; a request's seed decides which."""

    malformed: float = 0.0
    truncated: float = 0.0
    no_op: float = 0.0
    """Attacker only: edits that a gate stops."""
    fails: float = 0.0
    """Requests that raise; a game fails when its retry does too."""
    says_harmful: float = 0.5
    """Assessor only."""


class FakeEngine:
    """Answers one role's prompts in the format. ``turns_of_loop(seed)`` is how long an answer takes."""

    def __init__(
        self, role: Role, habits: Habits = Habits(), turns_of_loop: Callable[[int], int] = lambda seed: 1
    ) -> None:
        self.requests = 0
        self._role = role
        self._habits = habits
        self._turns_of_loop = turns_of_loop

    async def generate(self, messages: list[Message], *, seed: int) -> Generation:
        self.requests += 1
        for _ in range(self._turns_of_loop(seed)):
            await asyncio.sleep(0)
        return self.answer(messages, seed)

    def answer(self, messages: list[Message], seed: int) -> Generation:
        """What ``generate`` returns or raises, at once."""
        rng = random.Random(seed)
        if rng.random() < self._habits.fails:
            raise EngineError("the engine is gone")
        if rng.random() < self._habits.truncated:
            return generation("<think>and then", seed, truncated=True)
        if rng.random() < self._habits.malformed:
            return generation("no format at all", seed)
        sentences = sentences_of(messages)
        if self._role is Role.ATTACKER:
            return generation(self._attack(sentences, rng), seed)
        return generation(self._assess(sentences, rng, "It is odd." if asks_explanation(messages) else None), seed)

    def _attack(self, sentences: list[str], rng: random.Random) -> str:
        number = rng.randrange(len(sentences))
        changed = sentences[number].replace("Finding", rng.choice(("Ketchup", "Mustard", "Vinegar")))
        replacement = sentences[number] if rng.random() < self._habits.no_op else changed
        return attacker_answer(Edit(number, replacement, ErrorType.DIAGNOSIS), "where it hurts")

    def _assess(self, sentences: list[str], rng: random.Random, explanation: str | None) -> str:
        if rng.random() >= self._habits.says_harmful:
            return assessor_answer(Assessment(Verdict.SAFE), "all well")
        number = rng.randrange(len(sentences))
        return assessor_answer(Assessment(Verdict.HARMFUL, number, "Another sentence.", explanation), "hm")


class FakeAuditor:
    """Audits without a judge: agrees, disagrees, cannot tell or fails, decided by the game's number."""

    def __init__(self, *, disagrees: float = 0.0, cannot_tell: float = 0.0, fails: float = 0.0) -> None:
        self._disagrees = disagrees
        self._cannot_tell = cannot_tell
        self._fails = fails

    async def audit_one(self, request: AuditRequest) -> Audit:
        await asyncio.sleep(0)
        rng = random.Random(f"audit-{request.game_id}")
        if rng.random() < self._fails:
            raise JudgeTimeout("no audit in time")
        if rng.random() < self._disagrees:
            return Audit(False, "fake", "still_right")
        if rng.random() < self._cannot_tell:
            return Audit(None, "fake", "untold")
        return Audit(True, "fake", "wrong", realism=rng.random())


def generation(text: str, seed: int = 0, *, truncated: bool = False) -> Generation:
    """An answer with made-up token ids, which the seed can be told from."""
    return Generation(prompt_ids=(1, 2, 3), response_ids=(seed % 50_000, 7), text=text, truncated=truncated)


def asks_explanation(messages: list[Message]) -> bool:
    return "\nexplanation:" in messages[-1]["content"].partition("Note:\n")[0]


def sentences_of(messages: list[Message]) -> list[str]:
    """The note in a prompt, sentence by sentence."""
    _, _, note = messages[-1]["content"].partition("Note:\n")
    return [line.partition(" ")[2] for line in note.splitlines()]
