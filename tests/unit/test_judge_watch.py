"""Canaries: a judge that changes for the worse is set aside, once and for good."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from math import comb

import pytest

from medical_team.config import AdmissionConfig
from medical_team.data.synthetic.compose import compose_notes
from medical_team.errors import JudgeSetAside, RunInterrupted
from medical_team.judge import AuditRequest, FailureKind, Judge, JudgeFailure
from medical_team.judge.admission.probes import build_probes
from medical_team.judge.admission.watch import WatchedJudge
from medical_team.types import Audit

CANARIES = build_probes(compose_notes(200, seed=3), 16, seed=3)
TRUTH = {probe.request.game_id: probe.is_error for probe in CANARIES}
EVERY_FIVE = AdmissionConfig(canary_every=5)


class Drifting:
    """Knows every canary until it is told to change."""

    def __init__(self, name: str = "opinion-1") -> None:
        self.name = name
        self.asked = 0
        self.wrong = 0
        self.fails = False
        self.answers_wrongly: Callable[[int, int], bool] = lambda game_id, before: game_id < self.wrong
        """By the canary, and how often it was asked before."""
        self.times: Counter[int] = Counter()

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        self.asked += len(requests)
        return [self._one(request) for request in requests]

    def _one(self, request: AuditRequest) -> Audit | JudgeFailure:
        if self.fails:
            return JudgeFailure(FailureKind.TIMEOUT)
        is_error, before = TRUTH[request.game_id], self.times[request.game_id]
        self.times[request.game_id] += 1
        return Audit(is_error is not self.answers_wrongly(request.game_id, before), self.name, "drift")


class Knowing(Drifting):
    """Stands in, and knows every canary."""

    def __init__(self) -> None:
        super().__init__("code-1")


def watched(judge: Drifting, thresholds: AdmissionConfig = EVERY_FIVE, substitute: Judge | None = None) -> WatchedJudge:
    watch = WatchedJudge(judge, substitute or Knowing(), thresholds)
    watch.watch(CANARIES)
    return watch


def look(watch: WatchedJudge, step: int) -> dict[str, float]:
    return asyncio.run(watch.look(step))


def who_audits(watch: WatchedJudge) -> str:
    (audit,) = asyncio.run(watch.audit([CANARIES[0].request], 1.0))
    assert isinstance(audit, Audit)
    return audit.judge


def test_canaries_are_asked_every_so_often_and_are_metrics():
    judge = Drifting()
    watch = watched(judge)

    assert [len(look(watch, step)) for step in range(1, 11)] == [1, 1, 1, 1, 4, 1, 1, 1, 1, 4]
    assert judge.asked == 2 * len(CANARIES)
    assert look(watch, 5) == {
        "judge/set_aside": 0.0,
        "judge/canary_sensitivity": 1.0,
        "judge/canary_specificity": 1.0,
        "judge/canary_failed": 0.0,
    }


def test_a_judge_that_drifts_is_set_aside_for_good_and_says_so_once(caplog: pytest.LogCaptureFixture):
    judge = Drifting()
    watch = watched(judge)
    assert who_audits(watch) == "opinion-1"

    judge.wrong = 8
    with caplog.at_level(logging.WARNING):
        metrics = look(watch, 5)
        judge.wrong = 0
        later = [look(watch, step) for step in (10, 15)]

    assert metrics["judge/set_aside"] == 1.0 and metrics["judge/canary_sensitivity"] == 0.5
    assert later == [{"judge/set_aside": 1.0}] * 2
    assert who_audits(watch) == watch.name == "code-1"
    (message,) = caplog.messages
    assert "opinion-1 is set aside" in message and "code-1 audits from here on" in message
    written = {probe.request.edit.replacement for probe in CANARIES}
    assert not any(len(text) > 1 and text in message for text in written)


def test_one_wrong_answer_in_eight_is_within_the_thresholds():
    judge = Drifting()
    watch = watched(judge)
    judge.wrong = 2  # one of each class

    assert look(watch, 5)["judge/canary_specificity"] == pytest.approx(7 / 8)
    assert not watch.is_set_aside


def test_wrong_answers_that_are_taken_back_set_nobody_aside():
    judge = Drifting()
    watch = watched(judge)
    judge.answers_wrongly = lambda game_id, before: before == 0 and game_id < 8

    assert look(watch, 5)["judge/canary_sensitivity"] == 0.5, "the figures are those of the first asking"
    assert not watch.is_set_aside
    assert judge.times == {game_id: 2 if game_id < 8 else 1 for game_id in range(16)}, "only the wrong ones again"


def test_wrong_answers_that_are_given_again_do():
    judge = Drifting()
    watch = watched(judge)
    judge.answers_wrongly = lambda game_id, before: game_id < (8 if before == 0 else 4)

    look(watch, 5)
    assert watch.is_set_aside


def test_no_answer_the_second_time_is_no_wrong_answer():
    judge = Drifting()
    watch = watched(judge)
    judge.wrong = 4

    async def once(requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        answers = [judge._one(request) for request in requests]
        judge.fails = True
        return answers

    judge.audit = once
    look(watch, 5)
    assert judge.fails and not watch.is_set_aside


@cache
def is_set_aside(errors: int, harmless: int) -> bool:
    """What a look makes of so many canaries of the two classes that are answered wrongly both times."""
    judge = Drifting()
    watch = watched(judge)
    wrong = {probe.request.game_id for probe in [*CANARIES[::2][:errors], *CANARIES[1::2][:harmless]]}
    judge.answers_wrongly = lambda game_id, before: game_id in wrong
    look(watch, 5)
    return watch.is_set_aside


def binomial(count: int, of: int, chance: float) -> float:
    return comb(of, count) * chance**count * (1 - chance) ** (of - count)


def chance_of_being_set_aside(wrong_twice: float, errors: int = 8, harmless: int = 8) -> float:
    """Of a look, exactly, where each of so many canaries is answered wrongly both times with this chance."""
    return sum(
        binomial(i, errors, wrong_twice) * binomial(j, harmless, wrong_twice)
        for i in range(errors + 1)
        for j in range(harmless + 1)
        if is_set_aside(i, j)
    )


def within(looks: int, a_look: float) -> float:
    return 1 - (1 - a_look) ** looks


def test_a_sound_judge_is_hardly_ever_set_aside_by_chance():
    """Whose answers agree with themselves in 95%, all of them alike or the undecided ones alone."""
    assert within(10, chance_of_being_set_aside(0.05)) == pytest.approx(0.69, abs=0.01), "as it was with one asking"
    assert within(10, chance_of_being_set_aside(0.05**2)) < 0.004

    # A tenth of the probes are coins; they were right twice in a quarter of the cases, the others in 75 of 90.
    coins = 0.025 / (0.025 + 0.75)
    by_chance = sum(
        binomial(i, 8, coins) * binomial(j, 8, coins) * within(10, chance_of_being_set_aside(0.25, i, j))
        for i in range(9)
        for j in range(9)
    )
    assert by_chance < 0.03


def test_a_judge_that_drifted_is_set_aside():
    assert chance_of_being_set_aside(0.5) > 0.998, "it is wrong about every other probe, and stays so"
    assert chance_of_being_set_aside(0.5**2) > 0.86, "it tosses a coin each time"
    assert within(2, chance_of_being_set_aside(0.5**2)) > 0.98


def test_a_judge_that_does_not_answer_is_not_set_aside_for_it():
    judge = Drifting()
    watch = watched(judge)
    judge.fails = True

    assert look(watch, 5) == {"judge/set_aside": 0.0, "judge/canary_failed": 1.0}


def test_zero_steps_between_looks_are_none():
    judge = Drifting()
    watch = watched(judge, AdmissionConfig(canary_every=0))

    assert look(watch, 20) == {"judge/set_aside": 0.0}
    assert judge.asked == 0


def test_a_judge_without_canaries_is_never_asked():
    judge = Drifting()
    watch = WatchedJudge(judge, None, EVERY_FIVE)

    look(watch, 5)
    assert judge.asked == 0


def test_what_was_set_aside_stays_aside_after_a_resume():
    judge = Drifting()
    watch = watched(judge)
    judge.wrong = 16
    look(watch, 5)

    resumed = watched(Drifting())
    resumed.restore(watch.state())
    assert resumed.is_set_aside and who_audits(resumed) == "code-1"


def test_a_run_that_resumes_with_another_judge_uses_it():
    judge = Drifting()
    watch = watched(judge)
    judge.wrong = 16
    look(watch, 5)

    resumed = watched(Drifting("opinion-2"))
    resumed.restore(watch.state())
    assert not resumed.is_set_aside and who_audits(resumed) == "opinion-2"


@pytest.mark.parametrize("state", [{}, {"set_aside": None}])
def test_a_checkpoint_that_knows_of_nothing_sets_nobody_aside(state: dict[str, None]):
    watch = watched(Drifting())
    watch.restore(state)
    assert not watch.is_set_aside


class Silent:
    """Cannot tell anything."""

    name = "silent-1"

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        return [Audit(None, self.name, "untold") for _ in requests]


@pytest.mark.parametrize("is_worse", [True, False])
def test_without_a_better_judge_the_run_ends_and_the_judge_is_asked_anew_when_it_resumes(is_worse: bool):
    judge, substitute = Drifting(), Knowing()
    substitute.wrong = 12
    watch = watched(judge, substitute=substitute if is_worse else Silent())
    forgotten: list[str] = []
    watch.on_distrust(forgotten.append)
    judge.wrong = 8

    with pytest.raises(JudgeSetAside, match=r"opinion-1 is no longer to be trusted.*no better judge") as caught:
        look(watch, 5)
    assert isinstance(caught.value, RunInterrupted), "the run saves and may be resumed"
    assert forgotten == ["opinion-1"] and not watch.is_set_aside and watch.state() == {"set_aside": None}


def test_a_judge_that_decides_little_may_stand_in_where_it_is_right():
    class Careful(Knowing):
        def _one(self, request: AuditRequest) -> Audit | JudgeFailure:
            answer = super()._one(request)
            decides = not TRUTH[request.game_id] or request.game_id % 8 == 0
            return answer if decides else Audit(None, self.name, "untold")

    judge = Drifting()
    watch = watched(judge, substitute=Careful())
    judge.wrong = 8
    look(watch, 5)
    assert watch.is_set_aside and who_audits(watch) == "code-1"


def test_a_substitute_that_was_not_admitted_does_not_stand_in():
    judge = Drifting()
    watch = watched(judge)
    watch.drop_substitute()
    judge.wrong = 8
    with pytest.raises(JudgeSetAside):
        look(watch, 5)
