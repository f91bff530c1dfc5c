"""Fetching MEDEC, against a server on this machine: all files appear, or none and one sentence."""

from __future__ import annotations

import csv
import hashlib
import io
import socket
import threading
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from medical_team.data.download import BASE_URL, COMMIT, FILES, RemoteFile, download_medec
from medical_team.data.medec import COLUMNS
from medical_team.errors import DataError


def csv_bytes(notes: int) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([[f"n-{n}", f"0 Fever {n}.", "0", "NA", "-1", "NA", "NA"] for n in range(notes)])
    return text.getvalue().encode()


BODY = csv_bytes(3)
KNOWN = RemoteFile("Valid.csv", notes=3, sha256=hashlib.sha256(BODY).hexdigest())
UNKNOWN = RemoteFile("Train.csv", notes=3)


def serve(server: HTTPServer, file: RemoteFile, body: bytes = BODY, status: int = 200) -> None:
    server.expect_request(f"/{file.name}").respond_with_data(body, status=status)


def fails(folder: Path, url: str, files: tuple[RemoteFile, ...] = (KNOWN, UNKNOWN)) -> str:
    """Download, expect one sentence and no trace; returns the sentence."""
    with pytest.raises(DataError) as raised:
        download_medec(folder, url.rstrip("/"), files, timeout_s=0.5)
    assert not folder.exists()
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_verified_files_appear(tmp_path: Path, httpserver: HTTPServer) -> None:
    serve(httpserver, KNOWN)
    serve(httpserver, UNKNOWN)
    done = download_medec(tmp_path / "medec", httpserver.url_for("").rstrip("/"), (KNOWN, UNKNOWN))
    assert [(file.path.name, file.by_checksum) for file in done] == [("Valid.csv", True), ("Train.csv", False)]
    assert sorted(file.name for file in (tmp_path / "medec").iterdir()) == ["Train.csv", "Valid.csv"]
    assert (tmp_path / "medec" / "Valid.csv").read_bytes() == BODY


def test_a_wrong_checksum_keeps_nothing(tmp_path: Path, httpserver: HTTPServer) -> None:
    serve(httpserver, UNKNOWN)
    serve(httpserver, KNOWN, csv_bytes(4))
    assert "SHA-256" in fails(tmp_path / "medec", httpserver.url_for(""), (UNKNOWN, KNOWN))


def test_a_file_without_known_checksum_is_verified_by_its_content(tmp_path: Path, httpserver: HTTPServer) -> None:
    serve(httpserver, UNKNOWN, csv_bytes(2))
    assert "holds 2 notes, expected 3" in fails(tmp_path / "medec", httpserver.url_for(""), (UNKNOWN,))
    httpserver.clear()
    serve(httpserver, UNKNOWN, b"<html>moved</html>")
    message = fails(tmp_path / "medec", httpserver.url_for(""), (UNKNOWN,))
    assert "Train.csv" in message
    assert "lacks the column" in message


def test_a_missing_file_is_named(tmp_path: Path, httpserver: HTTPServer) -> None:
    serve(httpserver, KNOWN)
    serve(httpserver, UNKNOWN, b"", status=404)
    assert "Train.csv answered 404" in fails(tmp_path / "medec", httpserver.url_for(""))


def test_an_earlier_download_survives_a_failed_one(tmp_path: Path, httpserver: HTTPServer) -> None:
    old = tmp_path / "Valid.csv"
    old.write_text("old")
    serve(httpserver, KNOWN, b"", status=500)
    with pytest.raises(DataError, match="answered 500"):
        download_medec(tmp_path, httpserver.url_for("").rstrip("/"), (KNOWN,))
    assert old.read_text() == "old"
    assert list(tmp_path.iterdir()) == [old]


def raw_server(answer: bytes) -> tuple[str, socket.socket]:
    """Answers one request with these bytes; with none, it is silent."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            if answer:
                connection.sendall(answer)
            else:
                connection.recv(1)  # until the other side gives up

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}", listener


def test_a_truncated_answer_keeps_nothing(tmp_path: Path) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
    url, listener = raw_server(head + BODY[: len(BODY) // 2])
    with listener:
        assert "could not be fetched" in fails(tmp_path / "medec", url, (UNKNOWN,))


def test_a_silent_server_is_given_up(tmp_path: Path) -> None:
    url, listener = raw_server(b"")
    with listener:
        assert "in time" in fails(tmp_path / "medec", url, (UNKNOWN,))


def test_no_server_at_all(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "could not be fetched" in fails(tmp_path / "medec", f"http://127.0.0.1:{port}")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        download_medec(tmp_path / "file" / "medec", "http://127.0.0.1:9")


def test_the_pinned_source_is_one_commit_and_three_splits() -> None:
    assert len(COMMIT) == 40
    assert COMMIT in BASE_URL
    assert sorted(file.notes for file in FILES) == [574, 597, 2189]
