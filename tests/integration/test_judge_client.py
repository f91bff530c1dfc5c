"""The judge's client against servers on loopback that fail, stall, die and come back."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fakes import make_note
from judge_stub import Stub, rates

from medical_team.config.judge import HttpJudgeConfig
from medical_team.errors import JudgeError
from medical_team.judge import AuditRequest, BatchedJudge
from medical_team.judge.http import HttpJudge
from medical_team.types import Audit, Edit, ErrorType, GameType

pytestmark = pytest.mark.integration

STUB = Path(__file__).parents[1] / "judge_stub.py"
FAULTS = ("429", "500", "reset", "stall", "truncated", "wrong_ids")


def request(number: int) -> AuditRequest:
    """One whose edited sentence has the number in it, and nothing else has."""
    note = make_note(0, harmful=False)
    edit = Edit(0, f"Finding {number} is velvet.", ErrorType.DIAGNOSIS)
    return AuditRequest(number, GameType.ADVERSARIAL_BENIGN, note, edit, note)


def batched(judge: HttpJudge, deadline_s: float, batch_size: int = 1) -> BatchedJudge:
    return BatchedJudge(judge, batch_size=batch_size, max_wait_s=0.01, deadline_s=deadline_s)


async def ask_all(judge: BatchedJudge, count: int) -> list[Audit | BaseException]:
    return await asyncio.gather(*(judge.audit_one(request(number)) for number in range(count)), return_exceptions=True)


def check_each_is_its_own(answers: list[Audit | BaseException]) -> Counter[str]:
    """Every audit is of its request's content, everything else a typed failure; how many of each."""
    kinds: Counter[str] = Counter()
    for number, answer in enumerate(answers):
        if isinstance(answer, Audit):
            assert answer.reason == f"says-{number}"
        else:
            assert isinstance(answer, JudgeError), repr(answer)
        kinds["audit" if isinstance(answer, Audit) else answer.kind] += 1
    return kinds


@pytest.mark.parametrize("batch_size", [1, 8])
async def test_a_thousand_audits_through_every_kind_of_fault(batch_size: int):
    """A stalled request is known by how long others take: one among the first would hold its slot to the deadline."""
    stub = Stub(rates(dict.fromkeys(FAULTS, 0.05), sound=16), delay_s=0.002)
    async with stub, HttpJudge(HttpJudgeConfig(urls=(stub.url,))) as judge:
        answers = await ask_all(batched(judge, deadline_s=100.0, batch_size=batch_size), 1000)

    kinds = check_each_is_its_own(answers)
    assert kinds.total() == 1000
    assert kinds["audit"] >= 900, kinds
    assert max(stub.seen.values()) == 1, "an id was used for two attempts"


@contextmanager
def server(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A stub in a process of its own."""
    process = subprocess.Popen([sys.executable, str(STUB), "--port", str(port), "--delay", "0.02"])
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def until_it_listens(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise AssertionError("the stub does not start")


async def test_a_killed_server_that_returns_loses_no_audit(caplog: pytest.LogCaptureFixture):
    """The deadline is shorter than the outage: only since the clocks stand still does no audit miss it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with HttpJudge(HttpJudgeConfig(urls=(url,), outage_budget_s=120)) as judge:
        with server(port) as first:
            await until_it_listens(port)
            asking = asyncio.create_task(ask_all(batched(judge, deadline_s=4.0), 600))
            await asyncio.sleep(0.1)
            first.send_signal(signal.SIGKILL)
            first.wait(timeout=30)
        await asyncio.sleep(6.0)
        assert not asking.done(), "it was killed too late to be of use"
        with server(port):
            answers = await asyncio.wait_for(asking, timeout=120)

    assert check_each_is_its_own(answers) == {"audit": 600}
    told = [record.getMessage() for record in caplog.records if record.name.endswith(".outage")]
    assert len(told) == 2 and all(url in message for message in told)
    assert "pause" in told[0] and "continue" in told[1]
