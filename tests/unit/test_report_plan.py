"""The tables of a plan."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from medical_team.config import load_config
from medical_team.planning.host import Host
from medical_team.planning.plan import plan_run
from medical_team.report.plan import plan_view

ONE_GPU = (
    "model.path=Qwen/Qwen2.5-3B-Instruct",
    "cluster.colocate_all=true",
    "vllm.enable_sleep=true",
    "vllm.gpu_memory_utilization=0.4",
)


def shown(*overrides: str) -> str:
    console = Console(width=120, record=True, file=StringIO())
    config = load_config(None, overrides)
    for part in plan_view(plan_run(config, "gpu", Host(64e9, 1e12, True)), config.cluster.node_gpus):
        console.print(part)
    return console.export_text()


def test_who_shares_a_gpu_is_shown_together_by_moment():
    text = shown(*ONE_GPU)

    assert "1 x A100-80 (actor, reference, critic, engines): " in text and "they take turns" in text
    for moment in ("rollout", "forward passes", "critic update", "actor update"):
        assert moment in text.partition("All of them by moment")[2]
    assert "in the host's memory" in text and "copied there in a save" in text
    assert "Host of a node: " in text and "that may be filled" not in text.partition("Host of a node")[2]
    assert "of 95.0 GB that may be filled" in shown(*ONE_GPU, "cluster.node_memory_gb=100")


def test_gpus_that_hold_the_same_are_shown_once():
    text = shown("model.path=Qwen/Qwen2.5-3B-Instruct", "vllm.num_engines=3")

    assert "3 x A100-80 (engines): " in text and text.count("(engines): ") == 1
    assert "All of them by moment" not in text and "in the host's memory" not in text


@pytest.mark.parametrize("words", ["attacker 1.0, assessor 3.0", "2 (in all 24)", "actor 2, critic 2, reference 2"])
def test_batches_are_numbers(words: str):
    batch = ("rollout.batch_size=4", "train.epochs=2", "train.micro_batch_size=2")

    assert words in shown("model.path=Qwen/Qwen2.5-3B-Instruct", *batch)
