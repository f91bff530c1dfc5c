"""A judge server in a process of its own, as its entry point starts it, and requests for it."""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests
from fakes import make_note
from patient_rules import SLOW

from medical_team.judge import AuditRequest
from medical_team.judge.wire import AUDITS_PATH, HEALTH_PATH, METRICS_PATH, WireBatch, WireRequest
from medical_team.types import Edit, ErrorType, GameType, Note

ROOT = Path(__file__).parents[1]
JSON = {"Content-Type": "application/json"}
# Of the tests, not of the server: somebody else may need the machine.
PATIENCE_S = 300


class Server:
    """A process of the entry point, and everything it wrote."""

    def __init__(self, log: Path, *options: str) -> None:
        self.log = log
        command = [sys.executable, str(ROOT / "tests" / "patient_rules.py"), "--port", "0", *options]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        with log.open("w") as file:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT)
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


def wire(note: Note, replacement: str) -> WireRequest:
    edit = Edit(0, replacement, ErrorType.DIAGNOSIS)
    shown = Note(note.note_id, (replacement, *note.sentences[1:]), note.group)
    return WireRequest.of("1", AuditRequest(1, GameType.ADVERSARIAL_BENIGN, note, edit, shown))


def quick() -> WireRequest:
    note = make_note(1, harmful=False)
    return wire(note, note.sentences[0].replace("Finding", "Ketchup"))


def slow(number: int = 0) -> WireRequest:
    """An edit over which the rules take a while (``patient_rules``)."""
    note = Note(SLOW, make_note(1, harmful=False).sentences, SLOW)
    return wire(note, note.sentences[0].replace("Finding", "Ketchup")).model_copy(update={"id": f"slow-{number}"})


def head(*lines: str) -> bytes:
    return "\r\n".join((f"POST {AUDITS_PATH} HTTP/1.1", "Host: x", "Content-Type: application/json", *lines)).encode()
