"""The server's application: what each path answers when all is well, late, busy or not ready."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import pytest
from serving import JSON, NAME, FakeJudge, audit, serving, until, wire_batch

from medical_team.errors import ModelError
from medical_team.judge import FailureKind, JudgeFailure
from medical_team.judge.server.app import make_app
from medical_team.judge.server.rim import REQUEST_ID
from medical_team.judge.server.settings import ServerSettings
from medical_team.judge.wire import AUDITS_PATH, HEALTH_PATH, METRICS_PATH, READY_PATH, WireAnswers, WireReady
from medical_team.types import Audit


async def test_every_audit_comes_back_under_its_own_id():
    failure = JudgeFailure(FailureKind.ABSTAINED, "unsure")
    async with serving(FakeJudge({2: failure}), batch_size=2) as client:
        response = await audit(client, 3, 1, 2)

    answers = WireAnswers.model_validate_json(response.content).answers
    assert response.status_code == 200
    assert [answer.id for answer in answers] == ["id-3", "id-1", "id-2"]
    assert [answer.audit.reason for answer in answers if answer.audit] == ["game-3", "game-1"]
    assert answers[2].failure is not None and answers[2].failure.to_failure() == failure


@pytest.mark.parametrize(
    "answer",
    [Audit(True, "fake-1", NAME * 9), Audit(True, "fake-1", "x", realism=7.0), NAME, {"is_error": True}, None],
    ids=["long reason", "realism of 7", "text", "a dictionary", "nothing"],
)
async def test_what_is_no_audit_is_malformed_and_not_passed_on(answer: Any):
    async with serving(FakeJudge({1: answer})) as client:
        response = await audit(client, 1, 2)

    bad, good = WireAnswers.model_validate_json(response.content).answers
    assert bad.failure is not None and bad.failure.kind is FailureKind.MALFORMED
    assert good.audit is not None
    assert NAME not in response.text


async def test_a_failures_message_is_cut_to_what_may_travel():
    async with serving(FakeJudge({1: JudgeFailure(FailureKind.REFUSED, "m" * 1000)})) as client:
        (answer,) = WireAnswers.model_validate_json((await audit(client, 1)).content).answers
    assert answer.failure is not None and answer.failure.message == "m" * 300


async def test_what_is_not_done_at_the_deadline_is_a_timeout_beside_what_is():
    async with serving(FakeJudge(held=[2]), batch_size=1) as client:
        response = await audit(client, 1, 2, deadline_s=0.2)

    done, late = WireAnswers.model_validate_json(response.content).answers
    assert response.status_code == 200
    assert done.audit is not None
    assert late.failure is not None and late.failure.kind is FailureKind.TIMEOUT


async def test_a_full_queue_says_when_to_come_back():
    judge = FakeJudge(held=[0])
    async with serving(judge, queue=64, batch_size=1, batches=1) as client:
        held = asyncio.create_task(audit(client, 0))
        await until(lambda: judge.audited)
        waiting = asyncio.create_task(audit(client, *range(1, 65)))
        await asyncio.sleep(0.05)
        refused = await audit(client, 99)
        judge.open.set()

        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) >= 1
        assert (await held).status_code == (await waiting).status_code == 200
        assert 99 not in judge.audited


async def test_a_client_that_goes_away_takes_its_audits_back():
    judge = FakeJudge(held=[0])
    app = make_app(lambda: nullcontext(judge), ServerSettings(judge="fake"))
    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": AUDITS_PATH, "query_string": b"", "headers": headers}
    sent: list[Any] = []
    body = [{"type": "http.request", "body": wire_batch(0, deadline_s=3000), "more_body": False}]

    async def receive() -> dict[str, Any]:
        if body:
            return body.pop()
        await until(lambda: judge.audited)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async with app.router.lifespan_context(app):
        await asyncio.sleep(0)
        await app(scope, receive, send)
        await until(lambda: judge.cancelled)
    assert sent[0]["status"] == 499


async def test_alive_at_once_and_ready_when_the_judge_is_loaded_and_admitted():
    loaded, judged = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def load() -> AsyncIterator[FakeJudge]:
        await loaded.wait()
        yield FakeJudge()

    async def admit(judge: Any) -> str | None:
        await judged.wait()
        return None

    async def ready() -> tuple[int, WireReady]:
        response = await client.get(READY_PATH)
        return response.status_code, WireReady.model_validate_json(response.content)

    async with serving(load, admit, model="some/model") as client:
        assert (await client.get(HEALTH_PATH)).status_code == 200
        assert await ready() == (
            503,
            WireReady(ready=False, judge="fake", model="some/model", reason="the judge is being loaded"),
        )
        loaded.set()
        await asyncio.sleep(0.01)
        status, said = await ready()
        assert (status, said.judge) == (503, "fake-1") and "admission" in str(said.reason)
        assert (await audit(client, 1)).status_code == 503

        judged.set()
        await asyncio.sleep(0.01)
        assert await ready() == (200, WireReady(ready=True, judge="fake-1", model="some/model"))
        assert (await audit(client, 1)).status_code == 200


async def test_a_judge_that_is_not_admitted_audits_nothing_and_says_why():
    async def admit(judge: Any) -> str | None:
        return "sensitivity 0.41 is below 0.8"

    judge = FakeJudge()
    async with serving(judge, admit) as client:
        ready, refused = await client.get(READY_PATH), await audit(client, 1)

    assert (ready.status_code, refused.status_code) == (503, 503)
    assert ready.json()["reason"] == refused.json()["error"] == "sensitivity 0.41 is below 0.8"
    assert judge.audited == []


async def test_a_judge_that_cannot_be_loaded_is_told_to_whoever_runs_the_server():
    @asynccontextmanager
    async def load() -> AsyncIterator[FakeJudge]:
        raise ModelError("no such folder")
        yield

    told: list[str] = []
    app = make_app(load, ServerSettings(judge="fake"))
    app.state.standing.on_failure = lambda: told.append("failed")
    async with app.router.lifespan_context(app):
        await until(lambda: told)
    assert isinstance(app.state.standing.failure, ModelError)


async def test_a_judge_that_is_lost_ends_its_server():
    lost = asyncio.Event()

    @asynccontextmanager
    async def load() -> AsyncIterator[FakeJudge]:
        async with asyncio.timeout(None) as block:
            watching = asyncio.create_task(lost.wait())
            watching.add_done_callback(lambda _: block.reschedule(0.0))
            yield FakeJudge()

    told: list[str] = []
    app = make_app(load, ServerSettings(judge="fake"))
    standing = app.state.standing
    standing.on_failure = lambda: told.append("lost")
    async with app.router.lifespan_context(app):
        await until(lambda: standing.reason is None)
        lost.set()
        await until(lambda: told)
    assert isinstance(standing.failure, TimeoutError)
    assert standing.reason == "the judge is gone (TimeoutError)"


async def test_the_judge_is_closed_with_the_server():
    closed: list[str] = []

    @asynccontextmanager
    async def load() -> AsyncIterator[FakeJudge]:
        yield FakeJudge()
        closed.append("closed")

    async with serving(load):
        assert closed == []
    assert closed == ["closed"]


@pytest.mark.parametrize("given", ["run-7.step-12_a", "a" * 64])
async def test_a_sane_request_id_is_kept(given: str):
    async with serving(FakeJudge()) as client:
        assert (await client.get(HEALTH_PATH, headers={REQUEST_ID: given})).headers[REQUEST_ID] == given


@pytest.mark.parametrize("given", ["", NAME, "a" * 65, "a;b", "ä"])
async def test_any_other_request_id_is_made_anew(given: str):
    async with serving(FakeJudge()) as client:
        response = await client.get(HEALTH_PATH, headers={REQUEST_ID: given.encode("latin-1")})
    assert response.headers[REQUEST_ID] not in ("", given)


async def test_metrics_count_requests_and_what_came_of_audits():
    answers = {1: Audit(False, "fake-1", "x"), 2: Audit(None, "fake-1", "x"), 3: JudgeFailure(FailureKind.MALFORMED)}
    async with serving(FakeJudge(answers)) as client:
        await audit(client, 0, 1, 2, 3)
        await client.get("/unknown")
        text = (await client.get(METRICS_PATH)).text

    for line in (
        'medical_team_judge_requests_total{path="/v1/audits",status="200"} 1.0',
        'medical_team_judge_requests_total{path="other",status="404"} 1.0',
        'medical_team_judge_audits_total{outcome="error"} 1.0',
        'medical_team_judge_audits_total{outcome="no_error"} 1.0',
        'medical_team_judge_audits_total{outcome="cannot_tell"} 1.0',
        'medical_team_judge_audits_total{outcome="malformed"} 1.0',
        "medical_team_judge_request_seconds_count 1.0",
        "medical_team_judge_queue_depth 0.0",
        "medical_team_judge_in_flight 0.0",
    ):
        assert line in text.splitlines()


async def test_the_log_tells_a_request_by_id_and_hash(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "medical_team.judge.server.rim")
    async with serving(FakeJudge()) as client:
        for _ in range(2):
            await client.post(AUDITS_PATH, content=wire_batch(1, 2), headers={**JSON, REQUEST_ID: "run-7"})

    first, second = (record.getMessage() for record in caplog.records if record.name.endswith(".rim"))
    assert first.startswith("run-7 /v1/audits: status 200, 2 audits, content ")
    assert first.rsplit(",", 1)[0] == second.rsplit(",", 1)[0]
