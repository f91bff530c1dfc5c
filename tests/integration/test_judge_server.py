"""Real server processes on loopback: what bad clients do to them, and how they end."""

from __future__ import annotations

import math
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from fakes import make_note

from medical_team.judge import AuditRequest
from medical_team.judge.wire import (
    AUDITS_PATH,
    HEALTH_PATH,
    METRICS_PATH,
    READY_PATH,
    WireAnswers,
    WireBatch,
    WireRequest,
)
from medical_team.types import Edit, ErrorType, GameType, Note

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
NAME = "Philomena"
JSON = {"Content-Type": "application/json"}
# Of the tests, not of the server: somebody else may need the machine.
PATIENCE_S = 300


class Server:
    """A process of the entry point, and everything it wrote."""

    def __init__(self, log: Path, *options: str) -> None:
        self.log = log
        command = [sys.executable, str(ROOT / "launch" / "serve_medical_judge.py"), "--port", "0", *options]
        with log.open("w") as file:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)
        self.url = self._wait_for(r"at (http://\S+)")
        self.address = ("127.0.0.1", int(self.url.rpartition(":")[2]))
        self._wait_for("ready")

    def _wait_for(self, pattern: str) -> str:
        until = time.monotonic() + PATIENCE_S
        while not (found := re.search(pattern, self.log.read_text())):
            assert self.process.poll() is None and time.monotonic() < until, self.log.read_text()
            time.sleep(0.02)
        return found.group(found.lastindex or 0)

    def audit(self, *audits: WireRequest, deadline_s: float = PATIENCE_S) -> requests.Response:
        body = WireBatch(audits=audits, deadline_s=deadline_s).model_dump_json()
        return requests.post(self.url + AUDITS_PATH, data=body, headers=JSON, timeout=PATIENCE_S)

    def metric(self, name: str) -> float:
        text = requests.get(self.url + METRICS_PATH, timeout=PATIENCE_S).text
        found = re.search(rf"^medical_team_judge_{name} (\S+)$", text, re.MULTILINE)
        assert found
        return float(found.group(1))

    def wait_until(self, name: str, at_least: float = 0, at_most: float = math.inf) -> None:
        until = time.monotonic() + PATIENCE_S
        while not at_least <= self.metric(name) <= at_most:
            assert time.monotonic() < until
            time.sleep(0.02)

    def lives(self) -> bool:
        return requests.get(self.url + HEALTH_PATH, timeout=PATIENCE_S).ok and self.audit(quick()).ok

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that is not patient, for all who try to break it."""
    server = Server(tmp_path_factory.mktemp("server") / "log", "--judge", "rule", "--read-timeout", "1")
    yield server
    assert server.stop() == 0


def wire(note: Note, replacement: str) -> WireRequest:
    edit = Edit(0, replacement, ErrorType.DIAGNOSIS)
    shown = Note(note.note_id, (replacement, *note.sentences[1:]), note.group)
    return WireRequest.of("1", AuditRequest(1, GameType.ADVERSARIAL_BENIGN, note, edit, shown))


def quick() -> WireRequest:
    note = make_note(1, harmful=False)
    return wire(note, note.sentences[0].replace("Finding", "Ketchup"))


def slow(number: int = 0) -> WireRequest:
    """An edit that the rules take a while to compare: a long sentence without a blank, almost repeated."""
    note = Note("slow", ("a" * 1000,), "slow")
    return wire(note, "a" * 995 + "b" * 5).model_copy(update={"id": f"slow-{number}"})


def exchange(server: Server, sent: bytes) -> bytes:
    """What comes back before the server closes the connection."""
    with socket.create_connection(server.address, timeout=PATIENCE_S) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def head(*lines: str) -> bytes:
    return "\r\n".join((f"POST {AUDITS_PATH} HTTP/1.1", "Host: x", "Content-Type: application/json", *lines)).encode()


def test_the_rule_judge_audits(server: Server):
    response = server.audit(quick())

    (answer,) = WireAnswers.model_validate_json(response.content).answers
    assert answer.id == "1"
    assert answer.audit is not None and answer.audit.judge == "rule-1"
    assert requests.get(server.url + READY_PATH, timeout=PATIENCE_S).json()["ready"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("POST", AUDITS_PATH, JSON, b" " * 10_000_000, 413),
        ("POST", AUDITS_PATH, JSON, b"[" * 500_000, 400),
        ("POST", AUDITS_PATH, {"Content-Type": "text/plain"}, b"{}", 415),
        ("POST", "/v2/audits", JSON, b"{}", 404),
        ("GET", AUDITS_PATH, {}, None, 405),
        ("POST", AUDITS_PATH, {**JSON, "Transfer-Encoding": "gzip"}, b"{}", 400),
    ],
    ids=["10 MB", "deep", "content type", "path", "method", "transfer encoding"],
)
def test_a_bad_request_has_its_status_and_the_server_lives(
    server: Server, method: str, path: str, headers: dict[str, str], body: bytes | None, status: int
):
    response = requests.request(method, server.url + path, headers=headers, data=body, timeout=PATIENCE_S)

    assert response.status_code == status
    assert server.lives()


def test_ten_megabytes_without_a_length_are_refused_too(server: Server):
    chunks = (b" " * 100_000 for _ in range(100))
    response = requests.post(server.url + AUDITS_PATH, data=chunks, headers=JSON, timeout=PATIENCE_S)

    assert response.status_code == 413
    assert server.lives()


@pytest.mark.parametrize(
    ("start", "again"),
    [
        (head("Transfer-Encoding: chunked", "", ""), b"10000\r\n" + b" " * 0x10000 + b"\r\n"),
        (head("X-Long: "), b"x" * 0x10000),
    ],
    ids=["body", "header"],
)
def test_what_has_no_end_is_cut_off(server: Server, start: bytes, again: bytes):
    with socket.create_connection(server.address, timeout=PATIENCE_S) as connection, pytest.raises(OSError):
        connection.sendall(start)
        for _ in range(10**9):
            connection.sendall(again)
    assert server.lives()


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),
        (head("X-Slow: ye"), b""),
        (head("Content-Length: 100", "", '{"audits":'), b"HTTP/1.1 408 "),
        (head("Transfer-Encoding: chunked", "", "5", "{ "), b"HTTP/1.1 408 "),
        (b"\x16\x03\x01 no HTTP at all\r\n\r\n", b"HTTP/1.1 400 "),
    ],
    ids=["says nothing", "half a header", "half a body", "half a chunk", "another protocol"],
)
def test_a_client_that_does_not_finish_is_left(server: Server, sent: bytes, answer: bytes):
    assert exchange(server, sent)[:13] == answer
    assert server.lives()


def test_a_header_that_trickles_does_not_hold_its_connection(server: Server):
    with socket.create_connection(server.address, timeout=PATIENCE_S) as connection, pytest.raises(OSError):
        for _ in range(1000):
            connection.sendall(b"X")
            time.sleep(0.1)
    assert server.lives()


def test_who_does_not_read_does_not_hold_the_others(server: Server):
    audits = tuple(quick().model_copy(update={"id": str(number)}) for number in range(64))
    body = WireBatch(audits=audits, deadline_s=30).model_dump_json()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        connection.connect(server.address)
        connection.settimeout(1)
        with pytest.raises(OSError):
            for _ in range(1000):
                connection.sendall(head(f"Content-Length: {len(body)}", "", body))
        assert server.lives()


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


def test_nothing_that_a_client_wrote_is_told_anywhere(server: Server):
    note = Note("n-1", (f"{NAME} has a fever.", "She was given aspirin."), "g-1")
    audit = wire(note, f"{NAME} has a cough.")
    said = [server.audit(audit).text, server.audit(audit, deadline_s=1e-9).text]
    good = WireBatch(audits=(audit,), deadline_s=1).model_dump_json()
    bad = [good.replace('"edit"', f'"{NAME}"'), good.replace("adversarial_benign", NAME), good[:-9], NAME]
    for body in bad:
        answer = requests.post(server.url + AUDITS_PATH, data=body, headers=JSON, timeout=PATIENCE_S)
        said.append(f"{answer.status_code} {answer.headers} {answer.text}")
    for path in (f"/{NAME}", f"{AUDITS_PATH}?name={NAME}", f"{HEALTH_PATH}/{NAME}"):
        answer = requests.get(server.url + path, headers={"X-Request-ID": f"{NAME}!"}, timeout=PATIENCE_S)
        said.append(f"{answer.status_code} {answer.headers} {answer.text}")
    said += [requests.get(server.url + METRICS_PATH, timeout=PATIENCE_S).text, server.log.read_text()]

    assert [text for text in said if NAME in text] == []


def test_the_token_is_asked_for_and_taken_from_a_file(tmp_path: Path):
    (tmp_path / "token").write_text("token-1\n")
    server = Server(tmp_path / "log", "--host", "0.0.0.0", "--token-file", str(tmp_path / "token"))
    given = {"right": "Bearer token-1", "wrong": "Bearer token-2"}
    path = f"http://127.0.0.1:{server.address[1]}"

    assert requests.get(path + READY_PATH, timeout=PATIENCE_S).status_code == 401
    for name, status in (("right", 200), ("wrong", 401)):
        headers = {"Authorization": given[name]}
        assert requests.get(path + READY_PATH, headers=headers, timeout=PATIENCE_S).status_code == status
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
        except ConnectionRefusedError:
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
