"""What rewards are counted from: means over the newest steps, the same in a resumed run, frozen within a step."""

from __future__ import annotations

import asyncio
import json

import pytest
from fakes import ALL_EQUAL, FakeAuditor, FakeDeck, FakeEngine, Habits, generation, make_note

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.manager import MedicalGameManager
from medical_team.manager.baselines import ENOUGH_CASES, KEPT_STEPS, START_CASES, RunningBaselines
from medical_team.types import (
    NOTHING_MEASURED,
    Assessment,
    Baselines,
    Deal,
    Game,
    GameType,
    Outcome,
    Role,
    Turn,
    Verdict,
)

NOTE = make_note(0, harmful=True)
ASSESSOR = (Role.ASSESSOR,)


def game(answer: Assessment | None, text: str = "") -> Game:
    outcome = Outcome.COUNTED if answer else Outcome.MALFORMED
    turns = (Turn(Role.ASSESSOR, generation(text)),)
    return Game(Deal(0, GameType.VANILLA_HARMFUL, NOTE, 0), outcome, shown=NOTE, turns=turns, assessment=answer)


def harmful(sentence: int, correction: str = "-") -> Assessment:
    return Assessment(Verdict.HARMFUL, sentence, correction)


def after(*games: Game, trained: tuple[Role, ...] = ASSESSOR) -> Baselines:
    running = RunningBaselines()
    for one in games:
        running.add(one, trained)
    assert running.current == NOTHING_MEASURED, "frozen within a step"
    return running.end_step()


def weighed(cases: list[float], start: float) -> float:
    return pytest.approx((sum(cases) + START_CASES * start) / (len(cases) + START_CASES))


def test_each_is_a_mean_over_the_answers_that_are_trained_on() -> None:
    right = NOTE.corrected_sentence or ""
    games = [game(harmful(2, right)), game(harmful(2)), game(harmful(3)), game(Assessment(Verdict.SAFE))]
    broken = [game(None, "<think>x</think>verdict: Harmful"), game(None, "nothing")]
    averages = after(*games, *broken)
    assert averages.hit_rate == weighed([1, 1, 0], NOTHING_MEASURED.hit_rate)
    assert averages.malformed_harmful == weighed([0, 0, 0, 1], 0.0)
    assert averages.malformed_safe == weighed([0], 0.0)
    assert after(*games, *broken, trained=()) == NOTHING_MEASURED, "what is not trained on does not count"


def test_old_steps_are_forgotten() -> None:
    running = RunningBaselines()
    for sentence in (3, 2):
        for _ in range(ENOUGH_CASES):
            running.add(game(harmful(sentence)), ASSESSOR)
        running.end_step()
    assert running.current.hit_rate == weighed([1] * ENOUGH_CASES, NOTHING_MEASURED.hit_rate)


def test_what_is_rarely_seen_is_remembered_for_longer_and_not_for_ever() -> None:
    running = RunningBaselines()
    for _ in range(20):
        running.add(game(None, "verdict: Harmful"), ASSESSOR)
    for left in reversed(range(KEPT_STEPS)):
        running.end_step()
        assert running.current.malformed_harmful == weighed([1] * 20, 0.0), left
        for _ in range(2 * ENOUGH_CASES):
            running.add(game(Assessment(Verdict.SAFE)), ASSESSOR)
    assert running.end_step().malformed_harmful == 0.0
    assert len(running.state()) == KEPT_STEPS


def test_a_resumed_run_scores_as_the_first_one_would_and_records_what_it_scored_with() -> None:
    def manager() -> tuple[MedicalGameManager, list[Game]]:
        games: list[Game] = []
        habits = Habits(malformed=0.1)
        return MedicalGameManager(
            FakeDeck(),
            {role: FakeEngine(role, habits) for role in Role},
            FakeAuditor(cannot_tell=0.2),
            mix=ALL_EQUAL,
            gates=GatesConfig(),
            rewards=RewardsConfig(),
            concurrency=16,
            max_deals_factor=4.0,
            record=games.append,
        ), games

    first, games = manager()
    steps = [asyncio.run(first.collect(48)) for _ in range(2)]
    assert {one.baselines for one in games} == {step.stats.baselines for step in steps}
    assert steps[0].stats.baselines == NOTHING_MEASURED != steps[1].stats.baselines
    resumed, _ = manager()
    resumed.restore(json.loads(json.dumps(first.state())))
    one, other = (asyncio.run(each.collect(48)) for each in (first, resumed))
    assert (one.samples, one.stats.baselines) == (other.samples, other.stats.baselines)
