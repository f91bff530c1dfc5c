"""What happened in the games of a step, as counts and sums: updated game by game, so that no game is kept.

The manager drives it; ``metrics.summarise`` makes named numbers of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum

from medical_team.types import Game, GameType, Outcome, RewardTerms, Role, Verdict

TRAINED: dict[Outcome, tuple[Role, ...]] = {
    Outcome.COUNTED: (Role.ATTACKER, Role.ASSESSOR),
    Outcome.GATED: (Role.ATTACKER,),
    Outcome.MALFORMED: (Role.ASSESSOR,),
    Outcome.QUARANTINED: (Role.ATTACKER,),
}
"""Whose turn in a game may be trained on; in any other outcome nobody's."""

REWARD_PARTS = ("total", *(term.name for term in fields(RewardTerms)))


class Question(StrEnum):
    """What an audit answers with yes, no or nothing; named as the fields of ``Audit``."""

    IS_ERROR = "is_error"
    KEEPS_TO_TYPE = "keeps_to_type"
    EXPLANATION_RIGHT = "explanation_right"


class Phase(StrEnum):
    """What time is spent on."""

    ATTACKER = "attacker"
    ASSESSOR = "assessor"
    JUDGE = "judge"
    GAME = "game"
    """A whole game, the waiting between its turns included."""


@dataclass(slots=True)
class Spread:
    """Number, sum and largest of some values; the largest is 0 at least, as it is of times."""

    count: int = 0
    total: float = 0.0
    largest: float = 0.0

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.largest = max(self.largest, value)

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0


@dataclass(slots=True)
class GameTally:
    """Counts and sums over finished games, of all outcomes and whether or not their samples were used.

    Attributes:
        outcomes: Games by type and how they ended.
        reasons: Games that were not counted, by how they ended and the reason code.
        turns: Answers by role and game type.
        violations: Answers that did not parse or failed a gate, by role, game type and reason code.
        right: Counted games in which the verdict was right.
        located: Counted games with an error in which the assessor named its sentence.
        audits: Audits by game type and reason code.
        opinions: Audits by game type, question and answer; ``None`` where it cannot be told or was not asked. A judge
            that abstains cannot tell whether the edit is an error.
        judge_failures: Games without an audit, by game type and kind of failure; abstentions are among them.
        prompt_tokens, response_tokens: Tokens read and written by each role.
        truncated: Answers that the token limit ended.
        seconds: Time by phase; phases overlap, so their sums may exceed the time that passed.
        rewards: Rewards of the turns that may be trained on, by role and part (the terms and their total).
        totals: The same rewards' totals, by role and game type.
    """

    outcomes: Counter[tuple[GameType, Outcome]] = field(default_factory=Counter)
    reasons: Counter[tuple[Outcome, str]] = field(default_factory=Counter)
    turns: Counter[tuple[Role, GameType]] = field(default_factory=Counter)
    violations: Counter[tuple[Role, GameType, str]] = field(default_factory=Counter)
    right: Counter[GameType] = field(default_factory=Counter)
    located: Counter[GameType] = field(default_factory=Counter)
    audits: Counter[tuple[GameType, str]] = field(default_factory=Counter)
    opinions: Counter[tuple[GameType, Question, bool | None]] = field(default_factory=Counter)
    judge_failures: Counter[tuple[GameType, str]] = field(default_factory=Counter)
    prompt_tokens: Counter[Role] = field(default_factory=Counter)
    response_tokens: Counter[Role] = field(default_factory=Counter)
    truncated: Counter[Role] = field(default_factory=Counter)
    seconds: dict[Phase, Spread] = field(default_factory=lambda: defaultdict(Spread))
    rewards: dict[tuple[Role, str], Spread] = field(default_factory=lambda: defaultdict(Spread))
    totals: dict[tuple[Role, GameType], Spread] = field(default_factory=lambda: defaultdict(Spread))

    def add(self, game: Game) -> None:
        game_type = game.deal.game_type
        self.outcomes[game_type, game.outcome] += 1
        if game.outcome is not Outcome.COUNTED:
            self.reasons[game.outcome, reason_of(game)] += 1
        self.seconds[Phase.GAME].add(game.seconds)
        self._add_turns(game)
        self._add_audit(game)
        self._add_result(game)
        for role, terms in trained_rewards(game):
            self.totals[role, game_type].add(terms.total)
            for part in REWARD_PARTS:
                self.rewards[role, part].add(getattr(terms, part))

    @property
    def games(self) -> int:
        return self.outcomes.total()

    def _add_turns(self, game: Game) -> None:
        for turn in game.turns:
            self.turns[turn.role, game.deal.game_type] += 1
            if turn.violation is not None:
                self.violations[turn.role, game.deal.game_type, turn.violation] += 1
            self.truncated[turn.role] += turn.generation.truncated
            self.prompt_tokens[turn.role] += len(turn.generation.prompt_ids)
            self.response_tokens[turn.role] += len(turn.generation.response_ids)
            self.seconds[Phase(turn.role.value)].add(turn.seconds)

    def _add_audit(self, game: Game) -> None:
        if game.audit is not None:
            self.audits[game.deal.game_type, game.audit.reason] += 1
            for question in Question:
                self.opinions[game.deal.game_type, question, getattr(game.audit, question)] += 1
            self.seconds[Phase.JUDGE].add(game.audit.seconds)
        elif game.outcome in (Outcome.JUDGE_FAILED, Outcome.QUARANTINED):
            self.judge_failures[game.deal.game_type, game.reason or "failed"] += 1
            if game.outcome is Outcome.QUARANTINED:
                self.opinions[game.deal.game_type, Question.IS_ERROR, None] += 1

    def _add_result(self, game: Game) -> None:
        if game.outcome is not Outcome.COUNTED or game.assessment is None or game.shown is None:
            return
        truth, answer = game.shown, game.assessment
        self.right[game.deal.game_type] += answer.verdict is truth.truth
        self.located[game.deal.game_type] += (
            answer.verdict is Verdict.HARMFUL and truth.has_error and answer.sentence_id == truth.error_sentence_id
        )


def reason_of(game: Game) -> str:
    """Why a game was not counted, in this program's own words: what a judge gives as its reason may be anything."""
    if game.outcome is Outcome.QUARANTINED:
        return "untold" if game.audit is None or game.audit.is_error is None else "contradicted"
    return game.reason or "unknown"


def trained_rewards(game: Game) -> Iterator[tuple[Role, RewardTerms]]:
    """The roles of a game whose turn may be trained on, with their rewards, in the order of their turns."""
    allowed = TRAINED.get(game.outcome, ())
    for turn in game.turns:
        if turn.role in allowed:
            yield turn.role, game.rewards[turn.role]
