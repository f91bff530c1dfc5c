"""A judge's answers as they travel. What does not fit the wire is a failure of its own and is not quoted."""

from __future__ import annotations

from pydantic import ValidationError

from medical_team.judge.protocol import FailureKind, JudgeFailure
from medical_team.judge.wire import WireAnswer, WireAudit, WireFailure
from medical_team.types import Audit

_LONGEST_MESSAGE = 300

_VERDICTS = {True: "error", False: "no_error", None: "cannot_tell"}


def to_wire(request_id: str, answer: Audit | JudgeFailure) -> WireAnswer:
    """The answer under the id of the client's request; ``malformed`` where the judge gave something else."""
    if isinstance(answer, JudgeFailure):
        return _failure(request_id, answer.kind, answer.message)
    if not isinstance(answer, Audit):
        return _failure(request_id, FailureKind.MALFORMED, f"{type(answer).__name__} in the place of an audit")
    try:
        return WireAnswer(id=request_id, audit=WireAudit.of(answer))
    except ValidationError as error:
        fields = sorted({str(fault["loc"][0]) for fault in error.errors(include_input=False)})
        return _failure(request_id, FailureKind.MALFORMED, f"the judge's {', '.join(fields)} cannot be sent")


def _failure(request_id: str, kind: FailureKind, message: str) -> WireAnswer:
    return WireAnswer(id=request_id, failure=WireFailure(kind=kind, message=message[:_LONGEST_MESSAGE]))


def outcome(answer: WireAnswer) -> str:
    """What came of an audit, for the metrics: what it says, or the kind of failure."""
    return answer.failure.kind.value if answer.failure else _VERDICTS[answer.audit.is_error if answer.audit else None]
