"""What the shell scripts refuse before they start anything, and how a job on a cluster ended."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
from launching import load_script

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = ROOT / "launch"


def run(script: str, *arguments: str, token: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment["RAY_AUTH_TOKEN_PATH"] = str(token)
    command = [str(LAUNCH / script), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(
    ("script", "arguments", "reason"),
    [
        ("submit.sh", ["train.steps=1"], "no token at"),
        ("submit.sh", ["stop"], "stop needs the job's ID"),
        ("submit.sh", ["logs", "1", "2"], "logs needs the job's ID"),
        ("start_ray.sh", [], "say head or worker"),
        ("start_ray.sh", ["worker"], "worker needs the head's address"),
        ("start_ray.sh", ["worker", "10.0.0.1:6379"], "no token at"),
    ],
)
def test_a_script_says_what_it_misses(script: str, arguments: list[str], reason: str, tmp_path: Path):
    done = run(script, *arguments, token=tmp_path / "token")

    assert done.returncode == 2
    assert done.stderr.startswith(f"{script}: ") and reason in done.stderr
    assert not (tmp_path / "token").exists()


def test_a_configuration_that_is_not_there_is_named(tmp_path: Path):
    (tmp_path / "token").write_text("t" * 64)
    done = run("submit.sh", "--config", "configs/none.yaml", token=tmp_path / "token")

    assert (done.returncode, done.stderr) == (2, "submit.sh: --config configs/none.yaml: there is no such file\n")


@pytest.mark.parametrize("code", [0, 75])
def test_a_submitted_run_leaves_nothing_here_and_ends_with_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
):
    (tmp_path / "token").write_text("t" * 64)
    programs, temporary = tmp_path / "bin", tmp_path / "tmp"
    programs.mkdir()
    temporary.mkdir()
    for name, body in {"ray": f'[[ "$2" != submit ]] || ls {temporary}', "python": f"exit {code}"}.items():
        (programs / name).write_text(f"#!/usr/bin/env bash\n{body}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(temporary))

    done = run("submit.sh", "train.steps=1", token=tmp_path / "token")

    assert done.returncode == code
    assert done.stdout.startswith("tmp."), "there was a parcel while the job was submitted"
    assert list(temporary.iterdir()) == []


def test_a_token_that_others_can_read_starts_no_cluster(tmp_path: Path):
    token = tmp_path / "token"
    token.write_text("t" * 64)
    token.chmod(0o644)
    done = run("start_ray.sh", "head", token=token)

    assert done.returncode == 2
    assert "can be read by others (mode 644): chmod 600 it" in done.stderr


SCRIPTS = [*LAUNCH.glob("*.sh"), *LAUNCH.glob("slurm/*.sbatch"), LAUNCH / "slurm" / "ray_node.sh"]


@pytest.mark.parametrize("script", sorted(SCRIPTS), ids=lambda path: path.name)
def test_a_script_stops_at_its_first_error(script: Path):
    assert os.access(script, os.X_OK)
    assert "\nset -euo pipefail\n" in script.read_text()


@pytest.fixture(scope="module")
def job_outcome() -> ModuleType:
    return load_script("job_outcome")


SAVED = "RunStopped: stopped by SIGTERM; what was learnt is saved: go on with run.resume=auto"


@pytest.mark.parametrize(
    ("status", "code", "lines", "expected"),
    [
        ("SUCCEEDED", 0, ["step 1", "done"], (0, "done")),
        ("FAILED", 2, ["MachineError: no GPU"], (2, "MachineError: no GPU")),
        ("FAILED", 75, [SAVED], (75, SAVED)),
        ("FAILED", None, [], (1, "it wrote nothing")),  # the program was never started
        ("STOPPED", None, ["step 3", SAVED], (75, SAVED)),
        ("STOPPED", None, ["step 3"], (1, "step 3")),  # killed before it had saved
    ],
)
def test_a_job_ends_with_its_programs_code_and_last_line(
    job_outcome: ModuleType, status: str, code: int | None, lines: list[str], expected: tuple[int, str]
):
    assert job_outcome.outcome(status, code, lines) == expected
