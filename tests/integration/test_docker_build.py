"""The judge's image, built for real with buildah and run: who it runs as, what is in it, whether it answers.

MEDICAL_TEAM_DOCKER_BASE names the image to build on: Debian 12 with python3.11, its venv module and its headers, in
buildah's storage. docs/docker.md says how to make one without a registry.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
BASE = os.environ.get("MEDICAL_TEAM_DOCKER_BASE")
TAG = "medical-team-test:judge-rule"
BUILT_WITHIN_S = 500
READY_WITHIN_S = 60
CODE = "/opt/medical_team"

if shutil.which("buildah") is None:
    pytest.skip("buildah is not installed: no image can be built", allow_module_level=True)
if BASE is None:
    pytest.skip("MEDICAL_TEAM_DOCKER_BASE is not set: no base image to build on", allow_module_level=True)


def buildah(*arguments: str, timeout: float = 120, code: int = 0) -> str:
    done = subprocess.run(
        ["buildah", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == code, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    """A container of the freshly built image; both are gone afterwards."""
    given = ["--build-arg", f"BASE={BASE}", "--build-arg", "LOCK=judge-rule.txt"]
    file = ["--format", "docker", "--file", "docker/judge.Dockerfile", "--tag", TAG]
    buildah("build", "--isolation", "chroot", *given, *file, ".", timeout=BUILT_WITHIN_S)
    name = buildah("from", TAG).strip()
    yield name
    buildah("rm", name)
    buildah("rmi", TAG)


def run(container: str, *command: str, code: int = 0) -> list[str]:
    return buildah("run", "--isolation", "chroot", container, "--", *command, code=code).splitlines()


def test_it_runs_as_nobody_special_who_can_change_nothing_but_the_cache(container: str) -> None:
    assert run(container, "id", "-u") == ["10001"]
    assert run(container, "find", CODE, "/opt/venv", "-writable", "-not", "-type", "l") == [f"{CODE}/.cache"]


def test_it_holds_the_code_and_nothing_else(container: str) -> None:
    assert sorted(run(container, "ls", "-A", CODE)) == [
        ".cache",
        "LICENSE",
        "docker",
        "launch",
        "medical_team",
        "requirements",
    ]
    assert (
        run(container, "find", CODE, "-name", "__pycache__", "-o", "-name", "*.parquet", "-o", "-name", ".git*") == []
    )


def test_without_a_token_it_does_not_start(container: str) -> None:
    buildah("run", "--isolation", "chroot", container, "--", *serving(free_port()), "--host", "0.0.0.0", code=2)


def test_it_serves_and_its_health_check_sees_that(container: str, tmp_path: Path) -> None:
    port = free_port()
    command = ["buildah", "run", "--isolation", "chroot", container, "--", *serving(port)]
    with open(tmp_path / "log", "w") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            wait_until_it_answers(container, f"http://127.0.0.1:{port}/ready", server)
            assert answers(container, f"http://127.0.0.1:{port}/health")
        finally:
            server.terminate()
    assert not answers(container, f"http://127.0.0.1:{port}/health")


def serving(port: int) -> list[str]:
    return ["python", "launch/serve_medical_judge.py", "--judge", "rule", "--port", str(port)]


def answers(container: str, url: str) -> bool:
    command = ["buildah", "run", "--isolation", "chroot", container, "--", "python", "docker/judge_answers.py", url]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


def wait_until_it_answers(container: str, url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while not answers(container, url):
        assert server.poll() is None, "the server ended"
        assert time.monotonic() < deadline, f"no answer within {READY_WITHIN_S} s"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
