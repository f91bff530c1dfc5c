"""Real server processes on loopback: they audit, stay awake while they are busy, and end as they are told to."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from judge_process import JSON, PATIENCE_S, ROOT, Server, head, quick, slow

from medical_team.judge.wire import AUDITS_PATH, HEALTH_PATH, READY_PATH, WireAnswers, WireBatch

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests that do not end it."""
    server = Server(tmp_path_factory.mktemp("server") / "log")
    yield server
    assert server.stop() == 0


def test_the_rule_judge_audits(server: Server):
    response = server.audit(quick())

    (answer,) = WireAnswers.model_validate_json(response.content).answers
    assert answer.id == "1"
    assert answer.audit is not None and answer.audit.judge == "rule-2"
    assert requests.get(server.url + READY_PATH, timeout=PATIENCE_S).json()["ready"]


def test_health_answers_while_the_judge_is_busy(server: Server):
    with ThreadPoolExecutor() as clients:
        audits = [clients.submit(server.audit, *map(slow, range(5))) for _ in range(2)]
        server.wait_until("in_flight", 1)
        answered = requests.get(server.url + HEALTH_PATH, timeout=PATIENCE_S)

        assert answered.ok
        assert not all(audit.done() for audit in audits)
        assert [audit.result().status_code for audit in audits] == [200] * 2


def test_a_deadline_is_kept_while_the_judge_is_busy(server: Server):
    response = server.audit(*map(slow, range(20)), deadline_s=0.2)

    answers = WireAnswers.model_validate_json(response.content).answers
    assert {answer.failure.kind for answer in answers if answer.failure} == {"timeout"}
    assert server.lives()


def test_a_client_that_goes_away_leaves_nothing_behind(server: Server):
    body = WireBatch(audits=tuple(map(slow, range(50))), deadline_s=600).model_dump_json()
    with socket.create_connection(server.address) as connection:
        connection.sendall(head(f"Content-Length: {len(body)}", "", body))
        server.wait_until("in_flight", 1)
    server.wait_until("in_flight", at_most=0)

    assert server.metric("queue_depth") == 0
    assert "status 499, 50 audits" in server.log.read_text()


def test_the_token_is_asked_for_and_taken_from_a_file(tmp_path: Path):
    (tmp_path / "token").write_text("token-1\n")
    server = Server(tmp_path / "log", "--host", "0.0.0.0", "--token-file", str(tmp_path / "token"))
    given = {"right": "Bearer token-1", "wrong": "Bearer token-2"}
    path = f"http://127.0.0.1:{server.address[1]}"

    assert requests.get(path + READY_PATH, timeout=PATIENCE_S).status_code == 401
    for name, status in (("right", 200), ("wrong", 401)):
        headers = {"Authorization": given[name]}
        assert requests.get(path + READY_PATH, headers=headers, timeout=PATIENCE_S).status_code == status
    long = requests.post(path + AUDITS_PATH, data=b" " * 900_000, headers=JSON, timeout=PATIENCE_S)
    assert (long.status_code, long.headers["Connection"]) == (401, "close")
    assert requests.get(path + HEALTH_PATH, timeout=PATIENCE_S).ok
    assert server.stop() == 0
    assert "token-" not in server.log.read_text()


def test_told_to_stop_it_takes_nothing_new_and_finishes_what_it_holds(tmp_path: Path):
    server = Server(tmp_path / "log", "--grace", "300")
    with ThreadPoolExecutor() as client:
        held = client.submit(server.audit, *map(slow, range(20)))
        server.wait_until("in_flight", 20)
        server.process.send_signal(signal.SIGTERM)
        refused = until_refused(server)
        still_held = not held.done()
        answers = WireAnswers.model_validate_json(held.result().content).answers

    assert refused and still_held
    assert all(answer.audit for answer in answers)
    assert server.process.wait(PATIENCE_S) == 0


def until_refused(server: Server) -> bool:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            socket.create_connection(server.address).close()
        except (ConnectionRefusedError, ConnectionResetError):
            return True
    return False


def test_what_does_not_end_within_the_grace_time_is_sent_away(tmp_path: Path):
    server = Server(tmp_path / "log", "--grace", "1")
    with ThreadPoolExecutor() as client:
        held = client.submit(server.audit, *map(slow, range(50)))
        server.wait_until("in_flight", 1)

        assert server.stop() == 0
        assert held.result().status_code == 503
    assert "Traceback" not in server.log.read_text()


def test_an_idle_server_ends_at_once(tmp_path: Path):
    server = Server(tmp_path / "log")
    with requests.Session() as idle:
        idle.get(server.url + HEALTH_PATH, timeout=PATIENCE_S)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(PATIENCE_S) == 0
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("options", [("--host", "0.0.0.0"), ()], ids=["no token", "port in use"])
def test_what_cannot_be_served_is_one_sentence(server: Server, options: tuple[str, ...]):
    command = [sys.executable, str(ROOT / "launch" / "serve_medical_judge.py"), "--port", str(server.address[1])]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert ("--token-file" if options else str(server.address[1])) in done.stderr


BROKEN = """
from contextlib import asynccontextmanager
from medical_team.entry import run_entry_point
from medical_team.errors import ModelError
from medical_team.judge.server.app import make_app
from medical_team.judge.server.serve import listen, serve
from medical_team.judge.server.settings import ServerSettings

@asynccontextmanager
async def load():
    raise ModelError("no such folder")
    yield

def main(arguments):
    settings = ServerSettings(judge="broken")
    serve(make_app(load, settings), settings, listen("127.0.0.1", 0))

run_entry_point(main)
"""


def test_a_model_that_cannot_be_loaded_is_one_sentence():
    done = subprocess.run(
        [sys.executable, "-c", BROKEN], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "ModelError: no such folder"
    assert "Traceback" not in done.stderr


LOADING = """
import asyncio, multiprocessing, threading, time
from contextlib import asynccontextmanager
from medical_team.entry import run_entry_point
from medical_team.judge.server.app import make_app
from medical_team.judge.server.serve import listen, serve
from medical_team.judge.server.settings import ServerSettings

def load_for_long():
    child = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(3600,))
    child.start()
    print(child.pid, flush=True)
    threading.Event().wait()

@asynccontextmanager
async def load():
    await asyncio.to_thread(load_for_long)
    yield

def main(arguments):
    settings = ServerSettings(judge="loading")
    serve(make_app(load, settings), settings, listen("127.0.0.1", 0))

if __name__ == "__main__":
    run_entry_point(main)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_while_a_model_loads_it_ends_with_all_that_the_loading_started(number: signal.Signals):
    server = subprocess.Popen([sys.executable, "-c", LOADING], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    child = os.pidfd_open(int(server.stdout.readline()))
    try:
        server.send_signal(number)
        assert server.wait(PATIENCE_S) == 0
        assert select.select([child], [], [], PATIENCE_S)[0], "the child lives on"
    finally:
        server.kill()
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(child, signal.SIGKILL)
        os.close(child)
