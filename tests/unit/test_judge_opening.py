"""Judges by their names in the configuration, and what is closed with them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from audit_requests import planted_errors
from judge_stub import JUDGE, Stub

from medical_team.config import GatesConfig, JudgeConfig
from medical_team.errors import ConfigError, NotYetThere
from medical_team.judge import AuditRequest, Judge, JudgeFailure
from medical_team.judge.opening import NOTHING_STARTED, open_judge
from medical_team.judge.rule import RuleJudge
from medical_team.types import Audit


class Started:
    """A judge that runs elsewhere."""

    name = "elsewhere-1"

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        return [Audit(True, self.name, "says_so") for _ in requests]


def opened(*names: str, started: dict[str, Judge] | None = None, **judge: object):
    return open_judge(names, JudgeConfig.model_validate(judge), GatesConfig(), started or NOTHING_STARTED)


async def test_a_name_of_plain_code_is_that_judge():
    async with opened("rule") as judge:
        assert isinstance(judge, RuleJudge)


async def test_what_is_started_elsewhere_is_not_made_again():
    there = Started()
    async with opened("rule", started={"rule": there}) as judge:
        assert judge is there


async def test_several_names_are_a_panel_under_the_configured_agreement():
    async with opened("rule", "vllm", started={"vllm": Started()}, panel={"agreement": "majority"}) as judge:
        (answer,) = await judge.audit(planted_errors(1), 10.0)
    assert isinstance(answer, Audit | JudgeFailure)
    assert judge.name == "panel-majority(rule-2,elsewhere-1)"


async def test_a_judge_behind_http_is_identified_and_its_connections_end_with_the_block():
    async with Stub() as stub:
        async with opened("http", http={"urls": [stub.url]}) as judge:
            assert judge.name == JUDGE
            assert all(isinstance(answer, Audit) for answer in await judge.audit(planted_errors(2), 10.0))
            assert stub.connections
        await stub.left_alone()


async def test_a_member_that_cannot_be_opened_closes_those_that_were():
    async with Stub() as stub:
        with pytest.raises(ConfigError, match="no judge 'vllm'"):
            async with opened("http", "vllm", http={"urls": [stub.url]}):
                pass
        await stub.left_alone()


async def test_an_endpoint_that_is_not_there_is_a_sentence_before_anything_is_asked():
    async with Stub() as stub:
        url = stub.url
    with pytest.raises(NotYetThere, match=url):
        async with opened("http", http={"urls": [url]}):
            pass
