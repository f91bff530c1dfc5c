"""Plays one game: who is asked what and when, and what the answers make of it. The manager plays many at once.

A failure inside a game is data: its outcome. Only what nobody expected propagates.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.errors import EngineError, JudgeAbstained, JudgeError
from medical_team.game import RULES
from medical_team.game.gates import check_edit
from medical_team.game.parsing import ParseViolation, parse_assessment, parse_edit, split_thinking
from medical_team.game.prompts import Message, assessor_messages, attacker_messages
from medical_team.judge import AuditRequest
from medical_team.manager.auditing import Auditor, ask_judge, explained
from medical_team.manager.engine import Engine, generate
from medical_team.manager.flight import Awaited, GamesInFlight
from medical_team.manager.tasks import task_group
from medical_team.rewards.pricing import ClassPrices
from medical_team.rewards.scoring import score_game
from medical_team.types import (
    NOTHING_MEASURED,
    Assessment,
    Audit,
    Baselines,
    Deal,
    Edit,
    Game,
    Note,
    Outcome,
    Role,
    Turn,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attack:
    """An attacker's turn; it stands when the turn has no violation."""

    turn: Turn
    edit: Edit | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An assessor's turn; ``assessment`` is ``None`` exactly when it does not parse."""

    turn: Turn
    assessment: Assessment | None


class Referee:
    """Applies the rules to one deal at a time; holds nothing between games, and notes in ``flight`` what they wait for.

    With ``explanations`` the assessor is asked for one; the audit waits for its answer and is about that too.
    """

    def __init__(
        self,
        engines: Mapping[Role, Engine],
        judge: Auditor,
        *,
        gates: GatesConfig,
        rewards: RewardsConfig,
        prices: ClassPrices,
        explanations: bool = False,
        flight: GamesInFlight | None = None,
    ) -> None:
        self._engines = engines
        self._judge = judge
        self._gates = gates
        self._rewards = rewards
        self._prices = prices
        self._explanations = explanations
        self._flight = flight or GamesInFlight()

    async def play(self, deal: Deal, baselines: Baselines = NOTHING_MEASURED) -> Game:
        """A whole game, from its deal to its rewards, which are counted from ``baselines``."""
        started = perf_counter()
        play = self._adversarial if deal.game_type.has_attacker else self._vanilla
        with self._flight.playing(deal):
            game = await play(deal)
        game = replace(game, baselines=baselines)
        return replace(game, rewards=score_game(game, self._prices, self._rewards), seconds=perf_counter() - started)

    async def _vanilla(self, deal: Deal) -> Game:
        shown = RULES[deal.game_type].shown(deal, None)
        answer = await self._assess(deal, shown)
        return conclude(deal, shown, None, answer, None)

    async def _adversarial(self, deal: Deal) -> Game:
        attack = await self._attack(deal)
        if attack is None:
            return Game(deal, Outcome.ENGINE_FAILED, reason=Role.ATTACKER)
        if attack.edit is None or attack.turn.violation is not None:
            return Game(deal, Outcome.GATED, edit=attack.edit, turns=(attack.turn,), reason=attack.turn.violation)
        shown = RULES[deal.game_type].shown(deal, attack.edit)
        ask = self._one_after_the_other if self._explanations else self._at_once
        answer, audit = await ask(
            deal, shown, AuditRequest(deal.game_id, deal.game_type, deal.note, attack.edit, shown)
        )
        return conclude(deal, shown, attack, answer, audit)

    async def _at_once(
        self, deal: Deal, shown: Note, request: AuditRequest
    ) -> tuple[Answer | None, Audit | JudgeError | None]:
        async with task_group() as both:
            audit = both.create_task(self._ask_judge(request))
            answer = both.create_task(self._assess(deal, shown))
        return answer.result(), audit.result()

    async def _one_after_the_other(
        self, deal: Deal, shown: Note, request: AuditRequest
    ) -> tuple[Answer | None, Audit | JudgeError | None]:
        """Where the engine fails there is nothing to audit for."""
        answer = await self._assess(deal, shown)
        if answer is None:
            return None, None
        return answer, await self._ask_judge(replace(request, assessment=explained(answer.assessment)))

    async def _ask_judge(self, request: AuditRequest) -> Audit | JudgeError:
        with self._flight.waiting(request.game_id, Awaited.JUDGE):
            return await ask_judge(self._judge, request)

    async def _attack(self, deal: Deal) -> Attack | None:
        note = RULES[deal.game_type].source(deal)
        turn = await self._turn(deal, Role.ATTACKER, attacker_messages(note))
        if turn is None:
            return None
        try:
            edit = parse_edit(turn.generation.text, note, truncated=turn.generation.truncated)
        except ParseViolation as violation:
            return Attack(replace(turn, violation=violation.code), None)
        return Attack(replace(turn, violation=check_edit(edit, note, self._gates)), edit)

    async def _assess(self, deal: Deal, shown: Note) -> Answer | None:
        turn = await self._turn(deal, Role.ASSESSOR, assessor_messages(shown, self._explanations))
        if turn is None:
            return None
        try:
            answer = turn.generation
            assessment = parse_assessment(answer.text, shown, truncated=answer.truncated, explain=self._explanations)
        except ParseViolation as violation:
            return Answer(replace(turn, violation=violation.code), None)
        return Answer(turn, assessment)

    async def _turn(self, deal: Deal, role: Role, messages: list[Message]) -> Turn | None:
        """What the role's engine answered, not yet read; ``None`` when it failed."""
        started = perf_counter()
        try:
            with self._flight.waiting(deal.game_id, Awaited(role)):
                generation = await generate(self._engines[role], messages, role=role, seed=deal.seed)
        except EngineError as error:
            logger.warning("game %d: no %s turn (%s: %s)", deal.game_id, role, type(error).__name__, error)
            return None
        return Turn(role, generation, thinking=thinking_of(generation.text), seconds=perf_counter() - started)


def conclude(
    deal: Deal, shown: Note, attack: Attack | None, answer: Answer | None, audit: Audit | JudgeError | None
) -> Game:
    """The finished game: its outcome, and all that was said in it.

    Without an attacker there is neither ``attack`` nor ``audit``; without an ``answer`` the assessor's engine failed,
    and there may be no ``audit`` either.
    """
    outcome, reason = decide(answer, audit)
    return Game(
        deal,
        outcome,
        shown=shown,
        edit=attack.edit if attack else None,
        turns=tuple(move.turn for move in (attack, answer) if move),
        assessment=answer.assessment if answer else None,
        audit=audit if isinstance(audit, Audit) else None,
        reason=reason,
    )


def decide(answer: Answer | None, audit: Audit | JudgeError | None) -> tuple[Outcome, str | None]:
    """How a game ended, and the reason code; the order of the cases is their precedence."""
    if answer is None:
        return Outcome.ENGINE_FAILED, Role.ASSESSOR
    # A judge that abstains has read the edit and cannot tell: the attacker's doing, no failure.
    if isinstance(audit, JudgeAbstained):
        return Outcome.QUARANTINED, audit.kind
    if isinstance(audit, JudgeError):
        return Outcome.JUDGE_FAILED, audit.kind
    # By construction the edit is an error. Only a judge that says so too confirms it.
    if audit is not None and audit.is_error is not True:
        return Outcome.QUARANTINED, audit.reason
    if answer.assessment is None:
        return Outcome.MALFORMED, answer.turn.violation
    return Outcome.COUNTED, None


def thinking_of(text: str) -> str:
    """The reasoning in an answer, or nothing where it has no readable part."""
    try:
        return split_thinking(text)[0]
    except ParseViolation:
        return ""
