"""The language model judge over a completer that answers without a model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from audit_requests import planted_errors, request_for

from medical_team.config import LlmJudgeConfig
from medical_team.errors import ConfigError, JudgeOutage, JudgeOverloaded, JudgeTimeout
from medical_team.game.prompts import Message
from medical_team.judge import FailureKind, JudgeFailure
from medical_team.judge.language.llm import LlmJudge
from medical_team.types import Assessment, Audit, Note, Verdict

FOUND = {"difference": "", "reasons": "", "is_error": "error", "realism": 2, "keeps_to_type": "yes"}


class FakeCompleter:
    """Answers what ``reply`` makes of the last message; keeps what it was asked."""

    model = "organisation/model"

    def __init__(self, reply: Callable[[str], str]) -> None:
        self.asked: list[dict[str, Any]] = []
        self.most_at_once = 0
        self._at_once = 0
        self._reply = reply

    async def complete(self, messages: list[Message], **how: Any) -> str:
        self.asked.append({"messages": messages, **how})
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self._at_once -= 1
        return self._reply(messages[-1]["content"])


def answer(**changes: object) -> str:
    return json.dumps(FOUND | changes)


def audits(completer: FakeCompleter, requests, deadline_s: float = 10.0):
    return asyncio.run(LlmJudge(completer, LlmJudgeConfig()).audit(requests, deadline_s))


def test_all_requests_are_asked_at_once_and_answered_in_their_order() -> None:
    requests = planted_errors(12)
    marks = [request.edit.replacement for request in requests]
    chosen = set(marks[::3])
    completer = FakeCompleter(
        lambda text: answer(is_error="error" if any(mark in text for mark in chosen) else "no_error")
    )
    answers = audits(completer, requests)
    assert [one.is_error for one in answers] == [mark in chosen for mark in marks]
    assert completer.most_at_once == 12


def test_the_audits_name_model_and_prompt_version(clean_note: Note) -> None:
    (audit,) = audits(FakeCompleter(lambda _: answer()), [request_for(clean_note, 0, "A man.")])
    assert audit == Audit(True, "organisation/model/audit-2", "llm_error", realism=1.0, keeps_to_type=True)


def test_one_failure_costs_one_audit() -> None:
    requests = planted_errors(5)
    marks = [request.edit.replacement for request in requests]

    def reply(text: str) -> str:
        index = next(index for index, mark in enumerate(marks) if mark in text)
        if index == 1:
            raise JudgeTimeout("late")
        if index == 2:
            raise JudgeOverloaded("busy")
        return (answer(), "", "", "no JSON", answer(is_error="unsure"))[index]

    kinds = [one.kind if isinstance(one, JudgeFailure) else None for one in audits(FakeCompleter(reply), requests)]
    assert kinds == [None, FailureKind.TIMEOUT, FailureKind.OVERLOADED, FailureKind.MALFORMED, FailureKind.ABSTAINED]


def test_what_cannot_be_asked_is_refused_without_asking(clean_note: Note) -> None:
    completer = FakeCompleter(lambda _: answer())
    (failure,) = audits(completer, [request_for(clean_note, 0, "word " * 400)])
    assert isinstance(failure, JudgeFailure) and failure.kind is FailureKind.REFUSED
    assert completer.asked == []


def test_every_request_has_a_marker_code_of_its_own() -> None:
    completer = FakeCompleter(lambda _: answer())
    audits(completer, [planted_errors(1)[0]] * 8)
    codes = {asked["messages"][-1]["content"].partition("[[end ")[2].partition("]]")[0] for asked in completer.asked}
    assert len(codes) == 8 and all(len(code) == 16 for code in codes)


def test_the_completer_has_less_time_than_the_caller_waits(clean_note: Note) -> None:
    completer = FakeCompleter(lambda _: answer())
    audits(completer, [request_for(clean_note, 0, "A man.")], deadline_s=8.0)
    assert 0 < completer.asked[0]["deadline_s"] < 8.0
    assert completer.asked[0]["max_tokens"] == LlmJudgeConfig().max_new_tokens


def test_the_schema_asks_about_the_answer_of_the_assessor_where_there_is_one(clean_note: Note) -> None:
    explained = Assessment(Verdict.HARMFUL, 0, "A woman.", "She is a woman.")
    completer = FakeCompleter(
        lambda text: answer(**({"explanation": "no", "correction": "yes"} if "She is a woman." in text else {}))
    )
    with_it, without = audits(
        completer, [request_for(clean_note, 0, "A man.", assessment=explained), request_for(clean_note, 0, "A man.")]
    )
    assert (with_it.explanation_right, without.explanation_right) == (False, None)
    assert (with_it.correction_right, without.correction_right) == (True, None)
    for name in ("explanation", "correction"):
        assert [name in asked["schema"]["properties"] for asked in completer.asked] == [True, False]


def test_what_is_no_failure_of_the_judge_propagates_once_nothing_runs_any_more() -> None:
    def reply(text: str) -> str:
        raise JudgeOutage("all endpoints are away")

    completer = FakeCompleter(reply)
    with pytest.raises(JudgeOutage):
        audits(completer, planted_errors(3))
    assert len(completer.asked) == 3


def test_warming_up_asks_once_for_each_schema() -> None:
    completer = FakeCompleter(lambda _: "")
    asyncio.run(LlmJudge(completer, LlmJudgeConfig()).warm_up(5.0))
    assert len({json.dumps(asked["schema"]) for asked in completer.asked}) == 2


def test_an_unknown_prompt_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(ConfigError, match=r"judge\.llm\.prompt"):
        LlmJudge(FakeCompleter(lambda _: ""), LlmJudgeConfig(prompt="audit-x"))
