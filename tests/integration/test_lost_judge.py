"""A judge's process on real Ray that is killed or stopped, and one whose vLLM engine is."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
import ray
from audit_requests import planted_errors
from tiny import write_tiny_model

from medical_team.backends.cpu import environment
from medical_team.config import GatesConfig, LlmJudgeConfig
from medical_team.errors import JudgeOutage, JudgeTimeout
from medical_team.judge import FailureKind, JudgeFailure, make_judge
from medical_team.judge import actor as judge_actor
from medical_team.judge.actor import JudgeActor, RestartingJudge
from medical_team.judge.batching import BatchedJudge
from medical_team.rollout.judge_engine import JudgeEngine, VllmJudgeActor
from medical_team.training.judge_process import JudgeProcess
from medical_team.types import Audit

pytestmark = pytest.mark.integration

START_S = 300.0
DEADLINE_S = 120.0
RULE_JUDGE = partial(make_judge, "rule", GatesConfig())
SETTINGS = LlmJudgeConfig(max_new_tokens=192)


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    variables = environment(threads=0, kv_cache_gb=1)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": variables})
    yield
    ray.shutdown()


def process_of(judge: RestartingJudge) -> psutil.Process:
    return psutil.Process(ray.get(judge.handle.__ray_call__.remote(lambda _: os.getpid()), timeout=START_S))


def rule_judge(max_restarts: int = 1) -> RestartingJudge:
    process = JudgeProcess(JudgeActor, RULE_JUDGE, num_cpus=0)
    return RestartingJudge("rule-2", process, max_restarts=max_restarts, start_timeout_s=START_S)


async def audited(judge: RestartingJudge, deadline_s: float = DEADLINE_S) -> list[Audit]:
    batched = BatchedJudge(judge, batch_size=4, max_wait_s=0, deadline_s=deadline_s)
    return await asyncio.gather(*map(batched.audit_one, planted_errors(8)))


def test_a_killed_judge_comes_back_and_no_audit_is_lost() -> None:
    judge = rule_judge()
    before = [audit.is_error for audit in asyncio.run(audited(judge))]
    process_of(judge).kill()
    assert [audit.is_error for audit in asyncio.run(audited(judge))] == before
    assert judge.restarts == 1


def test_one_loss_too_many_ends_the_run_with_a_sentence() -> None:
    judge = rule_judge(max_restarts=0)
    process_of(judge).kill()
    with pytest.raises(JudgeOutage, match=r"judge\.max_restarts = 0"):
        asyncio.run(audited(judge))


def test_a_stopped_judge_is_found_out_and_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_actor, "SIGN_OF_LIFE_S", 1.0)
    judge = rule_judge()
    stopped = process_of(judge)
    stopped.send_signal(signal.SIGSTOP)
    with pytest.raises(JudgeTimeout):
        asyncio.run(audited(judge, deadline_s=1.0))
    assert len(asyncio.run(audited(judge))) == 8
    assert judge.restarts == 1
    stopped.wait(START_S)


def engine_of(process: psutil.Process) -> psutil.Process:
    (engine,) = [child for child in process.children(recursive=True) if "EngineCore" in " ".join(child.cmdline())]
    return engine


def test_a_judge_and_its_engine_end_with_each_other(tmp_path: Path) -> None:
    """Where only the engine is killed the judge is started anew; where the judge is, no engine is left behind."""
    model = write_tiny_model(tmp_path, positions=SETTINGS.max_length)
    settings = JudgeEngine(str(model), "float32", SETTINGS, backend="cpu")
    process = JudgeProcess(VllmJudgeActor, settings, num_cpus=1)
    judge = RestartingJudge("vllm", process, max_restarts=1, start_timeout_s=START_S)
    ray.get(judge.handle.ready.remote(), timeout=START_S)
    lost = process_of(judge)
    engine_of(lost).kill()
    answers = asyncio.run(judge.audit(planted_errors(4), DEADLINE_S))
    assert {answer.kind for answer in answers if isinstance(answer, JudgeFailure)} <= {FailureKind.ABSTAINED}
    assert judge.restarts == 1
    lost.wait(START_S)
    second = process_of(judge)
    engine = engine_of(second)
    second.kill()
    engine.wait(START_S)
