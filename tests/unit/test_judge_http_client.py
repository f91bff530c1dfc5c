"""The judge's client against a server in this process: what is retried, what is not, and whose audit is whose."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from fakes import ALL_EQUAL, FakeDeck, FakeEngine, make_note
from judge_stub import JUDGE, Stub
from pydantic import ValidationError

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.config.judge import HttpJudgeConfig
from medical_team.errors import ConfigError, JudgeOutage, NotYetThere
from medical_team.judge import AuditRequest, BatchedJudge, FailureKind, JudgeFailure
from medical_team.judge.http import HttpJudge
from medical_team.judge.http.answers import Exchange, Ids, to_wire
from medical_team.judge.wire import WireBatch
from medical_team.manager import MedicalGameManager
from medical_team.types import Assessment, Audit, Edit, ErrorType, GameType, Note, Role, Verdict


def request(number: int, text: str = "Finding {} is velvet.") -> AuditRequest:
    note = make_note(0, harmful=False)
    return AuditRequest(
        number, GameType.ADVERSARIAL_BENIGN, note, Edit(0, text.format(number), ErrorType.DIAGNOSIS), note
    )


class StrictStub(Stub):
    """Takes what the wire allows, as our own server does."""

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            WireBatch.model_validate_json(await request.read())
        except ValidationError:
            return web.Response(status=422)
        return await super()._answer(request)


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
    [
        ["429"],
        ["500", "503"],
        ["unreachable"],
        ["reset", "reset", "reset"],
        ["cut_off"],
        ["truncated"],
        ["wrong_ids"],
        ["not_json"],
    ],
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


class Unhurried(Stub):
    """Takes its time over audits of one game, and says at a request's deadline that they are not done."""

    def __init__(self, game_id: int, takes_s: float) -> None:
        super().__init__()
        self._game_id = game_id
        self._takes_s = takes_s

    async def audits(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        if asked["audits"][0]["game_id"] == self._game_id:
            await asyncio.sleep(min(self._takes_s, asked["deadline_s"]))
            if asked["deadline_s"] < self._takes_s:
                late = [{"id": audit["id"], "failure": {"kind": "timeout"}} for audit in asked["audits"]]
                return web.json_response({"answers": late})
        return await super().audits(request)


async def test_an_audit_that_takes_longer_than_others_has_its_whole_deadline(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("medical_team.judge.http.endpoint.SHORTEST_PATIENCE_S", 0.1)
    async with Unhurried(99, 0.5) as stub, HttpJudge(config(stub.url, attempts=1)) as judge:
        for number in range(5):
            await judge.audit([request(number)], 30.0)
        assert judge._caller.pool.endpoints[0].patience_s < 0.5
        (answer,) = await judge.audit([request(99)], 60.0)
    assert isinstance(answer, Audit) and answer.reason == "says-99"


@pytest.mark.parametrize("says", ["nothing", "timeout"])
async def test_an_endpoint_that_stalls_does_not_hold_its_requests(says: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("medical_team.judge.http.endpoint.SHORTEST_PATIENCE_S", 0.1)
    stalled = False
    stalls = Unhurried(99, 3600.0) if says == "timeout" else Stub(lambda: "stall" if stalled else None)
    async with stalls, Stub(delay_s=0.01) as good, HttpJudge(config(stalls.url, good.url)) as judge:
        await asyncio.gather(*(judge.audit([request(number)], 30.0) for number in range(20)))
        stalled = True
        answers = await asyncio.gather(*(judge.audit([request(99)], 30.0) for _ in range(20)))
    assert all(isinstance(answer, Audit) for (answer,) in answers)


class Mute(Stub):
    """Never answers audits; ``lives`` says whether it says that it is ready."""

    lives = True

    async def audits(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(3600)
        raise AssertionError

    async def ready(self, request: web.Request) -> web.Response:
        return await super().ready(request) if self.lives else web.Response(status=503)


@pytest.mark.parametrize("attempts", [1, 4])
async def test_an_audit_that_is_never_answered_is_a_timeout_and_no_outage(attempts: int):
    async with Mute() as stub, HttpJudge(config(stub.url, attempts=attempts, outage_budget_s=0)) as judge:
        for number in range(6):
            (answer,) = await asyncio.wait_for(judge.audit([request(number)], 0.2), timeout=30)
            assert isinstance(answer, JudgeFailure) and answer.kind is FailureKind.TIMEOUT
        assert not judge._caller.pool.is_away


async def test_an_endpoint_that_is_ready_and_answers_no_audit_costs_none_where_another_is():
    """All time of an audit would go there, again and again, if its breaker stayed closed."""
    async with Mute() as mute, Stub() as stub:
        settings = config(mute.url, stub.url)
        async with HttpJudge(settings) as judge:
            first = [await judge.audit([request(number)], 0.5) for number in range(12)]
            later = [await judge.audit([request(number)], 0.5) for number in range(20)]

    lost = [answer for (answer,) in first if isinstance(answer, JudgeFailure)]
    assert len(lost) <= 5, "as many as open a breaker"
    assert all(isinstance(answer, Audit) for (answer,) in later)


async def test_an_endpoint_that_answers_nobody_and_is_not_ready_is_away():
    async with Mute() as stub, HttpJudge(config(stub.url, attempts=1, outage_budget_s=0)) as judge:
        stub.lives = False
        with pytest.raises(JudgeOutage, match="no answer in time"):
            for number in range(2):
                await asyncio.wait_for(judge.audit([request(number)], 0.2), timeout=30)


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


@pytest.mark.parametrize(
    "fault", ["401", "403", "404", "405", "301", "swapped_ids", "not_json", "500", "another judge"]
)
@pytest.mark.parametrize("at_once", [True, False])
async def test_an_endpoint_that_is_of_no_use_costs_no_audit_where_another_is(fault: str, at_once: bool):
    bad = Stub(lambda: fault, judge="another-1") if fault != "another judge" else Stub(judge="another-1")
    async with bad, Stub(delay_s=0.002) as good, HttpJudge(config(bad.url, good.url)) as judge:
        judge._identified = JUDGE
        asked = [judge.audit([request(number)], 30.0) for number in range(60 if at_once else 12)]
        answers = await asyncio.gather(*asked) if at_once else [await one for one in asked]
    assert [getattr(answer, "reason", answer) for (answer,) in answers] == [f"says-{n}" for n in range(len(asked))]


async def test_where_all_endpoints_turn_a_request_away_it_is_refused():
    async with Stub(lambda: "401") as one, Stub(lambda: "404") as two, HttpJudge(config(one.url, two.url)) as judge:
        (answer,) = await judge.audit([request(0)], 30.0)
    assert isinstance(answer, JudgeFailure) and answer.kind is FailureKind.REFUSED
    assert one.seen.total() == two.seen.total() == 1


@pytest.mark.parametrize("fault", ["400", "413", "422"])
async def test_what_is_wrong_with_a_request_is_not_asked_elsewhere(fault: str):
    async with Stub(lambda: fault) as one, Stub(lambda: fault) as two, HttpJudge(config(one.url, two.url)) as judge:
        (answer,) = await judge.audit([request(0)], 30.0)
        assert not any(endpoint.is_away for endpoint in judge._caller.pool.endpoints)
    assert isinstance(answer, JudgeFailure) and answer.kind is FailureKind.REFUSED
    assert one.seen.total() + two.seen.total() == 1


async def test_an_endpoint_of_no_use_beside_one_that_is_away_is_an_outage_and_costs_no_audit():
    async with Stub() as away:
        pass
    async with Stub(lambda: "401") as bad, HttpJudge(config(bad.url, away.url)) as judge:
        asking = asyncio.gather(*(judge.audit([request(number)], 1.0) for number in range(10)))
        await asyncio.sleep(1.5)
        async with away:
            answers = await asyncio.wait_for(asking, timeout=60)
    assert all(isinstance(answer, Audit) for (answer,) in answers)


async def test_a_trouble_is_told_once_with_what_to_do(caplog: pytest.LogCaptureFixture):
    async with Stub(lambda: "401") as bad, Stub() as good, HttpJudge(config(bad.url, good.url)) as judge:
        await asyncio.gather(*(judge.audit([request(number)], 30.0) for number in range(40)))
    (told,) = (record.getMessage() for record in caplog.records if bad.url in record.getMessage())
    assert "401" in told and "judge.http.token_file" in told


async def test_a_request_over_the_limits_is_refused_and_the_others_are_audited():
    requests = [request(0), request(1, "{} " + "x" * 5000), request(2, "\ud800 {}"), request(3)]
    async with StrictStub() as stub, HttpJudge(config(stub.url)) as judge:
        first, long, broken, last = await judge.audit(requests, 30.0)
    assert isinstance(first, Audit) and isinstance(last, Audit) and last.reason == "says-3"
    for refused in (long, broken):
        assert isinstance(refused, JudgeFailure) and refused.kind is FailureKind.REFUSED
        assert "xxx" not in refused.message


@pytest.mark.parametrize(
    ("note", "edited"),
    [
        (replace(make_note(0, harmful=True), corrected_sentence=None), 0),
        (replace(make_note(0, harmful=True), error_type=None), 0),
        (replace(make_note(0, harmful=False), corrected_sentence="x"), 0),
        (make_note(0, harmful=False), 8),
    ],
)
async def test_a_case_that_is_not_whole_is_refused_alone(note: Note, edited: int):
    bad = replace(request(1), note=note, edit=Edit(edited, "x", ErrorType.DIAGNOSIS))
    async with StrictStub() as stub, HttpJudge(config(stub.url)) as judge:
        first, refused, last = await judge.audit([request(0), bad, request(2)], 30.0)
        (alone,) = await judge.audit([bad], 30.0)
    assert isinstance(first, Audit) and isinstance(last, Audit)
    assert isinstance(refused, JudgeFailure) and refused.kind is FailureKind.REFUSED
    assert "not within the limits" in refused.message and alone == refused


async def test_what_a_server_refuses_though_the_wire_allows_it_is_refused_as_it_says():
    async with Stub(lambda: "422") as stub, HttpJudge(config(stub.url)) as judge:
        answers = await judge.audit([request(0), request(1)], 30.0)
    assert {answer.kind for answer in answers if isinstance(answer, JudgeFailure)} == {FailureKind.REFUSED}
    assert stub.seen.total() == len(answers), "it is not asked again"


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
            return web.json_response({"ready": True, "judge": "other-1"})

    class Loading(Stub):
        async def ready(self, request: Any) -> Any:
            return web.json_response({"ready": False, "judge": JUDGE, "reason": "loading"}, status=503)

    async with Stub() as one, Other() as two, HttpJudge(config(one.url, two.url)) as judge:
        with pytest.raises(ConfigError, match="different judges"):
            await judge.identify()
    async with Loading() as loading, HttpJudge(config(loading.url)) as judge:
        with pytest.raises(NotYetThere, match="not ready: loading"):
            await judge.identify()


async def test_an_endpoint_that_is_not_ready_is_told_where_another_is(caplog: pytest.LogCaptureFixture):
    async with Stub() as gone:
        pass
    async with Stub() as good, HttpJudge(config(gone.url, good.url)) as judge:
        assert await judge.identify() == JUDGE
    assert gone.url in caplog.text and good.url not in caplog.text


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
    told = [record.getMessage() for record in caplog.records if record.name.endswith(".outage")]
    assert len(told) == 2 and "pause" in told[0] and "continue" in told[1]


@pytest.mark.parametrize("fault", ["unreachable", "some unreachable"])
async def test_a_judge_that_dies_behind_its_server_costs_no_audit(fault: str):
    """Until it is back, the server answers, and its audits say that there is nobody."""
    dead = True
    async with Stub(lambda: fault if dead else None) as stub, HttpJudge(config(stub.url)) as judge:
        asked = [judge.audit([request(number), request(number + 1)], 1.0) for number in range(20)]
        asking = asyncio.gather(*asked)
        await asyncio.sleep(1.5)
        assert not asking.done() and judge._caller.pool.is_away
        dead = False
        answers = await asyncio.wait_for(asking, timeout=60)
    for number, audits in enumerate(answers):
        assert [getattr(audit, "reason", audit) for audit in audits] == [f"says-{number}", f"says-{number + 1}"]


async def test_a_judge_that_is_dead_behind_one_server_is_asked_behind_another():
    async with Stub(lambda: "unreachable") as dead, Stub() as good, HttpJudge(config(dead.url, good.url)) as judge:
        answers = [await judge.audit([request(number)], 30.0) for number in range(12)]
    assert all(isinstance(answer, Audit) for (answer,) in answers)


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
