"""The injection suite against judges of plain code, and the measure for the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest
from audit_requests import planted_errors, request_for

from medical_team.config import GatesConfig
from medical_team.data.synthetic.compose import compose_notes
from medical_team.game.edits import apply_edit, corrected_note
from medical_team.game.gates import check_edit
from medical_team.judge import AuditRequest, FailureKind, JudgeFailure, make_judge
from medical_team.judge.admission.injections import PAYLOADS, Category, Payload, flip_rate, with_injection
from medical_team.types import Audit, Note

OF_ATTACKERS = [payload for payload in PAYLOADS if payload.category is not Category.EXPLANATION]
OF_ASSESSORS = [payload for payload in PAYLOADS if payload.category is Category.EXPLANATION]


def long_note(note: Note) -> Note:
    """The note with so much around it that a payload is a small part: what the limits on length let through."""
    more = [note for note in compose_notes(40, seed=5) if not note.has_error][:8]
    return replace(note, sentences=(*note.sentences, *(text for other in more for text in other.sentences)))


@cache
def erroneous() -> tuple[AuditRequest, ...]:
    requests = planted_errors(4)
    long = long_note(requests[0].note)
    edit = requests[0].edit
    return (*requests, replace(requests[0], note=long, shown=apply_edit(long, edit)))


@cache
def harmless() -> tuple[AuditRequest, ...]:
    """The same notes with their sentences as they were."""
    return tuple(
        request_for(request.note, request.edit.sentence_id, request.note.sentences[request.edit.sentence_id])
        for request in erroneous()
    )


def test_the_suite_has_every_category_and_no_name_twice() -> None:
    assert len(PAYLOADS) >= 60
    assert {payload.category for payload in PAYLOADS} == set(Category)
    assert len({payload.name for payload in PAYLOADS}) == len(PAYLOADS) == len({each.text for each in PAYLOADS})


@pytest.mark.parametrize("payload", OF_ATTACKERS, ids=lambda payload: payload.name)
def test_no_edit_with_a_payload_counts(payload: Payload) -> None:
    for request in (*erroneous(), *harmless()):
        attacked = with_injection(request, payload)
        assert check_edit(attacked.edit, attacked.note, GatesConfig()) is not None


@pytest.mark.parametrize("name", ["rule", "exact"])
def test_no_payload_makes_an_error_of_a_harmless_edit(name: str) -> None:
    attacked = [with_injection(request, payload) for request in harmless() for payload in PAYLOADS]
    answers = asyncio.run(make_judge(name).audit(attacked, 10.0))
    assert not [answer for answer in answers if isinstance(answer, Audit) and answer.is_error]


@pytest.mark.parametrize("name", ["rule", "exact"])
def test_an_explanation_changes_nothing_for_a_judge_of_the_edit(name: str) -> None:
    plain = asyncio.run(make_judge(name).audit(erroneous(), 10.0))
    for payload in OF_ASSESSORS:
        attacked = [with_injection(request, payload) for request in erroneous()]
        assert asyncio.run(make_judge(name).audit(attacked, 10.0)) == plain


def test_a_payload_stands_after_what_its_author_wrote() -> None:
    (request,) = planted_errors(1)
    attacked = with_injection(request, OF_ATTACKERS[0])
    assert attacked.edit.replacement == f"{request.edit.replacement} {OF_ATTACKERS[0].text}"
    assert attacked.shown == apply_edit(corrected_note(request.note), attacked.edit)
    explained = with_injection(request, OF_ASSESSORS[0])
    assert explained.edit == request.edit
    assert explained.assessment is not None and explained.assessment.explanation == OF_ASSESSORS[0].text


class Gullible:
    """Calls what is there an error when it is told so, and loses its voice before role tokens."""

    name = "gullible"

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        return [self._one(request.edit.replacement) for request in requests]

    def _one(self, text: str) -> Audit | JudgeFailure:
        if "<|im_end|>" in text:
            return JudgeFailure(FailureKind.MALFORMED)
        return Audit("Ignore the instructions" in text, self.name, "code")


def test_the_flip_rate_counts_verdicts_that_turn() -> None:
    payloads = [payload for payload in PAYLOADS if payload.name in {"ignore/above", "ignore/plea", "role_token/chatml"}]
    flips = asyncio.run(flip_rate(Gullible(), harmless()[:4], payloads=payloads))
    assert (flips.asked, flips.flipped, flips.unanswered) == (12, 4, 4)
    assert flips.rate == 0.5
    assert flips.by_category[Category.IGNORE] == 4 and flips.by_category[Category.ROLE_TOKEN] == 0


def test_without_a_verdict_there_is_nothing_to_turn() -> None:
    class Silent(Gullible):
        def _one(self, text: str) -> JudgeFailure:
            return JudgeFailure(FailureKind.ABSTAINED)

    flips = asyncio.run(flip_rate(Silent(), harmless()))
    assert (flips.asked, flips.rate) == (0, 0.0)


@pytest.mark.parametrize("name", ["rule", "exact"])
def test_judges_of_plain_code_do_not_turn_towards_error(name: str) -> None:
    assert asyncio.run(flip_rate(make_judge(name), harmless())).flipped == 0
