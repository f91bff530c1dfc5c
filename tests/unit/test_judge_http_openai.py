"""Chat completions as a judge's completer, against an endpoint that may be anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from medical_team.config.judge import HttpJudgeConfig
from medical_team.errors import JudgeError, JudgeMalformed, JudgeOverloaded, JudgeRefused, JudgeTimeout
from medical_team.judge.http.openai import OpenAiCompleter

SCHEMA = {"type": "object", "properties": {"is_error": {"enum": ["error", "no_error"]}}}


def completer(server: HTTPServer, **others: Any) -> OpenAiCompleter:
    return OpenAiCompleter(HttpJudgeConfig(urls=(server.url_for(""),), api="openai", **others), "some-model")


def completion(content: str | None, finish_reason: str = "stop", choices: int = 1) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish_reason}
    return {"id": "x", "object": "chat.completion", "choices": [choice] * choices, "usage": {"total_tokens": 3}}


async def complete(server: HTTPServer, **others: Any) -> str:
    async with completer(server, **others) as asked:
        return await asked.complete(
            [{"role": "user", "content": "Is it?"}], schema=SCHEMA, max_tokens=7, deadline_s=30.0
        )


async def test_a_completion_is_asked_for_at_temperature_0_under_the_schema(httpserver: HTTPServer):
    httpserver.expect_request("/v1/chat/completions", method="POST").respond_with_json(completion('{"is_error": 1}'))
    assert await complete(httpserver) == '{"is_error": 1}'
    request, _ = httpserver.log[0]
    sent = json.loads(request.get_data())
    assert sent["response_format"]["json_schema"] == {"name": "audit", "strict": True, "schema": SCHEMA}
    assert (sent["temperature"], sent["max_tokens"], sent["model"]) == (0, 7, "some-model")
    assert sent["messages"] == [{"role": "user", "content": "Is it?"}]


@pytest.mark.parametrize(
    "answer",
    [completion(None), completion("{", "length"), completion("x", choices=2), {"choices": []}, {}, [1]],
)
async def test_what_is_no_completion_is_malformed_and_asked_for_twice(httpserver: HTTPServer, answer: Any):
    httpserver.expect_request("/v1/chat/completions").respond_with_json(answer)
    with pytest.raises(JudgeMalformed):
        await complete(httpserver)
    assert len(httpserver.log) == 2


@pytest.mark.parametrize(
    ("status", "error", "asked"),
    [(401, JudgeRefused, 1), (404, JudgeRefused, 1), (422, JudgeRefused, 1), (429, JudgeOverloaded, 2)],
)
async def test_statuses_are_typed_as_those_of_our_own_server(
    httpserver: HTTPServer, status: int, error: type[JudgeError], asked: int
):
    httpserver.expect_request("/v1/chat/completions").respond_with_data("Mr Xanthopoulos", status=status)
    with pytest.raises(error, match=str(status)) as failed:
        await complete(httpserver, attempts=2)
    assert len(httpserver.log) == asked and "Xanthopoulos" not in str(failed.value)


async def test_a_redirect_is_not_followed(httpserver: HTTPServer):
    httpserver.expect_request("/v1/chat/completions").respond_with_response(
        Response(status=307, headers={"Location": httpserver.url_for("/elsewhere")})
    )
    with pytest.raises(JudgeRefused, match="redirect"):
        await complete(httpserver)
    assert [request.path for request, _ in httpserver.log] == ["/v1/chat/completions"]


async def test_an_answer_without_end_is_not_read(httpserver: HTTPServer):
    def endless(request: Request) -> Response:
        return Response((b"x" * 2**16 for _ in range(2**10)), content_type="application/json")

    httpserver.expect_request("/v1/chat/completions").respond_with_handler(endless)
    with pytest.raises(JudgeMalformed, match="more than"):
        await complete(httpserver, attempts=1)


async def test_a_chat_that_is_never_answered_is_a_timeout_and_no_outage(httpserver: HTTPServer):
    """A proxy in front of the model says so."""
    httpserver.expect_request("/v1/models").respond_with_json({"object": "list", "data": []})
    httpserver.expect_request("/v1/chat/completions").respond_with_data("late", status=504)
    async with completer(httpserver, attempts=1, outage_budget_s=0) as asked:
        for _ in range(3):
            with pytest.raises(JudgeTimeout):
                await asked.complete([], schema=SCHEMA, max_tokens=7, deadline_s=0.3)


async def test_readiness_is_having_the_model(httpserver: HTTPServer):
    httpserver.expect_request("/v1/models").respond_with_json({"object": "list", "data": [{"id": "some-model"}]})
    async with completer(httpserver) as asked:
        (found,) = await asked.readiness()
        assert found.problem is None and found.said is not None and found.said.model == "some-model"
        asked.model = "another"
        (found,) = await asked.readiness()
        assert found.problem is not None and "no model 'another'" in found.problem
