"""Audits in front of a judge: who waits, who is told to come back, and what nobody waits for any longer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest
from fakes import make_note
from hypothesis import given
from hypothesis import strategies as st

from medical_team.errors import JudgeAbstained, JudgeError
from medical_team.judge import AuditRequest, FailureKind, JudgeFailure
from medical_team.judge.server.asking import ask
from medical_team.judge.server.queue import AuditQueue, QueueFull
from medical_team.judge.server.throughput import Throughput
from medical_team.types import Audit, Edit, ErrorType, GameType

NOTE = make_note(0, harmful=False)


def request(number: int) -> AuditRequest:
    return AuditRequest(number, GameType.ADVERSARIAL_BENIGN, NOTE, Edit(0, "x", ErrorType.DIAGNOSIS), NOTE)


def audit_of(request: AuditRequest) -> Audit:
    return Audit(True, "fake", f"game-{request.game_id}")


class Bench:
    """A queue in front of a judge that keeps its batches until it is told to let them go."""

    def __init__(self, *, places: int = 100, batch_size: int = 4, batches: int = 2) -> None:
        self.sent: list[list[int]] = []
        self.interrupted: list[list[int]] = []
        self.deadlines: list[float] = []
        self.open = asyncio.Event()
        self.queue = AuditQueue(self.ask, places=places, batch_size=batch_size, batches=batches)
        self._next = 0

    async def ask(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        games = [request.game_id for request in requests]
        self.sent.append(games)
        self.deadlines.append(deadline_s)
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.interrupted.append(games)
            raise
        return [audit_of(request) for request in requests]

    def come(self, count: int, within_s: float = 60) -> asyncio.Task[list[Any]]:
        """A client with so many audits, numbered on."""
        requests = [request(self._next + number) for number in range(count)]
        self._next += count
        deadline = asyncio.get_running_loop().time() + within_s
        return asyncio.create_task(self.queue.audit(requests, deadline))


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_lone_request_goes_to_an_idle_judge_at_once():
    bench = Bench()
    bench.come(1)
    await turns()

    assert bench.sent == [[0]]
    assert (bench.queue.waiting, bench.queue.at_judge) == (0, 1)


async def test_requests_share_batches_and_the_rest_waits_for_room():
    bench = Bench()
    clients = [bench.come(count) for count in (3, 3, 5)]
    await turns()

    assert bench.sent == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert (bench.queue.waiting, bench.queue.at_judge) == (3, 8)

    bench.open.set()
    answers = await asyncio.gather(*clients)
    assert [[audit.reason for audit in client] for client in answers] == [
        ["game-0", "game-1", "game-2"],
        ["game-3", "game-4", "game-5"],
        ["game-6", "game-7", "game-8", "game-9", "game-10"],
    ]
    assert (bench.queue.waiting, bench.queue.at_judge) == (0, 0)


async def test_what_does_not_fit_is_refused_whole_and_the_rest_is_not_touched():
    bench = Bench(places=64, batch_size=1, batches=1)
    first = bench.come(64)
    await turns()
    with pytest.raises(QueueFull) as full:
        await bench.come(2)
    assert full.value.retry_after_s >= 1

    bench.open.set()
    assert len(await first) == 64


async def test_the_deadline_is_each_requests_own():
    bench = Bench(batches=1)
    hasty, patient = bench.come(2, within_s=0.01), bench.come(2)

    assert await hasty == [JudgeFailure(FailureKind.TIMEOUT)] * 2
    assert bench.interrupted == []
    bench.open.set()
    assert [audit.reason for audit in await patient] == ["game-2", "game-3"]


async def test_the_judge_is_told_the_time_of_the_most_patient_of_a_batch():
    bench = Bench()
    bench.come(1, within_s=10), bench.come(1, within_s=1000)
    await turns()

    assert 10 < bench.deadlines[0] <= 1000


async def test_what_waits_at_its_deadline_never_reaches_the_judge():
    bench = Bench(batch_size=1, batches=1)
    bench.come(1)
    await turns()
    assert await bench.come(3, within_s=0.01) == [JudgeFailure(FailureKind.TIMEOUT)] * 3

    bench.open.set()
    await turns()
    assert bench.sent == [[0]]


async def test_a_client_that_goes_away_takes_its_audits_back():
    bench = Bench(batch_size=1, batches=1)
    bench.come(1)
    gone, last = bench.come(3), bench.come(1)
    await turns()
    gone.cancel()
    await turns()
    assert bench.queue.waiting == 1

    bench.open.set()
    await last
    assert bench.sent == [[0], [4]]


async def test_a_batch_that_nobody_waits_for_is_interrupted():
    bench = Bench(batch_size=2, batches=2)
    gone, stays = bench.come(3), bench.come(1)
    await turns()
    gone.cancel()
    await turns()

    assert bench.interrupted == [[0, 1]]
    bench.open.set()
    assert [audit.reason for audit in await stays] == ["game-3"]


@pytest.mark.parametrize(
    ("raised", "kind"),
    [(asyncio.CancelledError(), FailureKind.UNREACHABLE), (ZeroDivisionError("bug"), FailureKind.FAILED)],
)
async def test_a_batch_that_is_lost_is_a_failure_for_each_of_it(raised: BaseException, kind: FailureKind):
    async def lose(requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        raise raised

    queue = AuditQueue(lose, places=64, batch_size=2, batches=1)
    answers = await queue.audit([request(number) for number in range(5)], asyncio.get_running_loop().time() + 60)

    assert [answer.kind for answer in answers if isinstance(answer, JudgeFailure)] == [kind] * 5


@given(st.data())
def test_every_client_gets_its_own_answers_whatever_the_others_do(data: st.DataObject):
    sizes = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=12))
    leaves = data.draw(st.sets(st.sampled_from(range(len(sizes)))))
    batch_size, batches = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 3))
    rng = random.Random(data.draw(st.integers(0, 999)))
    busy = most = largest = 0

    async def slow(requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        nonlocal busy, most, largest
        busy, largest = busy + 1, max(largest, len(requests))
        most = max(most, busy)
        try:
            await turns(rng.randrange(6))
        finally:
            busy -= 1
        return [audit_of(request) for request in requests]

    async def run() -> None:
        queue = AuditQueue(slow, places=1000, batch_size=batch_size, batches=batches)
        deadline = asyncio.get_running_loop().time() + 600
        clients = []
        for number, size in enumerate(sizes):
            requests = [request(number * 10 + audit) for audit in range(size)]
            clients.append(asyncio.create_task(queue.audit(requests, deadline)))
            await turns(rng.randrange(3))
        for number in leaves:
            clients[number].cancel()
        answers = await asyncio.wait_for(asyncio.gather(*clients, return_exceptions=True), timeout=60)
        for number, (size, got) in enumerate(zip(sizes, answers, strict=True)):
            if number not in leaves or not isinstance(got, asyncio.CancelledError):
                assert isinstance(got, list)
                assert [audit.reason for audit in got] == [f"game-{number * 10 + audit}" for audit in range(size)]
        await turns(20)
        assert (queue.waiting, queue.at_judge, busy) == (0, 0, 0)

    asyncio.run(run())
    assert most <= batches and largest <= batch_size


class Judge:
    """Does what it is told to."""

    name = "told"

    def __init__(self, does: Any) -> None:
        self._does = does

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> Any:
        if isinstance(self._does, BaseException):
            raise self._does
        return self._does


@pytest.mark.parametrize(
    ("does", "kind"),
    [
        (TimeoutError(), FailureKind.TIMEOUT),
        (ConnectionResetError("to 10.0.0.1"), FailureKind.UNREACHABLE),
        (JudgeAbstained("unsure"), FailureKind.ABSTAINED),
        (JudgeError("out of memory"), FailureKind.FAILED),
        (KeyError("Jane Roe"), FailureKind.FAILED),
        ([], FailureKind.MALFORMED),
        ([Audit(True, "told", "ok")] * 3, FailureKind.MALFORMED),
    ],
)
async def test_whatever_a_judge_does_is_a_typed_failure(does: Any, kind: FailureKind, caplog: pytest.LogCaptureFixture):
    answers = await ask(Judge(does), [request(0), request(1)], 60)

    assert [answer.kind for answer in answers if isinstance(answer, JudgeFailure)] == [kind] * 2
    assert "Jane Roe" not in caplog.text + str(answers)


async def test_a_silent_judge_ends_with_its_deadline():
    class Silent(Judge):
        async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> Any:
            await asyncio.Event().wait()

    assert await ask(Silent(None), [request(0)], 0.01) == [JudgeFailure(FailureKind.TIMEOUT)]


def test_nothing_measured_is_one_second():
    assert Throughput().seconds_for(1000) == 1


@pytest.mark.parametrize(("seconds", "expected"), [(0.001, 1), (8.0, 8), (1000.0, 60)])
def test_the_time_to_come_back_is_that_of_the_audits_ahead(seconds: float, expected: int):
    throughput = Throughput()
    throughput.finished(audits=8, seconds=seconds, batches=2)

    assert throughput.seconds_for(16) == expected


def test_the_estimate_follows_a_judge_that_becomes_slower():
    throughput = Throughput()
    throughput.finished(audits=1, seconds=0.1, batches=1)
    for _ in range(20):
        throughput.finished(audits=1, seconds=10.0, batches=1)

    assert throughput.seconds_for(5) in range(45, 51)
