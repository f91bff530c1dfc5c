"""One game: who is asked, in what order, and what outcome the answers make."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fakes import FakeAuditor, FakeEngine, Habits, generation, make_note
from hypothesis import given
from hypothesis import strategies as st

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.errors import EngineError, JudgeError, JudgeTimeout
from medical_team.game.prompts import Message
from medical_team.manager.engine import generate, request_seed
from medical_team.manager.referee import Answer, Referee, decide
from medical_team.rewards.pricing import class_prices
from medical_team.types import Assessment, Audit, Deal, Game, GameType, Generation, Outcome, Role, Turn, Verdict

GOOD = Habits()


def play(
    game_type: GameType, attacker: Habits = GOOD, assessor: Habits = GOOD, judge: Any = None, game_id: int = 0
) -> tuple[Game, dict[Role, FakeEngine]]:
    harmful = game_type in (GameType.VANILLA_HARMFUL, GameType.ADVERSARIAL_HARMFUL)
    deal = Deal(game_id, game_type, make_note(game_id, harmful=harmful), seed=game_id)
    engines = {
        Role.ATTACKER: FakeEngine(Role.ATTACKER, attacker),
        Role.ASSESSOR: FakeEngine(Role.ASSESSOR, assessor),
    }
    referee = Referee(
        engines, judge or FakeAuditor(), gates=GatesConfig(), rewards=RewardsConfig(), prices=class_prices(0.75)
    )
    return asyncio.run(referee.play(deal)), engines


@pytest.mark.parametrize("game_type", [GameType.VANILLA_HARMFUL, GameType.VANILLA_BENIGN])
def test_a_vanilla_game_is_the_assessors_alone(game_type: GameType) -> None:
    game, engines = play(game_type)
    assert game.outcome is Outcome.COUNTED
    assert game.shown == game.deal.note
    assert [turn.role for turn in game.turns] == [Role.ASSESSOR]
    assert engines[Role.ATTACKER].requests == 0 and game.audit is None


@pytest.mark.parametrize("game_type", [GameType.ADVERSARIAL_HARMFUL, GameType.ADVERSARIAL_BENIGN])
def test_an_adversarial_game_shows_the_edit_and_nothing_else_wrong(game_type: GameType) -> None:
    game, _ = play(game_type)
    assert game.outcome is Outcome.COUNTED
    assert [turn.role for turn in game.turns] == [Role.ATTACKER, Role.ASSESSOR]
    assert game.shown is not None and game.edit is not None and game.audit is not None
    assert game.shown.error_sentence_id == game.edit.sentence_id
    assert game.shown.sentences[game.edit.sentence_id] == game.edit.replacement
    assert game.turns[0].thinking == "where it hurts"
    assert game.rewards[Role.ATTACKER].zero_sum == -game.rewards[Role.ASSESSOR].zero_sum


@pytest.mark.parametrize("habits, reason", [(Habits(malformed=1), "no_think"), (Habits(truncated=1), "truncated")])
def test_an_attack_that_does_not_parse_is_gated_and_nobody_is_shown_it(habits: Habits, reason: str) -> None:
    game, engines = play(GameType.ADVERSARIAL_BENIGN, attacker=habits)
    assert (game.outcome, game.reason, game.edit) == (Outcome.GATED, reason, None)
    assert engines[Role.ASSESSOR].requests == 0
    assert set(game.rewards) == {Role.ATTACKER}


def test_an_edit_that_fails_a_gate_is_kept_in_the_record() -> None:
    game, engines = play(GameType.ADVERSARIAL_BENIGN, attacker=Habits(no_op=1))
    assert (game.outcome, game.reason) == (Outcome.GATED, "no_op")
    assert game.edit is not None and engines[Role.ASSESSOR].requests == 0


@pytest.mark.parametrize(
    "judge, assessor, outcome, reason",
    [
        (FakeAuditor(), Habits(malformed=1), Outcome.MALFORMED, "no_think"),
        (FakeAuditor(), Habits(truncated=1), Outcome.MALFORMED, "truncated"),
        (FakeAuditor(disagrees=1), Habits(), Outcome.QUARANTINED, "still_right"),
        (FakeAuditor(cannot_tell=1), Habits(), Outcome.QUARANTINED, "untold"),
        (FakeAuditor(disagrees=1), Habits(malformed=1), Outcome.QUARANTINED, "still_right"),
        (FakeAuditor(fails=1), Habits(malformed=1), Outcome.JUDGE_FAILED, "timeout"),
        (FakeAuditor(fails=1), Habits(fails=1), Outcome.ENGINE_FAILED, "assessor"),
    ],
)
def test_outcomes_and_their_reasons(judge: FakeAuditor, assessor: Habits, outcome: Outcome, reason: str) -> None:
    game, _ = play(GameType.ADVERSARIAL_BENIGN, assessor=assessor, judge=judge)
    assert (game.outcome, game.reason) == (outcome, reason)
    assert game.turn(Role.ATTACKER) is not None, "what the attacker wrote stays in the record"


def test_an_attacker_without_an_engine_ends_the_game() -> None:
    game, _ = play(GameType.ADVERSARIAL_BENIGN, attacker=Habits(fails=1))
    assert (game.outcome, game.reason, game.rewards) == (Outcome.ENGINE_FAILED, "attacker", {})


def test_audit_and_assessment_run_at_the_same_time() -> None:
    """Each waits until the other has begun, which would never end if one came first."""

    class Auditor(FakeAuditor):
        async def audit_one(self, request: Any) -> Audit:
            audit_began.set()
            await assessor_began.wait()
            return await super().audit_one(request)

    class Assessor(FakeEngine):
        async def generate(self, messages: list[Message], *, seed: int) -> Generation:
            assessor_began.set()
            await audit_began.wait()
            return await super().generate(messages, seed=seed)

    async def run() -> Game:
        nonlocal audit_began, assessor_began
        audit_began, assessor_began = asyncio.Event(), asyncio.Event()
        deal = Deal(0, GameType.ADVERSARIAL_BENIGN, make_note(0, harmful=False), seed=0)
        return await asyncio.wait_for(referee.play(deal), timeout=10)

    audit_began: Any = None
    assessor_began: Any = None
    engines = {Role.ATTACKER: FakeEngine(Role.ATTACKER), Role.ASSESSOR: Assessor(Role.ASSESSOR)}
    referee = Referee(engines, Auditor(), gates=GatesConfig(), rewards=RewardsConfig(), prices=class_prices(0.75))
    assert asyncio.run(run()).outcome is Outcome.COUNTED


ANSWERS = st.sampled_from(
    [
        None,
        Answer(Turn(Role.ASSESSOR, generation("")), Assessment(Verdict.SAFE)),
        Answer(Turn(Role.ASSESSOR, generation(""), violation="no_think"), None),
    ]
)
AUDITS = st.sampled_from(
    [None, JudgeTimeout("late"), Audit(True, "j", "wrong"), Audit(False, "j", "right"), Audit(None, "j", "untold")]
)


@given(answer=ANSWERS, audit=AUDITS)
def test_the_first_outcome_that_applies_is_the_games(answer: Answer | None, audit: Audit | JudgeError | None) -> None:
    applies = {
        Outcome.ENGINE_FAILED: answer is None,
        Outcome.JUDGE_FAILED: isinstance(audit, JudgeError),
        Outcome.QUARANTINED: isinstance(audit, Audit) and not audit.is_error,
        Outcome.MALFORMED: answer is not None and answer.assessment is None,
        Outcome.COUNTED: True,
    }
    outcome, reason = decide(answer, audit)
    assert outcome is next(kind for kind, holds in applies.items() if holds)
    assert (reason is None) == (outcome is Outcome.COUNTED)


def test_a_failed_request_is_repeated_once_with_another_seed() -> None:
    class Flaky(FakeEngine):
        def __init__(self, failures: int) -> None:
            super().__init__(Role.ASSESSOR)
            self.failures = failures
            self.seeds: list[int] = []

        async def generate(self, messages: list[Message], *, seed: int) -> Generation:
            self.seeds.append(seed)
            if len(self.seeds) <= self.failures:
                raise EngineError("lost")
            return generation("back", seed)

    once, twice = Flaky(1), Flaky(2)
    assert asyncio.run(generate(once, [], role=Role.ASSESSOR, seed=5)).text == "back"
    assert once.seeds == [request_seed(5, Role.ASSESSOR, 0), request_seed(5, Role.ASSESSOR, 1)]
    with pytest.raises(EngineError):
        asyncio.run(generate(twice, [], role=Role.ASSESSOR, seed=5))
    assert len(twice.seeds) == 2


def test_request_seeds_are_stable_and_apart() -> None:
    # A fixed value: a resumed run, in another process, must sample what this one would.
    assert request_seed(17, Role.ATTACKER, 0) == 2875639984271983534
    seeds = {request_seed(game, role, attempt) for game in range(100) for role in Role for attempt in range(2)}
    assert len(seeds) == 400 and all(0 <= seed < 2**63 for seed in seeds)
