"""The language model judge on a real vLLM engine. A random model: whatever it writes, the schema holds it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from audit_requests import planted_errors
from tiny import tiny_overrides, write_tiny_model

from medical_team.config import LlmJudgeConfig, load_config
from medical_team.errors import JudgeLost, JudgeRefused
from medical_team.judge import AuditRequest, FailureKind, JudgeFailure
from medical_team.judge.admission.injections import with_injection
from medical_team.judge.admission.payloads import PAYLOADS
from medical_team.judge.language.llm import LlmJudge
from medical_team.judge.language.opinion import answer_schema
from medical_team.judge.language.prompts import audit_2
from medical_team.rollout.judge_engine import JudgeEngine, VllmCompleter
from medical_team.rollout.standalone_judge import while_it_lives
from medical_team.training.run import TrainingRun
from medical_team.types import Assessment, Audit, Verdict

pytestmark = pytest.mark.integration

SETTINGS = LlmJudgeConfig(max_new_tokens=192)
DEADLINE_S = 300.0


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """An engine belongs to the event loop that started it."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def completer(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmCompleter]:
    model = write_tiny_model(tmp_path_factory.mktemp("judge"), positions=SETTINGS.max_length)
    completer = VllmCompleter(JudgeEngine(str(model), "float32", SETTINGS, backend="cpu"))
    runner.run(completer.start())
    yield completer
    completer.close()


@pytest.fixture(scope="module")
def judge(runner: asyncio.Runner, completer: VllmCompleter) -> LlmJudge:
    judge = LlmJudge(completer, SETTINGS)
    runner.run(judge.warm_up(DEADLINE_S))
    return judge


def audits_wanted() -> list[AuditRequest]:
    """Half of them with a payload, a third with an explanation to be audited."""
    requests = planted_errors(12)
    explained = Assessment(Verdict.HARMFUL, 1, "He was well.", "The findings do not fit.")
    for index in range(0, 12, 3):
        requests[index] = AuditRequest(*_fields(requests[index]), assessment=explained)
    return [
        with_injection(request, payload) if index % 2 else request
        for index, (request, payload) in enumerate(zip(requests, PAYLOADS[8:20], strict=True))
    ]


def _fields(request: AuditRequest) -> tuple:
    return request.game_id, request.game_type, request.note, request.edit, request.shown


def test_every_answer_is_an_audit_or_a_failure_that_is_not_malformed(runner: asyncio.Runner, judge: LlmJudge) -> None:
    requests = audits_wanted()
    answers = runner.run(judge.audit(requests, DEADLINE_S))
    assert len(answers) == len(requests)
    kinds = {answer.kind for answer in answers if isinstance(answer, JudgeFailure)}
    assert kinds <= {FailureKind.ABSTAINED}
    for answer in answers:
        if isinstance(answer, Audit):
            assert answer.judge == judge.name and answer.reason in ("llm_error", "llm_no_error")
            assert answer.realism in (0.0, 0.5, 1.0)


def test_no_special_token_comes_of_what_players_wrote(completer: VllmCompleter) -> None:
    prompt = completer.prompt
    plain = prompt.special_of(prompt(audit_2(planted_errors(1)[0], "c0de")))
    for request in audits_wanted():
        assert prompt.special_of(prompt(audit_2(request, "c0de"))) == plain


def test_an_answer_ends_by_itself_within_its_tokens(runner: asyncio.Runner, completer: VllmCompleter) -> None:
    """The shortest limit that is allowed, where a cut would show first."""
    schema = answer_schema(SETTINGS.max_new_tokens, reviewed=True)
    messages = audit_2(planted_errors(1)[0], "c0de")
    asked = completer.complete(messages, schema=schema, max_tokens=SETTINGS.max_new_tokens, deadline_s=DEADLINE_S)
    assert runner.run(asked).endswith("}")


def test_a_late_answer_is_a_timeout_and_leaves_the_engine(
    runner: asyncio.Runner, judge: LlmJudge, completer: VllmCompleter
) -> None:
    answers = runner.run(judge.audit(audits_wanted(), 0.01))
    assert {answer.kind for answer in answers if isinstance(answer, JudgeFailure)} == {FailureKind.TIMEOUT}
    assert completer.in_flight() == 0
    (after,) = runner.run(judge.audit(planted_errors(1), DEADLINE_S))
    assert isinstance(after, Audit) or after.kind is FailureKind.ABSTAINED


def test_a_prompt_that_leaves_no_room_is_refused(runner: asyncio.Runner, completer: VllmCompleter) -> None:
    schema = answer_schema(SETTINGS.max_new_tokens, reviewed=False)
    messages = [{"role": "user", "content": "word " * SETTINGS.max_length}]
    with pytest.raises(JudgeRefused, match=r"judge\.llm\.max_length"):
        runner.run(completer.complete(messages, schema=schema, max_tokens=192, deadline_s=DEADLINE_S))


def test_a_dead_engine_ends_what_uses_it(runner: asyncio.Runner, completer: VllmCompleter) -> None:
    """The last test of this engine."""

    async def use() -> None:
        async with while_it_lives(completer):
            (core,) = [each for each in psutil.Process().children(recursive=True) if "EngineCore" in each.name()]
            core.kill()
            await asyncio.sleep(DEADLINE_S)

    with pytest.raises(JudgeLost, match=completer.model):
        runner.run(use())


@pytest.mark.slow
def test_a_run_has_its_judges_in_actors_that_share_its_gpu(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "model", positions=SETTINGS.max_length)
    overrides = tiny_overrides(
        model,
        tmp_path,
        judge__name="panel",
        judge__model=model,
        judge__panel__members="[rule,vllm]",
        judge__llm__max_new_tokens=SETTINGS.max_new_tokens,
        judge__llm__gpu_memory_utilization=0.1,
        judge__admission__probes=0,  # a random model knows nothing
        cluster__colocate_all=True,
        train__estimator="reinforce",
    )
    with TrainingRun(load_config(None, overrides)) as run:
        judge = run.trainer.judge
        assert judge.name == f"panel(rule-2,{model}/audit-2)"
        answers = run.loop.run(judge.audit(planted_errors(4), DEADLINE_S))
    assert len(answers) == 4
    assert {answer.kind for answer in answers if isinstance(answer, JudgeFailure)} <= {FailureKind.ABSTAINED}
