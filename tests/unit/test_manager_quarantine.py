"""A judge that contradicts the construction too often, or can tell nearly nothing, stops the run; each has a limit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest
from fakes import ALL_EQUAL, FakeAuditor, FakeDeck, FakeEngine
from hypothesis import given
from hypothesis import strategies as st

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.errors import QuarantineLimit, UntoldLimit
from medical_team.manager import GameTally, MedicalGameManager
from medical_team.manager.quarantine import ENOUGH_AUDITS, QuarantineWatch
from medical_team.manager.tally import Question
from medical_team.types import GameType, Outcome, Role

KIND = GameType.ADVERSARIAL_BENIGN


def tally(confirmed: int, contradicted: int, untold: int = 0, kind: GameType = KIND) -> GameTally:
    games = GameTally()
    for answer, count in ((True, confirmed), (False, contradicted), (None, untold)):
        games.opinions[kind, Question.IS_ERROR, answer] += count
    return games


def watch(steps: Sequence[GameTally], limit: float = 0.5, untold_limit: float = 1.0) -> QuarantineWatch:
    watched = QuarantineWatch(limit, untold_limit)
    for step in steps:
        watched.add(step)
    return watched


def test_above_the_limit_the_sentence_has_the_numbers_by_type() -> None:
    step = tally(10, 20)
    step.opinions[GameType.ADVERSARIAL_HARMFUL, Question.IS_ERROR, False] += 10
    with pytest.raises(QuarantineLimit) as caught:
        watch([step]).check()
    assert "30 of 40 audited games" in str(caught.value)
    assert "adversarial_harmful 10 of 10, adversarial_benign 20 of 30" in str(caught.value)
    assert "judge.max_quarantine = 0.5" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("step", "limit"),
    [
        (tally(20, 20), 0.5),
        (tally(0, 0, untold=400), 0.1),
        (tally(5, 10, untold=25), 0.5),
        (tally(0, ENOUGH_AUDITS - 1), 0.5),
        (tally(0, 400), 1.0),
        (GameTally(), 0.5),
    ],
)
def test_at_the_limit_below_it_and_before_there_is_enough_to_say_it_goes_on(step: GameTally, limit: float) -> None:
    watch([step], limit).check()


def test_small_steps_are_looked_at_together() -> None:
    steps = [tally(1, 3)] * (ENOUGH_AUDITS // 4)
    watch(steps[:-1]).check()
    with pytest.raises(QuarantineLimit, match=f"24 of {ENOUGH_AUDITS}"):
        watch(steps).check()


def test_a_large_step_is_looked_at_alone() -> None:
    watch([tally(0, 20), tally(100, 10)]).check()
    with pytest.raises(QuarantineLimit, match="60 of 100 "):
        watch([tally(1000, 0), tally(40, 60)]).check()


def test_what_cannot_be_told_has_a_limit_and_a_sentence_of_its_own() -> None:
    watched = QuarantineWatch(0.5, 0.9)
    watched.add(tally(2, 2, untold=36))
    watched.check()
    watched.add(tally(0, 0, untold=40))
    with pytest.raises(UntoldLimit) as caught:
        watched.check()
    assert "cannot tell whether the edit is an error in 40 of 40 audited games" in str(caught.value)
    assert "judge.max_untold = 0.9" in str(caught.value) and "judge.name" in str(caught.value)
    assert "model.path" in str(caught.value) and "\n" not in str(caught.value)
    assert isinstance(caught.value, QuarantineLimit), "the run saves and ends in the same way"


def test_a_state_from_before_untold_audits_were_counted_is_read() -> None:
    watched = QuarantineWatch(0.5, 0.9)
    watched.restore([{str(KIND): [40, 30]}])
    with pytest.raises(QuarantineLimit, match="30 of 40"):
        watched.check()


COUNTS = st.integers(0, 40)


@given(st.lists(st.tuples(COUNTS, COUNTS, COUNTS), max_size=12), st.floats(0.05, 1.0))
def test_a_resumed_watch_says_what_the_first_one_would(counts: list[tuple[int, int, int]], limit: float) -> None:
    def verdict(watched: QuarantineWatch) -> str | None:
        try:
            watched.check()
        except QuarantineLimit as error:
            return str(error)
        return None

    watched = watch([tally(*step) for step in counts], limit, limit)
    resumed = QuarantineWatch(limit, limit)
    resumed.restore(json.loads(json.dumps(watched.state())))
    for one in (watched, resumed):
        one.add(tally(3, 4))
    assert verdict(watched) == verdict(resumed)
    assert len(resumed.state()) <= ENOUGH_AUDITS + 1


def make_manager(judge: FakeAuditor, max_quarantine: float = 0.5) -> MedicalGameManager:
    return MedicalGameManager(
        FakeDeck(),
        {role: FakeEngine(role) for role in Role},
        judge,
        mix=ALL_EQUAL,
        gates=GatesConfig(),
        rewards=RewardsConfig(),
        concurrency=64,
        max_deals_factor=8.0,
        max_quarantine=max_quarantine,
    )


def test_a_manager_with_a_contradicting_judge_still_hands_over_its_samples_and_then_says_no() -> None:
    manager = make_manager(FakeAuditor(disagrees=0.7))
    collected = asyncio.run(manager.collect(60))
    assert len(collected.samples) == 60
    with pytest.raises(QuarantineLimit):
        manager.check_quarantine()


def test_a_manager_whose_judge_cannot_tell_goes_on() -> None:
    manager = make_manager(FakeAuditor(cannot_tell=0.7), max_quarantine=0.1)
    stats = asyncio.run(manager.collect(60)).stats
    assert stats.games.outcomes[KIND, Outcome.QUARANTINED] > 0
    manager.check_quarantine()
