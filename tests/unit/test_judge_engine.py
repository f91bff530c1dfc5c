"""What a judge's engine is started with, before there is one."""

from __future__ import annotations

import pytest

from medical_team.config import LlmJudgeConfig
from medical_team.rollout.judge_engine import JudgeEngine, judge_dtype


def arguments(backend="gpu", **llm: object):
    return JudgeEngine("some/model", "bfloat16", LlmJudgeConfig.model_validate(llm), backend=backend).arguments()


def test_one_gpu_is_this_process_and_several_are_its_own_workers() -> None:
    assert arguments()["distributed_executor_backend"] == "uni"
    several = arguments(gpus=2)
    assert (several["tensor_parallel_size"], several["distributed_executor_backend"]) == (2, "mp")


def test_on_cpu_gpus_are_places_in_a_plan() -> None:
    cpu = arguments("cpu", gpus=2)
    assert (cpu["tensor_parallel_size"], cpu["distributed_executor_backend"]) == (1, "uni")
    assert "gpu_memory_utilization" not in cpu
    assert cpu["max_num_batched_tokens"] >= cpu["max_model_len"]


def test_answers_are_constrained_and_blanks_are_not_the_models_to_choose() -> None:
    assert arguments()["structured_outputs_config"] == {"backend": "xgrammar", "disable_any_whitespace": True}


@pytest.mark.parametrize(("configured", "dtype"), [("auto", "bfloat16"), ("float32", "float32")])
def test_nothing_computes_in_float16(configured: str, dtype: str) -> None:
    assert judge_dtype(configured, "gpu") == dtype
    assert judge_dtype("bfloat16", "cpu") == "bfloat16"
