"""What a server is told before it starts: its token, its address, its limits; and plain code in a thread."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fakes import make_note

from medical_team.config import GatesConfig
from medical_team.errors import ConfigError, DataError, MachineError
from medical_team.judge import AuditRequest, FailureKind, JudgeFailure
from medical_team.judge.bearer import TOKEN_VARIABLE, read_token
from medical_team.judge.server.auth import carries_token, require_token
from medical_team.judge.server.local import ThreadedJudge, open_local
from medical_team.judge.server.serve import listen
from medical_team.judge.server.settings import ServerSettings
from medical_team.types import Audit, Edit, ErrorType, GameType


def test_the_file_goes_before_the_environment(tmp_path: Path):
    file = tmp_path / "token"
    file.write_text("from-the-file\n")

    assert read_token(file, {TOKEN_VARIABLE: "other"}) == "from-the-file"
    assert read_token(None, {TOKEN_VARIABLE: " other "}) == "other"
    assert read_token(None, {}) is None


@pytest.mark.parametrize("content", ["", " \n", "two words", "two\nlines", "tökën"])
def test_what_is_no_token_is_refused_without_being_told(content: str, tmp_path: Path):
    file = tmp_path / "token"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match="token") as refused:
        read_token(file, {})
    assert str(file) in str(refused.value) and "words" not in str(refused.value).replace("one word", "")


def test_an_empty_variable_is_no_token_but_a_mistake():
    with pytest.raises(DataError, match=TOKEN_VARIABLE):
        read_token(None, {TOKEN_VARIABLE: ""})


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=str(tmp_path / "none")):
        read_token(tmp_path / "none", {})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_this_machines_own_address_needs_no_token(host: str):
    require_token(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.7", "judge.example", "localhost.example"])
def test_any_other_address_does(host: str):
    require_token(host, "token")
    with pytest.raises(ConfigError, match="--token-file"):
        require_token(host, None)


@pytest.mark.parametrize(
    ("header", "carried"),
    [
        (b"Bearer secret", True),
        (b"bearer  secret ", True),
        (b"Bearer secret2", False),
        (b"Bearer secre", False),
        (b"Basic secret", False),
        (b"secret", False),
        (b"Bearer \xff", False),
        (b"", False),
    ],
)
def test_only_the_whole_token_is_the_token(header: bytes, carried: bool):
    assert carries_token(header, "secret") is carried
    assert carries_token(header, None)


def test_a_token_is_not_shown():
    assert "secret" not in repr(ServerSettings(judge="rule", token="secret"))


@pytest.mark.parametrize("limit", [{"queue": 63}, {"max_body": 0}, {"read_timeout": -1.0}, {"grace": 0}])
def test_limits_that_cannot_work_are_refused(limit: dict[str, int]):
    with pytest.raises(ConfigError, match=next(iter(limit))):
        ServerSettings(judge="rule", **limit)


@pytest.mark.parametrize("name", ["my models/judge", "modèle"])
def test_a_name_that_cannot_travel_is_refused_before_anything_is_loaded(name: str):
    with pytest.raises(ConfigError, match="without blanks"):
        ServerSettings(judge=name)


def test_a_port_in_use_is_one_sentence():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(MachineError, match=f"port {port} of 127.0.0.1"):
            listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_one_sentence():
    with pytest.raises(MachineError, match=r"203\.0\.113\.7"):
        listen("203.0.113.7", 0)


def request(number: int) -> AuditRequest:
    note = make_note(number, harmful=False)
    return AuditRequest(number, GameType.ADVERSARIAL_BENIGN, note, Edit(0, "x", ErrorType.DIAGNOSIS), note)


@pytest.mark.parametrize("name", ["rule", "exact"])
async def test_a_local_judge_says_in_a_thread_what_it_says(name: str):
    async with open_local(name, GatesConfig()) as judge:
        audits = await judge.audit([request(number) for number in range(3)], 30.0)

    assert judge.name == {"rule": "rule-2", "exact": "exact-1"}[name]
    assert [type(audit) for audit in audits] == [Audit] * 3


async def test_a_request_that_the_rules_stumble_over_fails_alone(caplog: pytest.LogCaptureFixture):
    class Stumbles:
        name = "stumbles"

        def decide(self, request: AuditRequest) -> Audit:
            if request.game_id == 1:
                raise ValueError("Jane Roe has a fever")
            return Audit(True, self.name, "x")

    with ThreadPoolExecutor(max_workers=1) as thread:
        first, bad, last = await ThreadedJudge(Stumbles(), thread).audit([request(number) for number in range(3)], 30.0)
    assert isinstance(first, Audit) and isinstance(last, Audit)
    assert isinstance(bad, JudgeFailure) and bad.kind is FailureKind.FAILED
    assert "ValueError at test_judge_server_setup.py" in caplog.text
    assert "Jane Roe" not in caplog.text + repr(bad)


async def test_a_thread_begins_nothing_that_nobody_waits_for():
    begun, go_on = threading.Event(), threading.Event()
    decided: list[int] = []

    class Slow:
        name = "slow"

        def decide(self, request: AuditRequest) -> Audit:
            decided.append(request.game_id)
            begun.set()
            go_on.wait(30)
            return Audit(True, self.name, "x")

    with ThreadPoolExecutor(max_workers=1) as thread:
        task = asyncio.create_task(ThreadedJudge(Slow(), thread).audit([request(0), request(1)], 30.0))
        assert await asyncio.to_thread(begun.wait, 30)
        task.cancel()
        await asyncio.wait([task])
        go_on.set()
    assert decided == [0]
