"""Batches of audits: who waits how long, and what a judge's failure becomes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from fakes import make_note

from medical_team.errors import JudgeError, JudgeMalformed, JudgeOutage, JudgeTimeout, JudgeUnreachable
from medical_team.judge import AuditRequest, BatchedJudge, FailureKind, JudgeFailure
from medical_team.types import Audit, Edit, ErrorType, GameType


class RecordingJudge:
    """Agrees with everything and remembers the batches it got."""

    name = "recording"

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Any]:
        self.batches.append([request.game_id for request in requests])
        return [Audit(True, self.name, f"game-{request.game_id}") for request in requests]


def request(game_id: int) -> AuditRequest:
    note = make_note(game_id, harmful=False)
    return AuditRequest(game_id, GameType.ADVERSARIAL_BENIGN, note, Edit(0, "x", ErrorType.DIAGNOSIS), note)


def batched(judge: Any, batch_size: int = 4, max_wait_s: float = 0.001, deadline_s: float = 5.0) -> BatchedJudge:
    return BatchedJudge(judge, batch_size=batch_size, max_wait_s=max_wait_s, deadline_s=deadline_s)


async def ask(judge: BatchedJudge, count: int) -> list[Any]:
    return await asyncio.gather(*(judge.audit_one(request(number)) for number in range(count)), return_exceptions=True)


def test_concurrent_requests_share_batches_and_each_gets_its_own_audit() -> None:
    judge = RecordingJudge()
    audits = asyncio.run(ask(batched(judge), 10))
    assert judge.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [audit.reason for audit in audits] == [f"game-{number}" for number in range(10)]


def test_a_full_batch_does_not_wait_for_the_timer() -> None:
    assert len(asyncio.run(asyncio.wait_for(ask(batched(RecordingJudge(), max_wait_s=3600), 4), timeout=10))) == 4


def test_a_lone_request_is_sent_when_it_has_waited() -> None:
    judge = RecordingJudge()
    assert asyncio.run(ask(batched(judge, batch_size=100), 1))[0].is_error
    assert judge.batches == [[0]]


def test_a_judge_that_does_not_answer_in_time_is_a_timeout_for_all_of_its_batch() -> None:
    class Silent(RecordingJudge):
        async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Any]:
            await asyncio.Event().wait()
            return []

    failures = asyncio.run(ask(batched(Silent(), deadline_s=0.01), 3))
    assert [type(failure) for failure in failures] == [JudgeTimeout] * 3
    assert len({id(failure) for failure in failures}) == 3


@pytest.mark.parametrize(
    "raised, expected",
    [
        (ConnectionResetError("gone"), JudgeUnreachable),
        (JudgeUnreachable("no host"), JudgeUnreachable),
        (TimeoutError(), JudgeTimeout),
        (JudgeError("out of memory"), JudgeError),
        (ZeroDivisionError("a bug"), ZeroDivisionError),
        (asyncio.CancelledError(), JudgeUnreachable),
    ],
)
def test_what_a_judge_raises_reaches_every_requester(raised: BaseException, expected: type[Exception]) -> None:
    class Raising(RecordingJudge):
        async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Any]:
            raise raised

    assert [type(failure) for failure in asyncio.run(ask(batched(Raising()), 2))] == [expected] * 2


def test_a_failure_of_one_request_is_its_own() -> None:
    class Partly(RecordingJudge):
        async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Any]:
            answers = await super().audit(requests, deadline_s)
            answers[1] = JudgeFailure(FailureKind.UNREACHABLE)
            answers[2] = "wrong"
            return answers

    first, second, third, fourth = asyncio.run(ask(batched(Partly()), 4))
    assert first.is_error and fourth.is_error
    assert (type(second), type(third)) == (JudgeUnreachable, JudgeMalformed)


@pytest.mark.parametrize("number", [0, 3, 5])
def test_another_number_of_audits_than_requests_is_malformed(number: int) -> None:
    class Miscounting(RecordingJudge):
        async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Any]:
            return [Audit(True, self.name, "ok")] * number

    failures = asyncio.run(ask(batched(Miscounting()), 4))
    assert [type(failure) for failure in failures] == [JudgeMalformed] * 4


@pytest.mark.parametrize("kind", list(FailureKind))
def test_every_kind_of_failure_is_the_error_of_that_kind(kind: FailureKind) -> None:
    assert JudgeFailure(kind).error().kind == kind


@pytest.mark.parametrize("realism", [-0.1, 1.1, 5.0, float("nan"), float("inf")])
def test_realism_out_of_its_range_is_no_audit(realism: float) -> None:
    """It is paid for, so that a value without a bound would be a reward without one."""

    class Generous(RecordingJudge):
        async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Any]:
            return [Audit(True, self.name, "wrong", realism=realism) for _ in requests]

    (answer,) = asyncio.run(ask(batched(Generous()), 1))
    assert isinstance(answer, JudgeMalformed)


def test_a_requester_that_gives_up_does_not_take_the_others_along() -> None:
    async def run() -> list[Any]:
        judge = batched(RecordingJudge(), batch_size=3, max_wait_s=0.01)
        tasks = [asyncio.create_task(judge.audit_one(request(number))) for number in range(2)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    cancelled, audit = asyncio.run(run())
    assert isinstance(cancelled, asyncio.CancelledError)
    assert audit.reason == "game-1"


def test_a_requester_may_give_up_while_its_audit_is_under_way() -> None:
    class Waiting(RecordingJudge):
        async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Any]:
            tasks[0].cancel()
            await asyncio.sleep(0)
            return await super().audit(requests, deadline_s)

    async def run() -> list[Any]:
        judge = batched(Waiting(), batch_size=2)
        tasks.extend(asyncio.create_task(judge.audit_one(request(number))) for number in range(2))
        return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), timeout=10)

    tasks: list[asyncio.Task[Audit]] = []
    cancelled, audit = asyncio.run(run())
    assert isinstance(cancelled, asyncio.CancelledError)
    assert audit.reason == "game-1"


def test_a_cancelled_event_loop_leaves_nothing_for_the_next_one() -> None:
    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(judge.audit_one(request(0)), timeout=0.001)

    judge = batched(RecordingJudge(), batch_size=100, max_wait_s=0.05)
    asyncio.run(give_up())
    assert asyncio.run(asyncio.wait_for(ask(judge, 1), timeout=10))[0].is_error


def test_a_batch_that_nobody_waits_for_is_given_up() -> None:
    class Endless(RecordingJudge):
        async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Any]:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.batches.append([])
                raise
            return []

    async def run() -> int:
        tasks = [asyncio.create_task(batched(judge, batch_size=1).audit_one(request(0))) for _ in range(2)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(asyncio.all_tasks())

    judge = Endless()
    assert asyncio.run(run()) == 1, "only this one is left"
    assert judge.batches == [[], []]


def test_an_outage_is_everybodys_own_exception() -> None:
    class Away(RecordingJudge):
        async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Any]:
            raise JudgeOutage("the judge has been away for too long")

    failures = asyncio.run(ask(batched(Away()), 3))
    assert [type(failure) for failure in failures] == [JudgeOutage] * 3
    assert len({id(failure) for failure in failures}) == 3
