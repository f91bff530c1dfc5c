"""Whose answer is whose: a batch's answers are taken only when their ids are exactly those of the attempt."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medical_team.judge import FailureKind, JudgeFailure
from medical_team.judge.http import MalformedAnswer
from medical_team.judge.http.answers import Exchange, Ids, batches_of
from medical_team.judge.http.trouble import ForeignAnswer, UnusableAnswer
from medical_team.judge.wire import MAX_AUDITS, MAX_BODY
from medical_team.types import Audit


def sent(count: int, judge: str | None = None, ids: Ids | None = None) -> tuple[Exchange, list[str]]:
    """A batch that was sent, and the ids it was sent under."""
    exchange = Exchange([b'{"game_id":%d}' % number for number in range(count)], ids or Ids(), judge)
    return exchange, [audit["id"] for audit in json.loads(exchange.body(10.0))["audits"]]


def answers(ids: list[str], **others: Any) -> bytes:
    """An answer a request, whose reason is its place in the batch."""
    return json.dumps(
        {
            "answers": [
                {"id": name, "audit": {"is_error": True, "judge": "one", "reason": str(place), **others}}
                for place, name in enumerate(ids)
            ]
        }
    ).encode()


@given(st.permutations(range(8)))
def test_answers_are_matched_by_id_whatever_their_order(order: list[int]):
    exchange, ids = sent(8)
    found = exchange.read(answers([ids[place] for place in order]))
    assert [order[int(audit.reason)] for audit in found if isinstance(audit, Audit)] == list(range(8))


@given(st.integers(1, 6), st.data())
def test_ids_that_are_not_exactly_the_attempts_are_malformed(count: int, data: st.DataObject):
    exchange, ids = sent(count)
    returned = data.draw(st.lists(st.sampled_from([*ids, "unknown-1"]), max_size=count + 2))
    if sorted(returned) == sorted(ids):
        assert len(exchange.read(answers(returned))) == count
    else:
        with pytest.raises(MalformedAnswer):
            exchange.read(answers(returned))


def test_an_answer_to_an_earlier_attempt_is_nobodys():
    exchange, early = sent(2)
    late = [audit["id"] for audit in json.loads(exchange.body(10.0))["audits"]]
    assert not set(early) & set(late)
    with pytest.raises(MalformedAnswer):
        exchange.read(answers(early))
    assert len(exchange.read(answers(late))) == 2


@given(st.lists(st.integers(2, MAX_BODY // 3), max_size=150))
def test_batches_hold_every_case_in_order_within_the_limits(lengths: list[int]):
    cases = [b"{" + b"x" * (length - 1) for length in lengths]
    batches = list(batches_of(cases))
    assert [case for batch in batches for case in batch] == cases
    for batch in batches:
        assert 0 < len(batch) <= MAX_AUDITS and len(Exchange(batch, Ids(), None).body(3600.0)) <= MAX_BODY


def test_no_batch_is_split_without_need():
    assert [len(batch) for batch in batches_of([b"{}"] * (2 * MAX_AUDITS + 1))] == [MAX_AUDITS, MAX_AUDITS, 1]
    assert len(list(batches_of([b"x" * (2 * MAX_BODY)]))) == 1, "whether it is too long is the server's to say"


def test_two_clients_never_use_the_same_id():
    assert not {Ids().next() for _ in range(100)} & {Ids().next() for _ in range(100)}


def test_a_failure_of_the_judge_is_of_its_own_kind():
    exchange, (name,) = sent(1)
    body = {"answers": [{"id": name, "failure": {"kind": "abstained", "message": "unsure"}}]}
    assert exchange.read(json.dumps(body).encode()) == [JudgeFailure(FailureKind.ABSTAINED, "unsure")]


@given(st.lists(st.sets(st.integers(0, 7)), max_size=4))
def test_what_is_answered_is_kept_and_only_the_rest_is_asked_again(losses: list[set[int]]):
    """Each attempt's answers but those of some places, which have no judge."""
    exchange, ids = sent(8)
    places, kept = list(range(8)), set[int]()
    gone = JudgeFailure(FailureKind.OVERLOADED, "in the end")
    for lost in losses:
        found = json.loads(answers(ids))["answers"]
        for place, answer in zip(places, found, strict=True):
            answer["audit"]["reason"] = str(place)
            if place in lost:
                answer["failure"] = {"kind": "unreachable"}
                del answer["audit"]
        kept |= set(places) - lost
        places = [place for place in places if place in lost]
        if not places:
            audits = exchange.read(json.dumps({"answers": found}).encode())
            assert [getattr(audit, "reason", None) for audit in audits] == [str(place) for place in range(8)]
            return
        with pytest.raises(UnusableAnswer):
            exchange.read(json.dumps({"answers": found}).encode())
        ids = [audit["id"] for audit in json.loads(exchange.body(10.0))["audits"]]
        assert len(ids) == len(places)
    for place, answer in enumerate(exchange.given_up(gone)):
        assert answer == gone if place not in kept else isinstance(answer, Audit) and answer.reason == str(place)


def test_another_judge_is_not_believed():
    exchange, ids = sent(2, judge="another")
    with pytest.raises(ForeignAnswer, match="not 'another'"):
        exchange.read(answers(ids))


@pytest.mark.parametrize(
    "others",
    [
        {"realism": 7},
        {"is_error": "perhaps"},
        {"Xanthopoulos": 1},
        {"reason": "x" * 65},
        {"reason": "Xanthopoulos"},
        {"reason": "was given metformin"},
        {"judge": "Xanthopoulos was given metformin"},
        {"judge": "one\n"},
    ],
)
def test_what_is_no_audit_is_malformed_and_not_repeated(others: dict[str, Any]):
    exchange, ids = sent(1)
    with pytest.raises(MalformedAnswer) as refused:
        exchange.read(answers(ids, **others))
    assert "Xanthopoulos" not in str(refused.value) and "perhaps" not in str(refused.value)
