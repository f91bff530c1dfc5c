"""``launch/submit.sh`` to a cluster that ``launch/start_ray.sh`` started: GPUs by number, a token, loopback."""

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
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tiny import tiny_overrides, write_tiny_model

from medical_team.metrics import read_metrics

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
GPUS = 4
STEPS = 6
TRAINS_WITHIN_S = 400
READY_WITHIN_S = 90
GONE_WITHIN_S = 30

# A cluster of the user's must not be found, and ours must not find it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
# The scripts call the programs of this environment.
ENVIRONMENT["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@dataclass(frozen=True)
class Head:
    """A cluster of one node: where its dashboard is, and who may ask it."""

    url: str
    token: Path

    @property
    def environment(self) -> dict[str, str]:
        return ENVIRONMENT | {"RAY_API_SERVER_ADDRESS": self.url, "RAY_AUTH_TOKEN_PATH": str(self.token)}

    def ask(self, path: str, token: str) -> int:
        """Status of an answer; 0 where nobody answers."""
        request = urllib.request.Request(f"{self.url}{path}", headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Head]:
    """A cluster that ends with the module."""
    port, http, client, agent = free_ports(4)
    # Below pytest's own folder the names of Ray's sockets would be longer than a socket's may be.
    folder = Path(tempfile.mkdtemp(prefix="ray-"))
    head = Head(f"http://127.0.0.1:{http}", folder / "token")
    command = [str(ROOT / "launch" / "start_ray.sh"), "head", f"--temp-dir={folder}"]
    command += [f"--num-gpus={GPUS}", "--num-cpus=8", f"--port={port}", "--node-ip-address=127.0.0.1"]
    command += [f"--dashboard-port={http}"]
    command += [f"--ray-client-server-port={client}", f"--dashboard-agent-listen-port={agent}"]
    command += ["--min-worker-port=0", "--max-worker-port=0"]
    log = folder / "head.log"
    with open(log, "w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=head.environment, start_new_session=True)
    try:
        wait_until_ready(head, process, log)
        yield head
    finally:
        stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def wait_until_ready(head: Head, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-3000:]
        if head.token.exists() and head.ask("/api/version", head.token.read_text()) == 200:
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


def command(*arguments: str) -> list[str]:
    return [str(ROOT / "launch" / "submit.sh"), *arguments]


def submit(cluster: Head, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        env=cluster.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )


def started(cluster: Head, job: str, *arguments: str) -> subprocess.Popen[str]:
    environment = cluster.environment | {"JOB_ID": job}
    return subprocess.Popen(
        command(*arguments), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model"))


def small(model: Path, runs: Path, **more: object) -> list[str]:
    """One step of as few processes as a run can have: one actor, one engine, the judge."""
    keys = {"train__steps": 1, "train__estimator": "reinforce", "train__kl_coef": 0, "evaluation__notes": 0}
    keys |= {"cluster__backend": "cpu"}
    return tiny_overrides(model, runs, **keys | more)


def test_a_job_that_is_stopped_saves_and_finishes_when_it_is_submitted_again(
    cluster: Head, model: Path, tmp_path: Path
) -> None:
    arguments = small(model, tmp_path, train__steps=STEPS, run__resume="auto")
    metrics = tmp_path / "tiny" / "metrics.jsonl"
    with started(cluster, "first", *arguments) as first:
        deadline = time.monotonic() + TRAINS_WITHIN_S
        while not (metrics.exists() and read_metrics(metrics)):
            assert first.poll() is None and time.monotonic() < deadline
            time.sleep(0.2)
        stopped = submit(cluster, "stop", "first")
        said, _ = first.communicate(timeout=60)

    assert stopped.returncode == 0, stopped.stdout
    assert first.returncode == 75, said[-3000:]
    assert "RunStopped: stopped by SIGTERM" in said.splitlines()[-1]
    assert 0 < len(read_metrics(metrics)) < STEPS
    assert "STOPPED" in submit(cluster, "status", "first").stdout.upper()

    done = submit(cluster, *arguments)

    assert done.returncode == 0, done.stdout[-3000:]
    lines = read_metrics(metrics)
    assert [line["step"] for line in lines] == [*range(1, STEPS + 1)]
    assert all(isinstance(line["train/policy_loss"], float) for line in lines)
    assert (tmp_path / "tiny" / "model" / "config.json").is_file()


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_nobody_is_let_in_without_the_token(cluster: Head, model: Path, tmp_path: Path, token: str) -> None:
    other = tmp_path / "token"
    other.write_text(token)
    done = submit(replace(cluster, token=other), *small(model, tmp_path))

    assert done.returncode != 0
    assert cluster.ask("/api/jobs/", token) in (401, 403)  # none, or a wrong one
    assert not (tmp_path / "tiny").exists()


def test_the_token_is_its_owners(cluster: Head) -> None:
    assert cluster.token.stat().st_mode & 0o077 == 0


def test_more_gpus_than_there_are_fail_the_job_with_the_reason(cluster: Head, model: Path, tmp_path: Path) -> None:
    done = submit(cluster, *small(model, tmp_path, vllm__num_engines=GPUS))

    assert done.returncode == 2, done.stdout[-3000:]
    last = done.stdout.splitlines()[-1]
    assert f"MachineError: this configuration needs {GPUS + 1} GPUs (actor 1, engines {GPUS}) and the" in last
    assert not (tmp_path / "tiny").exists()


def test_a_run_in_the_jobs_copy_of_the_working_directory_is_refused(cluster: Head, model: Path, tmp_path: Path) -> None:
    """And a configuration of one's own, wherever it lies, goes with the job."""
    own = tmp_path / "own.yaml"
    own.write_text("run:\n  dir: runs\n")
    overrides = [one for one in small(model, Path("runs")) if not one.startswith("run.dir=")]
    done = submit(cluster, "--config", str(own), *overrides)

    assert done.returncode == 2
    assert "run.dir = runs lies in the copy of the working directory" in done.stdout.splitlines()[-1]
