"""The server's application: what each path answers, and that nothing of a request comes back or is told."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import httpx
import pytest
from fakes import make_note

from medical_team.errors import ModelError
from medical_team.judge import AuditRequest, FailureKind, JudgeFailure
from medical_team.judge.server.app import make_app
from medical_team.judge.server.rim import REQUEST_ID
from medical_team.judge.server.settings import ServerSettings
from medical_team.judge.server.standing import Admission, OpenJudge
from medical_team.judge.wire import (
    AUDITS_PATH,
    HEALTH_PATH,
    METRICS_PATH,
    READY_PATH,
    WireAnswers,
    WireBatch,
    WireReady,
    WireRequest,
)
from medical_team.types import Audit, Edit, ErrorType, GameType

JSON = {"Content-Type": "application/json"}
NAME = "Philomena Quartermaine"


class FakeJudge:
    """Answers at once; ``answers`` says otherwise for a game, and games in ``held`` wait until ``open`` is set."""

    name = "fake-1"

    def __init__(self, answers: dict[int, Any] | None = None, held: Sequence[int] = ()) -> None:
        self.audited: list[int] = []
        self.cancelled = False
        self.open = asyncio.Event()
        self._answers = answers or {}
        self._held = held

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        games = [request.game_id for request in requests]
        self.audited += games
        if set(games) & set(self._held):
            try:
                await self.open.wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        return [self._answers.get(game, Audit(True, self.name, f"game-{game}")) for game in games]


def wire_batch(*games: int, deadline_s: float = 30.0) -> bytes:
    note = make_note(0, harmful=False)
    edit = Edit(0, f"{NAME} has a fever.", ErrorType.DIAGNOSIS)
    requests = [AuditRequest(game, GameType.ADVERSARIAL_BENIGN, note, edit, note) for game in games]
    audits = tuple(WireRequest.of(f"id-{request.game_id}", request) for request in requests)
    return WireBatch(audits=audits, deadline_s=deadline_s).model_dump_json().encode()


@asynccontextmanager
async def serving(
    judge: FakeJudge | OpenJudge, admission: Admission | None = None, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, whose judge has been loaded when that takes no time."""
    open_judge = (lambda: nullcontext(judge)) if isinstance(judge, FakeJudge) else judge
    app = make_app(open_judge, ServerSettings(judge="fake", **settings), admission)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://judge") as client,
    ):
        await asyncio.sleep(0)
        yield client


async def audit(client: httpx.AsyncClient, *games: int, deadline_s: float = 30.0) -> httpx.Response:
    return await client.post(AUDITS_PATH, content=wire_batch(*games, deadline_s=deadline_s), headers=JSON)


async def until(condition: Any) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.001)


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
    body = [{"type": "http.request", "body": wire_batch(0), "more_body": False}]

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


async def test_the_judge_is_closed_with_the_server():
    closed: list[str] = []

    @asynccontextmanager
    async def load() -> AsyncIterator[FakeJudge]:
        yield FakeJudge()
        closed.append("closed")

    async with serving(load):
        assert closed == []
    assert closed == ["closed"]


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic dG9rZW4=", "token-1", "Bearer ", "Bearer tökën"])
async def test_without_the_token_there_is_nothing_but_health(header: str | None):
    judge = FakeJudge()
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    async with serving(judge, token="token-1") as client:
        client.headers.update(headers)
        answers = [await client.get(path) for path in (READY_PATH, METRICS_PATH, "/unknown")]
        answers.append(await audit(client, 1))
        health = await client.get(HEALTH_PATH)

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}
    assert health.status_code == 200
    assert judge.audited == []


async def test_with_the_token_everything_is_as_without_one():
    async with serving(FakeJudge(), token="token-1") as client:
        client.headers["Authorization"] = "bearer token-1"
        assert (await audit(client, 1)).status_code == 200


GOOD = json.loads(wire_batch(1))


def changed(**fields: Any) -> bytes:
    return json.dumps({**GOOD, **fields}).encode()


def changed_audit(**fields: Any) -> bytes:
    return changed(audits=[{**GOOD["audits"][0], **fields}])


