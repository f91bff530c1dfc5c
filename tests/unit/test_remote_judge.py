"""The command that looks at a judge behind HTTP: what it says, and its exit codes."""

from __future__ import annotations

from typing import Any

import pytest
from judge_stub import Stub, rates
from pytest_httpserver import HTTPServer

from medical_team.config.judge import HttpJudgeConfig
from medical_team.errors import UserError
from medical_team.judge.language.opinion import Finding, Opinion
from medical_team.remote_judge import EXAMPLE_EDIT, look, main


def config(*urls: str, **others: Any) -> HttpJudgeConfig:
    return HttpJudgeConfig(urls=urls, attempts=1, outage_budget_s=0, **others)


async def test_a_judge_that_is_there_is_shown_with_an_audit(capsys: pytest.CaptureFixture[str]):
    async with Stub() as stub:
        assert await look(config(stub.url), None, 3, 30.0) == 0
    shown = capsys.readouterr().out
    assert "stub-1" in shown and "median" in shown and EXAMPLE_EDIT.replacement.split()[4] in shown


async def test_a_judge_that_is_away_is_told_and_is_exit_code_1(capsys: pytest.CaptureFixture[str]):
    async with Stub() as stub:
        pass
    assert await look(config(stub.url), None, 3, 30.0) == 1
    assert "nobody listens" in capsys.readouterr().out


async def test_a_judge_that_goes_meanwhile_is_asked_no_further(capsys: pytest.CaptureFixture[str]):
    async with Stub(rates({"reset": 1.0}, sound=2)) as stub:
        assert await look(config(stub.url), None, 50, 30.0) == 1
    assert stub.seen.total() <= 4, "two that were answered, one that was not, and its trial"
    assert "2 x yes, 1 x unreachable" in capsys.readouterr().out


async def test_a_judge_that_gives_no_audit_is_exit_code_1(capsys: pytest.CaptureFixture[str]):
    async with Stub(lambda: "401") as stub:
        assert await look(config(stub.url), None, 1, 30.0) == 1
    assert "refused" in capsys.readouterr().out


def test_an_openai_endpoint_is_asked_for_its_model(httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]):
    httpserver.expect_request("/v1/models").respond_with_json({"data": [{"id": "m"}]})
    opinion = Opinion(
        difference="d", reasons="r", is_error=Finding.ERROR, realism=2, keeps_to_type="yes"
    ).model_dump_json(exclude_none=True)
    answer = {"choices": [{"message": {"content": opinion}, "finish_reason": "stop"}]}
    httpserver.expect_request("/v1/chat/completions").respond_with_json(answer)
    url = httpserver.url_for("")
    assert main(["--url", url, "--api", "openai", "--model", "m", "--audits", "1"]) == 0
    assert main(["--url", url, "--api", "openai", "--model", "other"]) == 1
    assert "has no model 'other'" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--url", "ftp://x"],
        ["--url", "http://x", "--audits", "0"],
        ["--url", "http://x", "--api", "openai"],
        ["--url", "http://x", "--model", "m"],
        ["--url", "http://x", "--token-file", "/nowhere/at/all"],
    ],
)
def test_a_wrong_command_line_is_bad_input(arguments: list[str]):
    with pytest.raises(UserError):
        main(arguments)
