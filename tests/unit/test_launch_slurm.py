"""What the batch scripts do with what Slurm answers; Slurm itself is a few lines on PATH here."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

Program = Callable[[str, str], None]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


@pytest.fixture
def program(programs: Path) -> Program:
    """Puts a program on the script's PATH: its name, and its body in bash."""

    def write(name: str, body: str) -> None:
        (programs / name).write_text(f"#!/usr/bin/env bash\n{body}\n")
        (programs / name).chmod(0o755)

    return write


def bash(programs: Path, body: str) -> subprocess.CompletedProcess[str]:
    """What the batch scripts share, sourced as they do; waits between two questions take no time."""
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "SLURM_JOB_ID": "7"}
    command = ["bash", "-c", f"set -euo pipefail; . launch/slurm/common.sh; sleep() {{ :; }}; {body}"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def slurm_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).isoformat(timespec="seconds")


@pytest.mark.parametrize(
    "answer",
    [
        "exit 1",  # the controller is away
        "echo; exit 0",
        "echo slurm_load_jobs error: Socket timed out; exit 0",
        "echo Unknown",
        "echo tomorrow",
        "echo 2001-02-03T04:05:06",
        "echo 2099-99-99T00:00:00",
    ],
)
def test_where_slurm_does_not_say_when_a_job_ends_it_has_no_end(programs: Path, program: Program, answer: str):
    program("squeue", answer)

    done = bash(programs, 'end=$(job_end); echo "<$end>"')

    assert (done.returncode, done.stdout) == (0, "<>\n")
    assert "Slurm does not say when job 7 ends" in done.stderr


@pytest.mark.parametrize("answer", ["NONE", "N/A"])
def test_a_job_without_a_limit_has_no_end_and_nothing_to_complain_of(programs: Path, program: Program, answer: str):
    program("squeue", f"echo {answer}")

    done = bash(programs, "job_end")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_end_is_asked_for_again_until_slurm_answers(programs: Path, program: Program, tmp_path: Path):
    ends_at = int(time.time()) + 86_400
    asked = tmp_path / "asked"
    program("squeue", f"echo >>{asked}; (($(wc -l <{asked}) >= 3)) || exit 1; echo {slurm_time(ends_at)}")

    done = bash(programs, "job_end")

    assert (done.returncode, done.stdout) == (0, f"{ends_at}\n")


def test_the_users_own_format_of_times_does_not_matter(
    programs: Path, program: Program, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SLURM_TIME_FORMAT", "relative")
    program("squeue", f'[[ "$SLURM_TIME_FORMAT" == standard ]] && echo {slurm_time(time.time() + 86_400)}')

    assert bash(programs, "job_end").stdout.strip().isdigit()


RAY = """
trap 'echo ended >>"$LOG"; exit 0' TERM
while :; do echo alive >>"$LOG"; sleep 0.05; done
"""
WITHIN_S = 30


@contextmanager
def ray_node(
    programs: Path, folder: Path, command: str = "exec launch/slurm/ray_node.sh head"
) -> Iterator[subprocess.Popen[bytes]]:
    """A node's script beside a Slurm and a Ray that are a few lines, started by a shell's ``command``."""
    (folder / "token").write_text("t" * 64)
    (folder / "token").chmod(0o600)
    environment = os.environ | {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "VIRTUAL_ENV": str(folder / "none"),
        "LOG": str(folder / "log"),
        "SLURM_JOB_ID": "7",
        "SLURMD_NODENAME": "n1",
        "SLURM_CPUS_ON_NODE": "2",
        "SLURM_TMPDIR": str(folder),
        "RAY_AUTH_TOKEN_PATH": str(folder / "token"),
        "MEDICAL_TEAM_RAY_OVER": str(folder / "over"),
    }
    process = subprocess.Popen(["bash", "-c", command], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        (folder / "over").touch()
        process.wait(WITHIN_S)


def lines(folder: Path) -> list[str]:
    log = folder / "log"
    return log.read_text().split() if log.exists() else []


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def slurm_and_ray(program: Program) -> None:
    program("scontrol", 'echo "NodeName=n1 NodeAddr=127.0.0.1 Port=1"')
    program("ray", RAY)


@pytest.mark.usefixtures("slurm_and_ray")
def test_a_ray_node_stays_through_sigterm_until_the_batch_script_is_done(programs: Path, tmp_path: Path):
    with ray_node(programs, tmp_path) as node:
        wait_until(lambda: "alive" in lines(tmp_path))
        node.send_signal(signal.SIGTERM)
        before = len(lines(tmp_path))
        # Longer than the script's own look around, which is when it would take note of the signal.
        wait_until(lambda: len(lines(tmp_path)) > before + 40 or node.poll() is not None)
        assert (node.poll(), "ended" in lines(tmp_path)) == (None, False)

        (tmp_path / "over").touch()
        assert node.wait(WITHIN_S) == 0
    assert lines(tmp_path)[-1] == "ended"


@pytest.mark.usefixtures("slurm_and_ray")
def test_a_ray_node_does_not_outlive_the_batch_script(programs: Path, tmp_path: Path):
    with ray_node(programs, tmp_path, "launch/slurm/ray_node.sh head; true") as batch_script:
        wait_until(lambda: "alive" in lines(tmp_path))
        batch_script.kill()
        batch_script.wait(WITHIN_S)
        wait_until(lambda: "ended" in lines(tmp_path))


@pytest.mark.usefixtures("slurm_and_ray")
def test_a_ray_that_ends_by_itself_ends_its_node_with_its_code(programs: Path, program: Program, tmp_path: Path):
    program("ray", "exit 7")

    with ray_node(programs, tmp_path) as node:
        assert node.wait(WITHIN_S) == 7
