"""Audits on the wire: who asked what under which id, and whose answer is whose. Pure."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator, Sequence
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticSerializationError

from medical_team.judge.http.trouble import ForeignAnswer, JudgeGone, MalformedAnswer, Unfinished, UnusableAnswer
from medical_team.judge.protocol import AuditRequest, FailureKind, JudgeFailure
from medical_team.judge.wire import MAX_AUDITS, MAX_BODY, WireAnswer, WireAnswers, WireCase
from medical_team.types import Audit

M = TypeVar("M", bound=BaseModel)

LONGEST_DEADLINE_S = 3600.0  # The wire's own bound.
# The server's deadline is over before ours, so that its answer that it was too late still arrives.
SERVER_SHARE = 0.95
# Bytes of a body beside its cases, at most: what holds the list, and a case's id with a comma.
_AROUND_BATCH, _AROUND_CASE = 64, 64

_REQUEST, _CASE = TypeAdapter(AuditRequest), TypeAdapter(WireCase)

_OTHER_IDS = "the ids of its answers are not those of the requests"

# Failures that say nothing about the audit: it is asked for again.
_AGAIN: dict[FailureKind, type[UnusableAnswer]] = {
    FailureKind.UNREACHABLE: JudgeGone,
    FailureKind.TIMEOUT: Unfinished,
}


class Ids:
    """Ids that no other attempt has, of this client or another: a late answer to one finds nobody to go to."""

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(8)
        self._numbers = itertools.count()

    def next(self) -> str:
        return f"{self._prefix}-{next(self._numbers)}"


def to_wire(request: AuditRequest) -> bytes | JudgeFailure:
    """The case as it travels, or the failure of one that cannot.

    It is made once, whatever the attempts; ``Exchange`` puts an id of each attempt's own into it. Whether it is within
    the wire's limits is looked at when a server refuses it (``outside_limits``): games make no such case, and looking
    costs as much as writing.
    """
    try:
        return _REQUEST.dump_json(request)
    except PydanticSerializationError:  # half of a surrogate pair, say
        return JudgeFailure(FailureKind.REFUSED, "it has text that is no Unicode")


def outside_limits(case: bytes) -> JudgeFailure | None:
    """Why no server would take the case; ``None`` for a case that the wire allows."""
    try:
        _CASE.validate_json(case)
    except ValidationError as error:
        return JudgeFailure(FailureKind.REFUSED, f"not within the limits of a request: {where(error)}")
    return None


def where(error: ValidationError) -> str:
    """The fields that are wrong. Nothing else of a validation error may be shown: it repeats the values.

    A field that the wire does not know is named by nothing: its name is the sender's words.
    """
    return ", ".join(sorted({_field(problem) for problem in error.errors(include_input=False)})[:5])[:200]


def _field(problem: ErrorDetails) -> str:
    *above, last = problem["loc"] or ("the whole",)
    known = [*above, "?" if problem["type"] == "extra_forbidden" else last]
    return ".".join(str(part) for part in known)


def batches_of(cases: Sequence[bytes]) -> Iterator[list[bytes]]:
    """The cases in their order, in batches that are within the wire's limits on audits and on bytes.

    A case that is too long by itself goes alone: whether it is taken is the server's to say.
    """
    batch: list[bytes] = []
    size = _AROUND_BATCH
    for case in cases:
        added = len(case) + _AROUND_CASE
        if batch and (len(batch) == MAX_AUDITS or size + added > MAX_BODY):
            yield batch
            batch, size = [], _AROUND_BATCH
        batch.append(case)
        size += added
    if batch:
        yield batch


class Exchange:
    """One batch, asked for as often as it takes: every body has ids of its own, and only its answer is taken.

    What was answered is not asked again: a body after the first holds the audits that are still open.
    """

    def __init__(self, cases: Sequence[bytes], ids: Ids, judge: str | None) -> None:
        self._cases = cases
        self._ids = ids
        self._judge = judge
        self._sent: list[str] = []
        self._found: dict[int, Audit | JudgeFailure] = {}
        """What is known of each case by its place, since some are to be asked again."""
        self._open: Sequence[int] = ()
        """Places of those that are."""

    def body(self, within_s: float) -> bytes:
        cases = [self._cases[place] for place in self._open] if self._found else self._cases
        self._sent = [self._ids.next() for _ in cases]
        named = zip(self._sent, cases, strict=True)
        audits = b",".join([b'{"id":"%b",%b' % (name.encode(), case[1:]) for name, case in named])
        return b'{"audits":[%b],"deadline_s":%.6f}' % (audits, min(LONGEST_DEADLINE_S, SERVER_SHARE * within_s))

    def read(self, body: bytes) -> list[Audit | JudgeFailure]:
        """One answer a request, in their order, together with the earlier attempts'.

        Raises:
            MalformedAnswer: An answer is missing, double or of nobody's request. Then none of the batch's is trusted.
            ForeignAnswer: One is of another judge than the one that was identified. Then none is trusted either.
            JudgeGone: The judge was not there for some of them; the others are kept.
            Unfinished: The judge was not done with some of them; the others are kept.
        """
        answers = parse(WireAnswers, body).answers
        by_id = {answer.id: answer for answer in answers}
        try:
            mine = [by_id[name] for name in self._sent]
        except KeyError:
            raise MalformedAnswer(_OTHER_IDS) from None
        if len(answers) != len(mine):  # of all ids, and as many: else one is double or of nobody's request
            raise MalformedAnswer(_OTHER_IDS)
        results = [self._result(answer) for answer in mine]
        return self._together(results) if self._found or JudgeFailure in map(type, results) else results

    def given_up(self, failure: JudgeFailure) -> list[Audit | JudgeFailure]:
        """What was answered, and the failure in the place of each answer that is missing."""
        known = self._found | dict.fromkeys(self._open, failure)
        return [known.get(place, failure) for place in range(len(self._cases))]

    def _together(self, results: Sequence[Audit | JudgeFailure]) -> list[Audit | JudgeFailure]:
        asked = list(zip(self._open if self._found else range(len(self._cases)), results, strict=True))
        self._found.update(asked)  # the first answer brings all places, in their order
        again = {
            place: _AGAIN[result.kind]
            for place, result in asked
            if isinstance(result, JudgeFailure) and result.kind in _AGAIN
        }
        self._open = tuple(again)
        if again:
            raise next(iter(again.values()))(f"{len(again)} of {len(asked)} audits")
        return list(self._found.values())

    def _result(self, answer: WireAnswer) -> Audit | JudgeFailure:
        if answer.failure is not None:
            return answer.failure.to_failure()
        assert answer.audit is not None, "the wire has one of the two"
        if self._judge is not None and answer.audit.judge != self._judge:
            raise ForeignAnswer(f"it is judge {answer.audit.judge!r}, not {self._judge!r}")
        return answer.audit.to_audit()


def parse(model: type[M], body: bytes) -> M:
    """A message of that kind.

    Raises:
        MalformedAnswer: It is none.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise MalformedAnswer(f"no valid answer, wrong at {where(error)}") from None
