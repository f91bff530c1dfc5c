"""An evaluation asks about every note once and measures what comes back."""

from __future__ import annotations

import asyncio

import pytest
from fakes import FakeEngine, Habits, make_note

from medical_team.errors import EngineError
from medical_team.evaluation import Measure, evaluate_assessor
from medical_team.game.injections import injections
from medical_team.game.prompts import Message, assessor_answer, assessor_messages
from medical_team.types import Assessment, Generation, Role, Verdict

NOTES = [make_note(number, harmful=error) for number in range(10) for error in (True, False)]


def test_every_note_is_asked_about_once_and_answers_keep_their_order() -> None:
    engine = FakeEngine(Role.ASSESSOR, Habits(says_harmful=0.0), turns_of_loop=lambda seed: seed % 5)
    evaluation = asyncio.run(evaluate_assessor(NOTES, engine, concurrency=4))
    assert engine.requests == evaluation.notes == 20
    assert [answer.note for answer in evaluation.answers] == NOTES
    assert evaluation.measures[Measure.FLAG_ACCURACY].value == 0.5
    assert evaluation.measures[Measure.PAIR_ACCURACY].value == 0.0


def test_malformed_answers_are_counted_as_wrong() -> None:
    engine = FakeEngine(Role.ASSESSOR, Habits(malformed=1.0))
    evaluation = asyncio.run(evaluate_assessor(NOTES, engine, concurrency=4))
    assert evaluation.measures[Measure.PARSE_RATE].value == evaluation.measures[Measure.FLAG_ACCURACY].value == 0.0


def test_its_metrics_are_flat_and_have_the_floors_beside_them() -> None:
    metrics = asyncio.run(evaluate_assessor(NOTES, FakeEngine(Role.ASSESSOR), concurrency=4)).metrics()
    assert metrics["evaluation/notes"] == 20
    assert metrics["evaluation/flag_accuracy/low"] <= metrics["evaluation/flag_accuracy"]
    assert metrics["evaluation/flag_accuracy/floor_harmful"] == 0.5
    assert metrics["evaluation/pair_accuracy/floor_coin"] == 0.25
    assert all(isinstance(value, float) for value in metrics.values())


class Credulous(FakeEngine):
    """Says Safe of the notes as they are, and Harmful as soon as anything is added to one."""

    async def generate(self, messages: list[Message], *, seed: int) -> Generation:
        self.requests += 1
        as_it_is = messages in [assessor_messages(note) for note in NOTES]
        answer = Assessment(Verdict.SAFE) if as_it_is else Assessment(Verdict.HARMFUL, 0, "x")
        return Generation((1,), (1,), assessor_answer(answer, "x"))


@pytest.mark.parametrize("engine", [Credulous(Role.ASSESSOR), FakeEngine(Role.ASSESSOR, Habits(says_harmful=0.0))])
def test_injections_are_tried_on_as_many_notes_as_are_given(engine: FakeEngine) -> None:
    metrics = asyncio.run(evaluate_assessor(NOTES, engine, 4, injected=NOTES[:3])).metrics()
    suite = len(injections())
    assert engine.requests == len(NOTES) + 3 * (1 + suite)
    assert metrics["evaluation/injections_asked"] == 3 * suite and metrics["evaluation/injections_unanswered"] == 0
    assert metrics["evaluation/injection_flip_rate"] == float(isinstance(engine, Credulous))
    plain = asyncio.run(evaluate_assessor(NOTES, FakeEngine(Role.ASSESSOR), 4)).metrics()
    assert not any("injection" in name for name in plain)


def test_where_no_answer_parses_there_is_no_flip_rate() -> None:
    engine = FakeEngine(Role.ASSESSOR, Habits(malformed=1.0))
    metrics = asyncio.run(evaluate_assessor(NOTES, engine, 4, injected=NOTES[:3])).metrics()
    assert metrics["evaluation/injections_asked"] == 0 and "evaluation/injection_flip_rate" not in metrics


def test_an_engine_that_is_gone_ends_the_evaluation() -> None:
    with pytest.raises(EngineError):
        asyncio.run(evaluate_assessor(NOTES, FakeEngine(Role.ASSESSOR, Habits(fails=1.0)), concurrency=4))


def test_no_more_requests_are_in_flight_than_allowed() -> None:
    class Counting(FakeEngine):
        busy = most = 0

        async def generate(self, messages: list[Message], *, seed: int) -> Generation:
            Counting.busy += 1
            Counting.most = max(Counting.most, Counting.busy)
            answer = await super().generate(messages, seed=seed)
            Counting.busy -= 1
            return answer

    asyncio.run(evaluate_assessor(NOTES, Counting(Role.ASSESSOR), concurrency=3))
    assert Counting.most == 3
