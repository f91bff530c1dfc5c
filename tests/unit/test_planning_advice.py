"""The change that is named makes the run fit, and is the first of its kind that does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from medical_team.config import load_config
from medical_team.errors import ConfigError
from medical_team.planning.advice import candidates, changed, nearest_change, refusal
from medical_team.planning.host import Host
from medical_team.planning.plan import plan_run

HOST = Host(memory=64e9, free_disk=1e15, multiplies_bfloat16=True)
ONE_GPU = (
    "model.path=Qwen/Qwen2.5-3B-Instruct",
    "cluster.colocate_all=true",
    "vllm.enable_sleep=true",
    "vllm.gpu_memory_utilization=0.4",
    "model.max_length=2048",
    "train.estimator=reinforce",
)


@pytest.mark.parametrize(
    ("overrides", "change"),
    [
        ([*ONE_GPU, "cluster.card=82"], {"train.gradient_checkpointing": True}),
        (
            [*ONE_GPU, "train.gradient_checkpointing=true", "cluster.card=A100-40"],
            {"train.offload_optimizer": True},
        ),
        (
            [
                *ONE_GPU,
                "train.gradient_checkpointing=true",
                "train.offload_optimizer=true",
                "cluster.node_memory_gb=100",
            ],
            {"train.offload_optimizer": False},  # gradients in float32 are not kept anywhere then
        ),
        (
            ["model.path=Qwen/Qwen2.5-3B-Instruct", "vllm.gpu_memory_utilization=0.05"],
            {"vllm.gpu_memory_utilization": 0.1},
        ),
    ],
)
def test_the_nearest_change_is_named(overrides: list[str], change: dict[str, object]):
    config = load_config(None, overrides)
    assert plan_run(config, "gpu", HOST).problems

    assert nearest_change(config, "gpu", HOST) == change


def test_where_one_change_is_not_enough_there_may_be_two():
    config = load_config(None, [*ONE_GPU, "rollout.micro_batch_size=3", "train.micro_batch_size=3", "cluster.card=52"])
    change = nearest_change(config, "gpu", HOST)

    assert change is not None and len(change) == 2
    assert all(plan_run(changed(config, {key: value}), "gpu", HOST).problems for key, value in change.items())
    assert plan_run(changed(config, change), "gpu", HOST).fits


def test_groups_that_share_their_gpus_grow_together():
    config = load_config(None, [*ONE_GPU, "train.gradient_checkpointing=true", "rollout.batch_size=8"])
    grown = [change for change in candidates(config, "gpu") if "vllm.num_engines" in change]

    (change,) = grown
    assert changed(config, change).cluster.actor.gpus_per_node == 2


@settings(max_examples=30, deadline=None)
@given(
    card=st.sampled_from(["24", "40", "A100-80"]),
    model=st.sampled_from(["Qwen/Qwen2.5-1.5B", "Qwen/Qwen2.5-3B", "Qwen/Qwen2.5-7B"]),
    sleep=st.booleans(),
    micro=st.sampled_from([1, 2]),
)
def test_a_change_that_is_named_fits_by_the_planners_own_figures(card: str, model: str, sleep: bool, micro: int):
    given_values = [f"model.path={model}", f"cluster.card={card}", f"train.micro_batch_size={micro}"]
    together = ["cluster.colocate_all=true", f"vllm.enable_sleep={sleep}", "vllm.gpu_memory_utilization=0.3"]
    config = load_config(None, [*given_values, *together, "rollout.batch_size=24"])
    change = nearest_change(config, "gpu", HOST)

    if change is not None:
        assert plan_run(changed(config, change), "gpu", HOST).problems == ()


def test_the_refusal_says_why_and_what_can_be_typed():
    overrides = [*ONE_GPU, "train.gradient_checkpointing=true", "cluster.card=A100-40"]
    config = load_config(None, overrides)
    sentence = refusal(config, plan_run(config, "gpu", HOST), "gpu")

    assert "at actor update" in sentence and sentence.endswith("It fits with train.offload_optimizer=true")
    advised = load_config(None, [*overrides, *sentence.rsplit("It fits with ", 1)[1].split()])
    assert plan_run(advised, "gpu", HOST).fits


def test_where_nothing_helps_it_says_so():
    config = load_config(None, ["model.path=Qwen/Qwen2.5-32B", "cluster.card=8"])

    assert "No change of one or two keys" in refusal(config, plan_run(config, "gpu", HOST), "gpu")


def test_a_full_disk_has_its_own_remedy():
    config, host = load_config(None, ["model.path=Qwen/Qwen2.5-1.5B"]), Host(64e9, 1e9, True)
    sentence = refusal(config, plan_run(config, "gpu", host), "gpu")

    assert "choose another run.dir" in sentence and "It fits with" not in sentence


def test_on_cpu_less_is_asked_of_the_host():
    tight = ["model.path=HuggingFaceTB/SmolLM2-135M", "rollout.batch_size=8", "train.micro_batch_size=8"]
    config, host = load_config(None, tight), Host(17e9, 1e15, True)
    assert plan_run(config, "cpu", host).problems

    assert nearest_change(config, "cpu", host) == {"train.gradient_checkpointing": True}


def test_a_change_that_does_not_go_together_is_no_advice():
    config = load_config(None, ONE_GPU)

    with pytest.raises(ValidationError):
        changed(config, {"vllm.enable_sleep": True, "cluster.colocate_all": False})


@pytest.mark.parametrize("key", ["train.offload_optimizer", "vllm.enable_sleep"])
def test_what_moves_the_states_of_zero_needs_zero(key: str):
    with pytest.raises(ConfigError, match=rf"{key}.*train\.zero_stage"):
        load_config(None, [f"{key}=true", "cluster.colocate_all=true", "train.zero_stage=0"])
