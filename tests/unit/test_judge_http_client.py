"""The judge's client against a server in this process: what is retried, what is not, and whose audit is whose."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import ALL_EQUAL, FakeDeck, FakeEngine, make_note
from judge_stub import JUDGE, Stub

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.config.judge import HttpJudgeConfig
from medical_team.errors import ConfigError, JudgeOutage, NotYetThere
from medical_team.judge import AuditRequest, BatchedJudge, FailureKind, JudgeFailure
from medical_team.judge.http import HttpJudge
from medical_team.judge.http.answers import Exchange, Ids, to_wire
from medical_team.judge.wire import WireBatch
from medical_team.manager import MedicalGameManager
from medical_team.types import Assessment, Audit, Edit, ErrorType, GameType, Role, Verdict


def request(number: int, text: str = "Finding {} is velvet.") -> AuditRequest:
    note = make_note(0, harmful=False)
    return AuditRequest(
        number, GameType.ADVERSARIAL_BENIGN, note, Edit(0, text.format(number), ErrorType.DIAGNOSIS), note
    )


def in_turn(faults: Iterable[str | None]) -> Callable[[], str | None]:
    """These faults, one a request, and none afterwards."""
    left = iter(faults)
    return lambda: next(left, None)


def config(*urls: str, **others: Any) -> HttpJudgeConfig:
    return HttpJudgeConfig(urls=urls, **others)


async def audit(stub: Stub, count: int = 1, deadline_s: float = 30.0, **others: Any) -> list[Audit | JudgeFailure]:
    async with HttpJudge(config(stub.url, **others)) as judge:
        return await judge.audit([request(number) for number in range(count)], deadline_s)


@pytest.mark.parametrize("count", [0, 1, 64, 65, 150])
async def test_each_request_gets_its_own_audit_in_order(count: int):
    async with Stub() as stub:
        answers = await audit(stub, count)
    assert [getattr(answer, "reason", answer) for answer in answers] == [f"says-{number}" for number in range(count)]


@pytest.mark.parametrize(
    "faults",
    [["429"], ["500", "503"], ["reset", "reset", "reset"], ["cut_off"], ["truncated"], ["wrong_ids"], ["not_json"]],
)
async def test_what_can_succeed_is_asked_again(faults: list[str]):
    async with Stub(in_turn(faults)) as stub:
        (answer,) = await audit(stub)
    assert isinstance(answer, Audit)
    assert stub.seen.total() == len(faults) + 1 and max(stub.seen.values()) == 1, "each attempt has an id of its own"


@pytest.mark.parametrize(
    ("faults", "kind", "asked"),
    [
        (["400"] * 9, FailureKind.REFUSED, 1),
        (["401"] * 9, FailureKind.REFUSED, 1),
        (["404"] * 9, FailureKind.REFUSED, 1),
        (["413"] * 9, FailureKind.REFUSED, 1),
        (["truncated"] * 9, FailureKind.MALFORMED, 2),
        (["swapped_ids"] * 9, FailureKind.MALFORMED, 2),
        (["429"] * 9, FailureKind.OVERLOADED, 3),
        (["500"] * 9, FailureKind.FAILED, 3),
    ],
)
async def test_what_cannot_succeed_is_typed(faults: list[str], kind: FailureKind, asked: int):
    async with Stub(in_turn(faults)) as stub:
        answers = await audit(stub, 2, attempts=3)
    assert [getattr(answer, "kind", answer) for answer in answers] == [kind] * 2
    assert stub.seen.total() == 2 * asked
    assert all(isinstance(answer, JudgeFailure) and stub.url in answer.message for answer in answers)


async def test_a_refusal_says_what_to_set():
    async with Stub(in_turn(["401"])) as stub:
        (answer,) = await audit(stub)
    assert isinstance(answer, JudgeFailure) and "judge.http.token_file" in answer.message


async def test_a_stall_is_a_timeout_and_does_not_outlast_the_deadline():
    async with Stub(in_turn(["stall"])) as stub:
        (answer,) = await asyncio.wait_for(audit(stub, deadline_s=0.2, attempts=2), timeout=30)
    assert isinstance(answer, JudgeFailure) and answer.kind is FailureKind.TIMEOUT


async def test_who_waits_for_its_turn_does_not_outlast_the_deadline():
    async with Stub(in_turn(["stall"])) as stub, HttpJudge(config(stub.url, max_concurrency=1)) as judge:
        stalled = asyncio.create_task(judge.audit([request(0)], 3600.0))
        await asyncio.sleep(0.1)  # it has the only place
        (answer,) = await asyncio.wait_for(judge.audit([request(1)], 0.2), timeout=30)
        stalled.cancel()
        await asyncio.gather(stalled, return_exceptions=True)
    assert isinstance(answer, JudgeFailure) and answer.kind is FailureKind.TIMEOUT
    assert "no endpoint was free within" in answer.message


async def test_the_token_is_sent(tmp_path: Path):
    (tmp_path / "token").write_text("open-sesame")
    async with Stub() as stub:
        await audit(stub, token_file=tmp_path / "token")
    assert stub.authorisations == {"Bearer open-sesame"}


async def test_audits_are_spread_over_endpoints_and_no_endpoint_gets_more_than_it_may():
    async with (
        Stub(delay_s=0.02) as one,
        Stub(delay_s=0.02) as two,
        HttpJudge(config(one.url, two.url, max_concurrency=5)) as judge,
    ):
        await asyncio.gather(*(judge.audit([request(number)], 60.0) for number in range(60)))
    assert one.seen.total() + two.seen.total() == 60
    assert min(one.seen.total(), two.seen.total()) >= 20
    assert max(one.most_in_flight, two.most_in_flight) <= 5


async def test_while_one_endpoint_is_away_the_other_is_asked():
    async with Stub() as here, Stub() as gone:
        pass
    async with Stub() as here, HttpJudge(config(gone.url, here.url)) as judge:
        answers = await asyncio.gather(*(judge.audit([request(number)], 30.0) for number in range(20)))
    assert all(isinstance(answer, Audit) for (answer,) in answers)


async def test_a_request_over_the_limits_is_refused_and_the_others_are_audited():
    requests = [request(0), request(1, "{} " + "x" * 5000), request(2, "\ud800 {}"), request(3)]
    async with Stub() as stub, HttpJudge(config(stub.url)) as judge:
        first, long, broken, last = await judge.audit(requests, 30.0)
    assert isinstance(first, Audit) and isinstance(last, Audit) and last.reason == "says-3"
    for refused in (long, broken):
        assert isinstance(refused, JudgeFailure) and refused.kind is FailureKind.REFUSED
        assert "xxx" not in refused.message


def test_every_field_of_a_request_travels():
    assessment = Assessment(Verdict.HARMFUL, 1, "A right sentence.", "It was wrong.")
    asked = replace(request(7), note=make_note(3, harmful=True), assessment=assessment)
    wire = to_wire(asked)
    assert isinstance(wire, bytes)
    batch = WireBatch.model_validate_json(Exchange([wire, wire], Ids(), None).body(10.0))
    assert [sent.to_request() for sent in batch.audits] == [asked, asked]
    assert 0 < batch.deadline_s < 10.0, "the server is done before the client gives up"


async def test_another_judge_than_the_identified_one_is_not_believed():
    async with Stub() as stub, HttpJudge(config(stub.url)) as judge:
        assert await judge.identify() == judge.name == JUDGE
        assert isinstance((await judge.audit([request(0)], 30.0))[0], Audit)
        judge._identified = "another-1"
        (answer,) = await judge.audit([request(0)], 30.0)
    assert isinstance(answer, JudgeFailure) and answer.kind is FailureKind.MALFORMED


async def test_endpoints_must_be_one_judge_and_be_there():
    class Other(Stub):
        async def ready(self, request: Any) -> Any:
            from aiohttp import web

            return web.json_response({"ready": True, "judge": "other-1"})

    class Loading(Stub):
        async def ready(self, request: Any) -> Any:
            from aiohttp import web

            return web.json_response({"ready": False, "judge": JUDGE, "reason": "loading"}, status=503)

    async with Stub() as one, Other() as two, HttpJudge(config(one.url, two.url)) as judge:
        with pytest.raises(ConfigError, match="different judges"):
            await judge.identify()
    async with Loading() as loading, HttpJudge(config(loading.url)) as judge:
        with pytest.raises(NotYetThere, match="not ready: loading"):
            await judge.identify()


async def test_an_outage_longer_than_the_budget_names_the_endpoint():
    async with Stub() as stub:
        pass
    async with HttpJudge(config(stub.url, outage_budget_s=0)) as judge:
        asked = [judge.audit([request(number)], 30.0) for number in range(5)]
        answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), timeout=60)
    assert [type(answer) for answer in answers] == [JudgeOutage] * 5
    assert all(stub.url in str(answer) and "outage_budget_s" in str(answer) for answer in answers)


async def test_a_judge_that_returns_within_the_budget_costs_no_audit(caplog: pytest.LogCaptureFixture):
    """The deadline is far shorter than the outage."""
    async with Stub() as stub:
        pass
    async with HttpJudge(config(stub.url)) as judge:
        batched = BatchedJudge(judge, batch_size=1, max_wait_s=0.01, deadline_s=1.0)
        asking = asyncio.gather(*(batched.audit_one(request(number)) for number in range(20)))
        await asyncio.sleep(1.5)
        async with stub:
            audits = await asyncio.wait_for(asking, timeout=60)
    assert [audit.reason for audit in audits] == [f"says-{number}" for number in range(20)]
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 2 and "pause" in told[0] and "continue" in told[1]


async def test_an_outage_ends_the_whole_collect_once_and_leaves_no_task():
    async with Stub() as stub:
        pass
    async with HttpJudge(config(stub.url, outage_budget_s=0)) as judge:
        manager = MedicalGameManager(
            FakeDeck(),
            {role: FakeEngine(role) for role in Role},
            BatchedJudge(judge, batch_size=2, max_wait_s=0.01, deadline_s=30.0),
            mix=ALL_EQUAL,
            gates=GatesConfig(),
            rewards=RewardsConfig(),
            concurrency=64,
            max_deals_factor=4.0,
        )
        with pytest.raises(JudgeOutage, match=stub.url) as ended:
            await asyncio.wait_for(manager.collect(48), timeout=60)
        assert len(getattr(ended.value, "__notes__", [])) == 1, "one game's exception, not all games' in one"
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_cancelled_audits_give_their_slots_back():
    async with Stub(in_turn(["stall"] * 3)) as stub, HttpJudge(config(stub.url, max_concurrency=3)) as judge:
        asked = [asyncio.create_task(judge.audit([request(number)], 60.0)) for number in range(9)]
        while stub.in_flight < 3:
            await asyncio.sleep(0.01)
        for task in asked[:6]:
            task.cancel()
        answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), timeout=60)
    assert [type(answer) for answer in answers[:6]] == [asyncio.CancelledError] * 6
    assert all(isinstance(answer, list) and isinstance(answer[0], Audit) for answer in answers[6:])


async def test_no_text_of_a_note_is_in_a_message_or_a_log(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG, "medical_team")
    faults = ["400", "500", "truncated", "truncated", "429", "reset", "swapped_ids", "swapped_ids"]
    async with Stub(in_turn(faults)) as stub, HttpJudge(config(stub.url, attempts=2)) as judge:
        answers = [await judge.audit([request(7, "Mr Xanthopoulos has {}.")], 30.0) for _ in range(6)]
    assert "Xanthopoulos" not in repr(answers) + caplog.text
    assert any(isinstance(answer, JudgeFailure) for (answer,) in answers)
