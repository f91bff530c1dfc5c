"""A judge's process that dies, hangs or does not come back; its audits are asked again and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
from audit_requests import planted_errors

from medical_team.errors import JudgeOutage, JudgeUnreachable
from medical_team.judge import actor as judge_actor
from medical_team.judge.actor import RestartingJudge
from medical_team.judge.batching import BatchedJudge
from medical_team.judge.protocol import AuditRequest, FailureKind, JudgeFailure
from medical_team.types import Audit

DEADLINE_S = 0.2
FOREVER = 3600.0


class Gone(Exception):
    """What a call of a dead actor raises."""


class Method:
    def __init__(self, call: Callable) -> None:
        self.remote = call


class Handle:
    """An actor that does what its ``fate`` says: live, die, hang, refuse to start, or be late with everything."""

    def __init__(self, number: int, fate: str) -> None:
        self.number = number
        self.fate = fate
        self.ended = False
        self.audit = Method(self._audit)
        self.ready = Method(self._ready)
        self.alive = Method(self._sign)

    async def _audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        await self._sign()
        if self.fate == "late":
            return [JudgeFailure(FailureKind.TIMEOUT, "") for _ in requests]
        return [Audit(is_error=True, judge=str(self.number), reason="differs") for _ in requests]

    async def _ready(self) -> str:
        if self.fate == "broken":
            raise Gone
        return "rule-2"

    async def _sign(self) -> bool:
        if self.fate == "dead" or self.ended:
            raise Gone
        if self.fate == "hung" or self.fate == "late":
            await asyncio.sleep(FOREVER if self.fate == "hung" else 0)
        if self.fate == "buggy":
            raise ValueError("x")
        return True


class Processes:
    """Starts a handle for each of the fates."""

    def __init__(self, *fates: str) -> None:
        self._fates = iter(fates)
        self.handles: list[Handle] = []

    def start(self) -> Handle:
        self.handles.append(Handle(len(self.handles), next(self._fates)))
        return self.handles[-1]

    async def end(self, handle: Handle) -> None:
        handle.ended = True

    def is_lost(self, error: Exception) -> bool:
        return isinstance(error, Gone)


def remote(*fates: str, max_restarts: int = 2) -> tuple[RestartingJudge, Processes]:
    processes = Processes(*fates)
    return RestartingJudge("rule-2", processes, max_restarts=max_restarts, start_timeout_s=FOREVER), processes


async def audited(judge: RestartingJudge, count: int = 1) -> list[Audit]:
    batched = BatchedJudge(judge, batch_size=1, max_wait_s=0, deadline_s=DEADLINE_S)
    return await asyncio.gather(*map(batched.audit_one, planted_errors(count)))


async def test_what_a_dead_judge_owes_is_asked_of_the_one_started_in_its_place():
    judge, processes = remote("dead", "alive")
    audits = await audited(judge, 5)
    assert [audit.judge for audit in audits] == ["1"] * 5
    assert judge.restarts == 1, "five audits are lost by one death"
    assert processes.handles[0].ended


async def test_one_that_does_not_start_is_tried_again_and_ended():
    judge, processes = remote("dead", "broken", "alive")
    (audit,) = await audited(judge)
    assert audit.judge == "2" and judge.restarts == 2
    assert [handle.ended for handle in processes.handles] == [True, True, False]


async def test_one_loss_too_many_is_an_outage_for_everybody_who_waits():
    judge, _ = remote("dead", "dead", max_restarts=1)
    batched = BatchedJudge(judge, batch_size=1, max_wait_s=0, deadline_s=DEADLINE_S)
    answers = await asyncio.gather(*map(batched.audit_one, planted_errors(3)), return_exceptions=True)
    assert all(isinstance(answer, JudgeOutage) for answer in answers)
    assert "judge.max_restarts = 1" in str(answers[0])


async def test_no_deadline_runs_out_while_one_is_started():
    judge, processes = remote("dead", "alive")
    begin = processes.start

    def slowly() -> Handle:
        handle = begin()
        ready = handle.ready.remote

        async def later() -> str:
            await asyncio.sleep(2 * DEADLINE_S)
            return await ready()

        handle.ready = Method(later)
        return handle

    processes.start = slowly  # type: ignore[method-assign]
    (audit,) = await audited(judge)
    assert audit.judge == "1"


@pytest.mark.parametrize("fate", ["hung", "late"])
async def test_one_that_hangs_is_found_out_by_the_audit_after_its_deadline(
    fate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge_actor, "SIGN_OF_LIFE_S", 0.01)
    judge, processes = remote(fate, "alive")
    late = await asyncio.gather(audited(judge), return_exceptions=True)
    assert [type(answer).__name__ for answer in late] == ["JudgeTimeout"]
    processes.handles[0].fate = "hung"
    (audit,) = await audited(judge)
    assert audit.judge == "1" and judge.restarts == 1


async def test_one_that_was_only_slow_is_left_alone():
    judge, processes = remote("hung")
    await asyncio.gather(audited(judge), return_exceptions=True)
    processes.handles[0].fate = "alive"
    (audit,) = await audited(judge)
    assert audit.judge == "0" and judge.restarts == 0


async def test_a_bug_in_a_judge_is_no_reason_to_start_it_anew():
    judge, _ = remote("buggy")
    with pytest.raises(JudgeUnreachable, match="ValueError"):
        await judge.audit(planted_errors(1), DEADLINE_S)
    assert judge.restarts == 0
