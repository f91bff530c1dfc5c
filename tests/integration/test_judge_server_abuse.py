"""Clients that do wrong to a real server process: each gets its status or is left, the others never notice."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
import requests
from judge_process import JSON, PATIENCE_S, Server, head, quick, wire

from medical_team.judge.wire import AUDITS_PATH, HEALTH_PATH, METRICS_PATH, WireBatch
from medical_team.types import Note

NAME = "Philomena"

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that is not patient, for all who try to break it."""
    server = Server(tmp_path_factory.mktemp("server") / "log", "--judge", "rule", "--read-timeout", "1")
    yield server
    assert server.stop() == 0


def exchange(server: Server, sent: bytes) -> bytes:
    """What comes back before the server closes the connection."""
    with socket.create_connection(server.address, timeout=PATIENCE_S) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


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