BAD_BODIES = {
    "empty": (b"", 400),
    "no JSON": (NAME.encode(), 400),
    "cut short": (wire_batch(1)[:-40], 400),
    "not UTF-8": (b'{"audits": "' + NAME.encode() + b'\xff"}', 400),
    "deep": (b'{"audits": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    "no object": (json.dumps([NAME]).encode(), 422),
    "unknown field": (changed(**{NAME: NAME}), 422),
    "a template": (changed(template=NAME), 422),
    "unknown field below": (changed_audit(**{NAME: NAME}), 422),
    "sampling": (changed_audit(temperature=NAME), 422),
    "no enum": (changed_audit(game_type=NAME), 422),
    "no number": (changed_audit(game_id=NAME), 422),
    "no deadline": (changed(deadline_s=0), 422),
    "not a number": (wire_batch(1).replace(b":30.0", b":NaN"), 422),
    "for ever": (changed(deadline_s=1e9), 422),
    "no audits": (changed(audits=[]), 422),
    "too many": (changed(audits=[{**GOOD["audits"][0], "id": str(number)} for number in range(65)]), 422),
    "twice the same id": (changed(audits=[GOOD["audits"][0]] * 2), 422),
    "long sentence": (changed_audit(edit={**GOOD["audits"][0]["edit"], "replacement": NAME * 500}), 422),
    "no such sentence": (changed_audit(note={**GOOD["audits"][0]["note"], "error_sentence_id": 400}), 422),
}


@pytest.mark.parametrize(("body", "status"), BAD_BODIES.values(), ids=BAD_BODIES)
async def test_a_bad_body_is_refused_shortly_without_quoting_it(
    body: bytes, status: int, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    judge = FakeJudge()
    async with serving(judge) as client:
        response = await client.post(AUDITS_PATH, content=body, headers=JSON)

    assert response.status_code == status
    assert set(response.json()) == {"error"} and len(response.content) < 200
    for said in (response.text, str(response.headers), caplog.text):
        assert not any(word in said for word in NAME.split())
    assert judge.audited == []


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_another_content_type_is_refused(kind: str | None):
    async with serving(FakeJudge()) as client:
        headers = {} if kind is None else {"Content-Type": kind}
        assert (await client.post(AUDITS_PATH, content=wire_batch(1), headers=headers)).status_code == 415


async def test_a_compressed_body_is_refused():
    async with serving(FakeJudge()) as client:
        headers = {**JSON, "Content-Encoding": "gzip"}
        assert (await client.post(AUDITS_PATH, content=wire_batch(1), headers=headers)).status_code == 415


async def test_a_long_body_is_refused_before_it_is_read():
    read: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        for number in range(1000):
            read.append(number)
            yield b" " * 1024

    async with serving(FakeJudge(), max_body=10 * 1024) as client:
        announced = await client.post(AUDITS_PATH, content=b" " * 20_000, headers=JSON)
        streamed = await client.post(AUDITS_PATH, content=endless(), headers=JSON)

    assert (announced.status_code, streamed.status_code) == (413, 413)
    assert len(read) < 20


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", AUDITS_PATH, 405),
        ("POST", HEALTH_PATH, 405),
        ("GET", f"/patients/{NAME}", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("POST", AUDITS_PATH + "/", 404),
    ],
)
async def test_other_paths_and_methods_are_refused_and_not_named(
    method: str, path: str, status: int, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "medical_team")
    async with serving(FakeJudge()) as client:
        response = await client.request(method, path)
        metrics = await client.get(METRICS_PATH)

    assert response.status_code == status
    assert "Philomena" not in response.text + metrics.text
    assert not any("Philomena" in record.getMessage() for record in caplog.records if record.name != "httpx")


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


async def test_an_unexpected_error_says_where_and_never_what(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(body: bytes) -> WireBatch:
        raise KeyError(body.decode())

    monkeypatch.setattr("medical_team.judge.server.desk.parse_batch", fail)
    async with serving(FakeJudge()) as client:
        response = await audit(client, 1)

    assert (response.status_code, response.json()) == (500, {"error": "the server failed"})
    assert "KeyError at test_judge_server_app.py" in caplog.text
    assert "Philomena" not in caplog.text


async def test_the_log_tells_a_request_by_id_and_hash(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "medical_team.judge.server.rim")
    async with serving(FakeJudge()) as client:
        for _ in range(2):
            await client.post(AUDITS_PATH, content=wire_batch(1, 2), headers={**JSON, REQUEST_ID: "run-7"})

    first, second = (record.getMessage() for record in caplog.records if record.name.endswith(".rim"))
    assert first.startswith("run-7 /v1/audits: status 200, 2 audits, content ")
    assert first.rsplit(",", 1)[0] == second.rsplit(",", 1)[0]
