"""What the server does not take: the right status, a short sentence, and nothing of the request in it or in the log."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from serving import JSON, NAME, FakeJudge, audit, serving, until, wire_batch

from medical_team.judge.wire import AUDITS_PATH, HEALTH_PATH, METRICS_PATH, READY_PATH, WireBatch


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
    assert {answer.headers["Connection"] for answer in [*answers, health]} == {"close"}
    assert judge.audited == []


async def test_with_the_token_everything_is_as_without_one():
    async with serving(FakeJudge(), token="token-1") as client:
        client.headers["Authorization"] = "bearer token-1"
        response = await audit(client, 1)
    assert response.status_code == 200 and "Connection" not in response.headers


async def test_a_stranger_that_sends_on_is_read_to_a_limit_before_it_is_refused():
    read: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        for number in range(1000):
            read.append(number)
            yield b" " * 1024

    async with serving(FakeJudge(), token="token-1", max_body=10 * 1024) as client:
        assert (await client.post(AUDITS_PATH, content=endless(), headers=JSON)).status_code == 401
    assert 10 <= len(read) < 20


async def test_a_request_too_many_is_told_to_come_back_and_nobody_else_notices():
    judge = FakeJudge(held=[0])
    async with serving(judge, token="token-1", max_requests=1) as client:
        stranger = await audit(client, 1)
        client.headers["Authorization"] = "Bearer token-1"
        held = asyncio.create_task(audit(client, 0))
        await until(lambda: judge.audited)
        refused = await audit(client, 1)
        others = [(await client.get(path)).status_code for path in (HEALTH_PATH, READY_PATH, METRICS_PATH)]
        judge.open.set()
        assert (await held).status_code == 200
        assert (await audit(client, 1)).status_code == 200

    assert (stranger.status_code, refused.status_code, others) == (401, 429, [200] * 3)
    assert int(refused.headers["Retry-After"]) >= 1


GOOD = json.loads(wire_batch(1))
ERROR = {"error_type": "diagnosis", "error_sentence_id": 0, "corrected_sentence": NAME}


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
    "no such sentence": (changed_audit(note={**GOOD["audits"][0]["note"], **ERROR, "error_sentence_id": 400}), 422),
    "half an error": (changed_audit(note={**GOOD["audits"][0]["note"], "error_sentence_id": 0}), 422),
    "an edit of no sentence": (changed_audit(edit={**GOOD["audits"][0]["edit"], "sentence_id": 8}), 422),
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


async def test_an_unexpected_error_says_where_and_never_what(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(body: bytes) -> WireBatch:
        raise KeyError(body.decode())

    monkeypatch.setattr("medical_team.judge.server.desk.parse_batch", fail)
    async with serving(FakeJudge()) as client:
        response = await audit(client, 1)

    assert (response.status_code, response.json()) == (500, {"error": "the server failed"})
    assert "KeyError at test_judge_server_refusals.py" in caplog.text
    assert "Philomena" not in caplog.text
