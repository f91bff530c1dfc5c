"""``train_ppo_ray.py --plan`` as a person runs it: tables at once, without the stack, and a refusal with its remedy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from launching import ROOT, SCRIPT, WATCHED

GPU = ("cluster.backend=gpu", "model.path=Qwen/Qwen2.5-3B-Instruct")


def plan(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WATCHED, SCRIPT, "--plan", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def free_of_disk(folder: Path) -> tuple[str, ...]:
    """A 3B model's checkpoints do not fit every disk that tests run on."""
    return (f"run.dir={folder}", "checkpoint.keep=1", "run.min_free_gb=0")


def test_a_plan_shows_placement_memory_batches_and_disk():
    done = plan("--config", "configs/cpu_demo.yaml")

    for words in ("Placement", "This host", "optimizer states", "KV cache", "full sequences cached", "Batches"):
        assert words in done.stdout
    assert "optimizer steps" in done.stdout and "checkpoint " in done.stdout and "free " in done.stdout


def test_it_imports_nothing_heavy_and_leaves_nothing(tmp_path: Path):
    done = plan(*GPU, f"run.dir={tmp_path / 'runs'}")

    assert done.stderr.splitlines()[-1] == "imported:"
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_fit_is_one_sentence_and_code_2_below_its_tables(tmp_path: Path):
    together = ("cluster.colocate_all=true", "vllm.enable_sleep=true", "vllm.gpu_memory_utilization=0.5")
    done = plan(*GPU, *together, "train.estimator=reinforce", "cluster.card=L40S", *free_of_disk(tmp_path))

    assert done.returncode == 2
    assert "x L40S" in done.stdout
    sentence = done.stderr.splitlines()[0]
    assert sentence.startswith("MachineError: this run does not fit: the GPU of actor, reference, engines: ")
    assert "It fits with train.offload_optimizer=true" in sentence


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*GPU, "cluster.card=C64"), "cluster.card = C64 is unknown"),
        (("cluster.backend=gpu", "model.path=somebody/unknown-9B"), "model.path = somebody/unknown-9B is unknown"),
    ],
)
def test_what_cannot_be_planned_is_one_sentence_and_code_2(arguments: tuple[str, ...], words: str):
    done = plan(*arguments)

    assert done.returncode == 2 and done.stdout == ""
    assert words in done.stderr.splitlines()[0]
