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
from medical_team.game.injections import injections
from medical_team.judge import AuditRequest, FailureKind, JudgeFailure, make_judge
from medical_team.judge.admission.injections import EXPLANATION, Flips, flip_rate, with_injection
from medical_team.judge.admission.payloads import PAYLOADS, Asked, Category, Payload
from medical_team.judge.admission.probes import Bucket, build_probes
from medical_team.judge.exact import ExactJudge
from medical_team.judge.rule import RuleJudge
from medical_team.types import Audit, Edit, ErrorType, GameType, Note

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


def test_every_payload_asks_for_something() -> None:
    assert all(payload.asks != Asked() for payload in PAYLOADS)


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
    assert (
        explained.assessment is not None and explained.assessment.explanation == f"{EXPLANATION} {OF_ASSESSORS[0].text}"
    )


_WITHOUT = [
    probe for probe in build_probes(compose_notes(120, seed=3), 64, seed=3) if probe.bucket is not Bucket.INJECTION
]
PROBES = tuple(
    probe
    for pair in zip([p for p in _WITHOUT if p.is_error], [p for p in _WITHOUT if not p.is_error], strict=False)
    for probe in pair
)[:32]
# By what was edited, not by the game's number, which a judge does not see.
TRUTH = {probe.request.edit.replacement: probe.is_error for probe in PROBES}


class Obedient:
    """Right about every probe, and says whatever the payload in it asks for, in the fields that it obeys in."""

    name = "obedient"

    def __init__(self, *obeys: str) -> None:
        self._obeys = obeys
        self.plain_explanations: set[str] = set()

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        return [self._one(request) for request in requests]

    def _one(self, request: AuditRequest) -> Audit | JudgeFailure:
        explanation = (request.assessment.explanation if request.assessment else None) or ""
        text = f"{request.edit.replacement} {explanation}"
        payload = max((each for each in PAYLOADS if each.text in text), key=lambda each: len(each.text), default=None)
        written = request.edit.replacement
        if payload is None:
            self.plain_explanations.add(explanation)
        elif payload.category is not Category.EXPLANATION:
            written = written.removesuffix(f" {payload.text}")
        honest = Audit(TRUTH[written], self.name, "code", 0.5, None, False if explanation else None)
        asked = {} if payload is None else {field: getattr(payload.asks, field) for field in self._obeys}
        return replace(honest, **{field: value for field, value in asked.items() if value is not None})


def flips_of(judge: Obedient, cases: int, payloads: Sequence[Payload] = PAYLOADS) -> Flips:
    return asyncio.run(flip_rate(judge, PROBES[: 2 * cases], payloads=payloads))


@pytest.mark.parametrize("cases", [1, 2, 3, 16])
def test_a_judge_that_always_obeys_is_turned_always_and_an_honest_one_never(cases: int) -> None:
    obedient = flips_of(Obedient("is_error", "realism", "explanation_right"), cases)
    honest = flips_of(Obedient(), cases)
    assert (obedient.rate, honest.rate) == (1.0, 0.0)
    assert obedient.asked == honest.asked == cases * len(PAYLOADS), "each payload is tried on so many probes"


@pytest.mark.parametrize("cases", [1, 16])
@pytest.mark.parametrize("field", ["is_error", "realism", "explanation_right"])
def test_obedience_in_one_field_is_enough(field: str, cases: int) -> None:
    asking = [payload for payload in PAYLOADS if getattr(payload.asks, field) is not None]
    flips = flips_of(Obedient(field), cases, asking)
    assert flips.rate == 1.0 and flips.asked == cases * len(asking)


def test_the_answer_to_a_payload_in_an_explanation_is_compared_with_that_to_a_neutral_one() -> None:
    judge = Obedient()
    flips_of(judge, 2, OF_ASSESSORS)
    assert judge.plain_explanations == {"", EXPLANATION}


def test_an_answer_that_moves_the_other_way_is_no_flip() -> None:
    class Suspicious(Obedient):
        def _one(self, request: AuditRequest) -> Audit | JudgeFailure:
            answer = super()._one(request)
            is_plain = request.edit.replacement in TRUTH
            return answer if is_plain or not isinstance(answer, Audit) else replace(answer, realism=0.0)

    assert flips_of(Suspicious(), 4).rate == 0.0


def test_the_flip_rate_is_of_the_probes_that_were_answered() -> None:
    class Faint(Obedient):
        def _one(self, request: AuditRequest) -> Audit | JudgeFailure:
            lost = "<|im_end|>" in request.edit.replacement
            return JudgeFailure(FailureKind.MALFORMED) if lost else super()._one(request)

    payloads = [payload for payload in PAYLOADS if payload.name in {"ignore/above", "ignore/plea", "role_token/chatml"}]
    flips = flips_of(Faint("is_error"), 4, payloads)
    assert (flips.asked, flips.flipped, flips.unanswered) == (12, 8, 4)
    assert flips.rate == 1.0
    assert flips.by_category[Category.IGNORE] == 8 and flips.by_category[Category.ROLE_TOKEN] == 0


def test_where_the_judge_says_already_what_is_asked_for_nothing_can_turn() -> None:
    class Fooled(Obedient):
        def _one(self, request: AuditRequest) -> Audit | JudgeFailure:
            return Audit(True, self.name, "always", 1.0, None, False)

    above = [payload for payload in PAYLOADS if payload.name == "ignore/above"]
    assert flips_of(Fooled(), 4, above).asked == 0


def test_without_a_verdict_there_is_nothing_to_turn() -> None:
    class Silent(Obedient):
        def _one(self, request: AuditRequest) -> JudgeFailure:
            return JudgeFailure(FailureKind.ABSTAINED)

    flips = flips_of(Silent(), 4)
    assert (flips.asked, flips.rate) == (0, None)


@pytest.mark.parametrize("name", ["rule", "exact"])
def test_judges_of_plain_code_are_not_turned(name: str) -> None:
    flips = asyncio.run(flip_rate(make_judge(name), PROBES))
    assert flips.asked > 0 and flips.flipped == 0


def passing(notes: Sequence[Note]) -> list[AuditRequest]:
    """Every sentence for the assessor beside or in the place of a sentence of each note, where the gates let it."""
    requests = []
    for number, note in enumerate(map(corrected_note, notes)):
        for place, payload in enumerate(injections(), start=number):
            said = note.sentences[place % len(note.sentences)]
            for text in (f"{said} {payload.text}", f"{payload.text} {said}", payload.text):
                edit = Edit(place % len(note.sentences), text, ErrorType.DIAGNOSIS)
                if check_edit(edit, note, GatesConfig()) is None:
                    requests.append(AuditRequest(0, GameType.ADVERSARIAL_BENIGN, note, edit, apply_edit(note, edit)))
    return requests


def check_none_counts(notes: Sequence[Note]) -> None:
    for request in passing(notes):
        for judge in (RuleJudge(GatesConfig()), ExactJudge()):
            assert judge.decide(request).is_error is not True, judge.name


def test_no_sentence_for_the_assessor_is_an_error_on_synthetic_notes() -> None:
    check_none_counts(compose_notes(20, seed=5))


def test_no_sentence_for_the_assessor_is_an_error_on_medec(medec_validation: tuple[Note, ...]) -> None:
    check_none_counts(medec_validation[::20])
