"""A judge's answers as they travel. What does not fit the wire is a failure of its own and is not quoted."""

from __future__ import annotations

from pydantic import ValidationError

from medical_team.judge.protocol import FailureKind, JudgeFailure
from medical_team.judge.wire import WireAnswer, WireAudit, WireFailure
from medical_team.types import Audit

_LONGEST_MESSAGE = 300


def checked(answer: object) -> Audit | JudgeFailure:
    """The answer, if it is one that may travel: else a failure of kind ``malformed``."""
    if isinstance(answer, JudgeFailure):
        return answer
    if not isinstance(answer, Audit):
        return JudgeFailure(FailureKind.MALFORMED, f"{type(answer).__name__} in the place of an audit")
    try:
        WireAudit.of(answer)
    except ValidationError as error:
        fields = sorted({str(fault["loc"][0]) for fault in error.errors(include_input=False)})
        return JudgeFailure(FailureKind.MALFORMED, f"the judge's {', '.join(fields)} cannot be sent")
    return answer


def to_wire(request_id: str, answer: Audit | JudgeFailure) -> WireAnswer:
    """A ``checked`` answer under the id of the client's request."""
    if isinstance(answer, Audit):
        return WireAnswer(id=request_id, audit=WireAudit.of(answer))
    return WireAnswer(id=request_id, failure=WireFailure(kind=answer.kind, message=answer.message[:_LONGEST_MESSAGE]))
