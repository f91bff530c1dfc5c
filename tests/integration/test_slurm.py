"""The batch scripts on a real Slurm of two nodes, each a host of its own: preempted, resumed, finished."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from slurm_cluster import URGENT, SlurmCluster, free_ports, missing, slurm_cluster
from tiny import tiny_overrides, write_tiny_model

from medical_team.judge.wire import AUDITS_PATH
from medical_team.metrics import read_metrics
from medical_team.records import read_games

pytestmark = [pytest.mark.integration, pytest.mark.skipif(missing() is not None, reason=f"Slurm: {missing()}")]

ROOT = Path(__file__).resolve().parents[2]
STEPS = 6
TRAINS_WITHIN_S, READY_WITHIN_S = 400, 90


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    with slurm_cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


def submit(slurm: SlurmCluster, folder: Path, arguments: list[str], **environment: str) -> str:
    command = [
        "sbatch",
        "--parsable",
        "--nodes=2",
        "--cpus-per-task=4",
        "--time=20",
        f"--chdir={ROOT}",
        f"--output={folder}/job.out",
    ]
    return slurm.run(*command, "launch/slurm/train.sbatch", *arguments, **environment)


def over(slurm: SlurmCluster, job: str) -> bool:
    return slurm.job(job)["JobState"] in ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")


def logs(folder: Path) -> str:
    return "\n".join(
        f"== {path}\n{path.read_text()[-3000:]}" for path in folder.rglob("*") if path.suffix in (".out", ".log")
    )


def test_a_job_that_is_preempted_is_put_back_and_finishes(slurm: SlurmCluster, tmp_path: Path) -> None:
    run = tmp_path / "tiny"
    keys = {"train__estimator": "reinforce", "train__kl_coef": 0, "train__steps": STEPS, "evaluation__notes": 0}
    arguments = tiny_overrides(write_tiny_model(tmp_path / "model"), tmp_path, cluster__backend="cpu", **keys)
    # The actor and the engine take a GPU each: neither node is enough.
    job = submit(slurm, tmp_path, arguments, MEDICAL_TEAM_LOGICAL_GPUS="1")

    def done() -> int:
        assert not over(slurm, job), logs(tmp_path)
        metrics = run / "metrics.jsonl"
        return len(read_metrics(metrics)) if metrics.exists() else 0

    slurm.wait_until("the first step is done", lambda: done() > 0, TRAINS_WITHIN_S)
    # Slurm sends the signal that it sends at the end of a job's time, and the job puts itself back within the grace.
    urgent = slurm.run(
        "sbatch",
        "--parsable",
        f"--partition={URGENT}",
        "--nodes=2",
        "--exclusive",
        "--output=/dev/null",
        "--wrap=true",
    )
    slurm.wait_until("the job is over", lambda: over(slurm, job), TRAINS_WITHIN_S)

    state = slurm.job(job)
    assert (state["JobState"], state["ExitCode"], state["Restarts"]) == ("COMPLETED", "0:0", "1"), logs(tmp_path)
    assert slurm.job(urgent)["JobState"] == "COMPLETED"
    attempts = json.loads((run / "slurm" / "attempts.json").read_text())
    ends = [(one["number"], one["code"], one["signalled"]) for one in attempts]
    assert ends == [(0, 75, True), (1, 0, False)]
    assert 0 < attempts[0]["step"] < STEPS == attempts[1]["step"]
    assert [line["step"] for line in read_metrics(run / "metrics.jsonl")] == [*range(1, STEPS + 1)]
    games = read_games(run / "games").column("game_id").to_pylist()
    assert sorted(games) == list(range(len(games))), "no game is dealt twice, none is left out"
    for number in (0, 1):
        folder = run / "slurm" / f"{job}-{number}"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert "2 Ray node(s)" in (folder / "train.log").read_text()
        assert not (folder / "ray-token").exists(), "the token ends with the cluster"
    said = (tmp_path / "job.out").read_text()
    assert "requeue: attempt 0 saved" in said and "done: trained to the end in 2 attempt(s)" in said
    assert (run / "model" / "config.json").is_file()


def test_bad_input_fails_the_job_and_is_not_tried_again(slurm: SlurmCluster, tmp_path: Path) -> None:
    job = submit(slurm, tmp_path, ["train.stepz=3"])
    slurm.wait_until("the job is over", lambda: over(slurm, job), 60)

    state = slurm.job(job)
    assert (state["JobState"], state["ExitCode"], state["Restarts"]) == ("FAILED", "2:0", "0")
    assert (tmp_path / "job.out").read_text().splitlines()[-1].startswith("ConfigError: ")


def test_a_judge_of_the_cluster_asks_for_its_token_and_comes_back(slurm: SlurmCluster, tmp_path: Path) -> None:
    token, output = tmp_path / "token", tmp_path / "judge.out"
    options = [f"--chdir={ROOT}", f"--output={output}", "--time=20"]
    command = ["sbatch", "--parsable", *options, "launch/slurm/judge.sbatch", "--judge", "rule"]
    (port,) = free_ports(1)
    job = slurm.run(*command, MEDICAL_TEAM_JUDGE_TOKEN_FILE=str(token), MEDICAL_TEAM_JUDGE_PORT=str(port))

    def serves(times: int) -> bool:
        assert not over(slurm, job), output.read_text()
        return output.exists() and output.read_text().count(": ready") == times

    slurm.wait_until("the judge is ready", lambda: serves(1), READY_WITHIN_S)
    said = r"judge\.http\.urls=\[(\S+)\] judge\.http\.token_file=(\S+)"
    ((url, said_token),) = re.findall(said, output.read_text())
    assert said_token == str(token)
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    told = {"Authorization": f"Bearer {token.read_text().strip()}"}
    assert requests.post(url + AUDITS_PATH, json={}, timeout=READY_WITHIN_S).status_code == 401
    assert requests.post(url + AUDITS_PATH, json={}, headers=told, timeout=READY_WITHIN_S).status_code == 422

    slurm.run("scancel", "--batch", "--signal=USR1", job)
    slurm.wait_until("the judge is back", lambda: serves(2), READY_WITHIN_S)
    assert slurm.job(job)["Restarts"] == "1"
    slurm.run("scancel", job)
    slurm.wait_until("the job is over", lambda: over(slurm, job), READY_WITHIN_S)
