"""Done, back into the queue, or failed: what follows an attempt of a job."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medical_team.checkpoints import CheckpointStore, TrainerState
from medical_team.training.attempts import Attempt, AttemptLog, Next, decide

ROOT = Path(__file__).resolve().parents[2]


def attempts(*steps: int, code: int = 75, signalled: bool = True) -> list[Attempt]:
    return [Attempt("7", number, code, signalled, step) for number, step in enumerate(steps)]


@pytest.mark.parametrize(
    ("code", "signalled", "follows"),
    [
        (0, False, Next.DONE),
        (0, True, Next.DONE),
        (75, True, Next.REQUEUE),
        (75, False, Next.REQUEUE),  # its own deadline
        (137, True, Next.REQUEUE),  # killed: the save took too long
        (137, False, Next.FAILED),  # killed by somebody else: out of memory, say
        (1, True, Next.FAILED),
        (1, False, Next.FAILED),
        (2, True, Next.FAILED),
    ],
)
def test_an_exit_code_says_what_follows(code: int, signalled: bool, follows: Next):
    assert decide(attempts(5, code=code, signalled=signalled)).next is follows


@pytest.mark.parametrize(
    ("steps", "follows"),
    [
        ([0], Next.REQUEUE),
        ([0, 0], Next.FAILED),
        ([5, 5], Next.REQUEUE),
        ([5, 5, 5], Next.FAILED),
        ([0, 1, 1, 2, 2], Next.REQUEUE),
        ([3, 7, 9], Next.REQUEUE),
        ([9, 4, 4], Next.REQUEUE),  # the newest checkpoint was refused; whether 4 was new then is not known
        ([9, 4, 4, 4], Next.FAILED),
    ],
)
def test_two_attempts_in_a_row_without_a_new_step_are_enough(steps: list[int], follows: Next):
    assert decide(attempts(*steps)).next is follows


def test_an_attempt_that_saved_nothing_does_not_say_that_it_did():
    assert decide(attempts(5, 5)).reason == "attempt 1 saved nothing new; the newest checkpoint is of step 5"
    assert decide(attempts(5, 6)).reason == "attempt 1 saved; the newest checkpoint is of step 6"


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_a_job_that_gains_a_step_is_never_given_up(steps: list[int]):
    gained = attempts(*steps, max(steps) + 1)

    assert decide(gained).next is Next.REQUEUE


def test_the_log_keeps_jobs_apart_and_counts_an_attempt_once(tmp_path: Path):
    log = AttemptLog(tmp_path / "attempts.json")
    mine, others = attempts(1, 2), Attempt("8", 0, 75, True, 2)
    log.add(mine[0])
    log.add(others)
    log.add(mine[1])

    assert AttemptLog(tmp_path / "attempts.json").add(mine[1]) == mine
    assert log.add(others) == [others]


def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "launch" / "slurm" / "attempt.py"), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_the_batch_script_is_told_in_a_sentence_and_an_exit_code(tmp_path: Path):
    job = ["--job", "7", "--attempt", "0"]
    training = ["--", f"run.dir={tmp_path}", "run.name=night", "--resume", "auto"]
    begun = ask("begin", *job, *training)
    assert begun.stdout.strip() == str(tmp_path / "night" / "slurm" / "7-0")
    assert (tmp_path / "night" / "slurm" / "7-0").is_dir()

    store = CheckpointStore(tmp_path / "night" / "checkpoints", 2)
    store.save(TrainerState(4, {}, 0.0, {}), lambda folder: None)
    ended = ask("end", *job, "--code", "75", "--signalled", *training)
    assert ended.stdout == "requeue: attempt 0 saved; the newest checkpoint is of step 4\n"
    assert ended.returncode == 75
    (kept,) = json.loads((tmp_path / "night" / "slurm" / "attempts.json").read_text())
    assert kept == {"job": "7", "number": 0, "code": 75, "signalled": True, "step": 4}


def test_a_checkpoint_that_the_resume_refused_is_not_what_an_attempt_ends_with(tmp_path: Path):
    training = ["--", f"run.dir={tmp_path}", "run.name=night"]
    ask("begin", "--job", "7", "--attempt", "1", *training)
    folder = tmp_path / "night" / "checkpoints"
    CheckpointStore(folder, 2).save(TrainerState(4, {}, 0.0, {}), lambda folder: None)
    damaged = CheckpointStore(folder, 2).save(TrainerState(5, {}, 0.0, {}), lambda folder: None)
    (damaged / "manifest.json").unlink()
    assert CheckpointStore(folder, 2).newest({}) is not None

    ended = ask("end", "--job", "7", "--attempt", "1", "--code", "75", *training)

    assert ended.stdout.endswith("the newest checkpoint is of step 4\n")


def test_bad_input_is_told_before_anything_is_made(tmp_path: Path):
    begun = ask("begin", "--job", "7", "--attempt", "0", "--", f"run.dir={tmp_path}", "run.nam=x")

    assert begun.returncode == 2 and begun.stderr.startswith("ConfigError: ")
    assert list(tmp_path.iterdir()) == []
