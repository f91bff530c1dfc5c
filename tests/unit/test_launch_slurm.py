"""What the batch scripts do with what Slurm answers; Slurm itself is a few lines on PATH here."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
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
