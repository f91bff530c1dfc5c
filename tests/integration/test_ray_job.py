"""``ray job submit`` to a cluster that is already there: GPUs by number, the dashboard on loopback."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny import tiny_overrides, write_tiny_model

from medical_team.metrics import read_metrics

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
RAY = str(Path(sys.executable).with_name("ray"))
GPUS = 4
READY_WITHIN_S = 90
GONE_WITHIN_S = 30

# A cluster of the user's must not be found, and ours must not find it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@pytest.fixture(scope="module")
def dashboard() -> Iterator[str]:
    """Address of the dashboard of a cluster that ends with the module."""
    port, http, client, agent = free_ports(4)
    # Below pytest's own folder the names of Ray's sockets would be longer than a socket's may be.
    folder = tempfile.mkdtemp(prefix="ray-")
    command = [RAY, "start", "--head", "--block", "--disable-usage-stats", f"--temp-dir={folder}"]
    command += [f"--num-gpus={GPUS}", "--num-cpus=8", f"--port={port}", "--node-ip-address=127.0.0.1"]
    command += ["--include-dashboard=true", "--dashboard-host=127.0.0.1", f"--dashboard-port={http}"]
    command += [f"--ray-client-server-port={client}", f"--dashboard-agent-listen-port={agent}"]
    command += ["--min-worker-port=0", "--max-worker-port=0"]
    log = Path(folder) / "head.log"
    with open(log, "w") as output:
        head = subprocess.Popen(command, stdout=output, stderr=output, env=ENVIRONMENT, start_new_session=True)
    try:
        wait_until_ready(f"http://127.0.0.1:{http}", head, log)
        yield f"http://127.0.0.1:{http}"
    finally:
        stop(head)
        shutil.rmtree(folder, ignore_errors=True)


def wait_until_ready(address: str, head: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        assert head.poll() is None, log.read_text()[-3000:]
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/api/version", timeout=5):
            return
        time.sleep(0.5)
    raise AssertionError(f"no dashboard within {READY_WITHIN_S} s:\n{log.read_text()[-3000:]}")


def stop(head: subprocess.Popen[bytes]) -> None:
    """End this cluster's processes, which are one group; ``ray stop`` would end everybody's."""
    head.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        head.wait(GONE_WITHIN_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(head.pid, signal.SIGKILL)
    head.wait()


def submit(dashboard: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    entry = ["python", "launch/train_ppo_ray.py", "cluster.backend=cpu", *arguments]
    command = [RAY, "job", "submit", "--address", dashboard, "--working-dir", str(ROOT), "--", *entry]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=600, check=False)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model"))


def small(model: Path, runs: Path, **more: object) -> list[str]:
    """One step of as few processes as a run can have: one actor, one engine, the judge."""
    keys = {"train__steps": 1, "train__estimator": "reinforce", "train__kl_coef": 0, "evaluation__notes": 0}
    return tiny_overrides(model, runs, **keys | more)


def test_a_job_trains(dashboard: str, model: Path, tmp_path: Path) -> None:
    done = submit(dashboard, *small(model, tmp_path))

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "succeeded" in done.stdout + done.stderr
    (step,) = read_metrics(tmp_path / "tiny" / "metrics.jsonl")
    assert step["step"] == 1 and isinstance(step["train/policy_loss"], float)
    assert (tmp_path / "tiny" / "model" / "config.json").is_file()


def test_more_gpus_than_there_are_fail_the_job_with_the_reason(dashboard: str, model: Path, tmp_path: Path) -> None:
    done = submit(dashboard, *small(model, tmp_path, vllm__num_engines=GPUS))

    said = done.stdout + done.stderr
    assert done.returncode == 1 and "failed with exit code 2" in said
    (sentence,) = {line for line in said.splitlines() if line.startswith("MachineError: ")}
    assert f"needs {GPUS + 1} GPUs (actor 1, engines {GPUS}) and the cluster has {GPUS}" in sentence
    assert not (tmp_path / "tiny").exists()


def test_a_run_in_the_jobs_copy_of_the_working_directory_is_refused(dashboard: str, model: Path) -> None:
    done = submit(dashboard, *small(model, Path("runs")))

    said = done.stdout + done.stderr
    assert done.returncode == 1 and "failed with exit code 2" in said
    assert "run.dir = runs lies in the copy of the working directory" in said
