"""What travels between the judge's client and our own server: one JSON shape each way, checked at both ends.

A request names everything that decides an audit and nothing that steers the judge: sampling, templates and schema are
the server's own. The limits are far above what a game makes and far below what hurts.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from medical_team.judge.protocol import AuditRequest, FailureKind, JudgeFailure
from medical_team.types import Assessment, Audit, Edit, ErrorType, GameType, Note, Verdict

AUDITS_PATH, HEALTH_PATH, READY_PATH, METRICS_PATH = "/v1/audits", "/health", "/ready", "/metrics"

MAX_AUDITS = 64
MAX_SENTENCES = 400
MAX_BODY = 1 << 20
"""Bytes of a request that a server takes unless it is told otherwise, and more than which no client sends."""

Sentence = Annotated[str, StringConstraints(max_length=4000)]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=128)]
# What comes back may be logged and counted: shapes that no sentence fits.
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$", max_length=64)]
JudgeName = Annotated[str, StringConstraints(pattern=r"^[!-~]+$", max_length=200)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WireNote(_Message):
    note_id: Identifier
    group: Identifier
    sentences: Annotated[tuple[Sentence, ...], Field(min_length=1, max_length=MAX_SENTENCES)]
    error_type: ErrorType | None = None
    error_sentence_id: Annotated[int, Field(ge=0)] | None = None
    corrected_sentence: Sentence | None = None
    condition: Identifier | None = None

    @model_validator(mode="after")
    def _error_is_whole(self) -> Self:
        place, corrected = self.error_sentence_id, self.corrected_sentence
        if not (place is None) == (corrected is None) == (self.error_type is None):
            raise ValueError("error_type, error_sentence_id, corrected_sentence: all of them or none")
        if place is not None and place >= len(self.sentences):
            raise ValueError("error_sentence_id: the note has no such sentence")
        return self

    def to_note(self) -> Note:
        return Note(**self.__dict__)  # its fields, and nothing else


class WireEdit(_Message):
    sentence_id: Annotated[int, Field(ge=0)]
    replacement: Sentence
    error_type: ErrorType


class WireAssessment(_Message):
    verdict: Verdict
    sentence_id: Annotated[int, Field(ge=0)] | None = None
    correction: Sentence | None = None
    explanation: Sentence | None = None


class WireCase(_Message):
    """An edit to be audited, with all that decides its audit."""

    game_id: Annotated[int, Field(ge=0)]
    game_type: GameType
    note: WireNote
    edit: WireEdit
    shown: WireNote
    assessment: WireAssessment | None = None

    @model_validator(mode="after")
    def _edited_sentence_exists(self) -> Self:
        if self.edit.sentence_id >= len(self.note.sentences):
            raise ValueError("edit.sentence_id: the note has no such sentence")
        return self

    def to_request(self) -> AuditRequest:
        return AuditRequest(
            self.game_id,
            self.game_type,
            self.note.to_note(),
            Edit(self.edit.sentence_id, self.edit.replacement, self.edit.error_type),
            self.shown.to_note(),
            Assessment(**self.assessment.__dict__) if self.assessment else None,
        )


class WireRequest(WireCase):
    """A case under an id of the client's own, unique in its batch; the answer carries it back."""

    id: Identifier

    @classmethod
    def of(cls, request_id: str, request: AuditRequest) -> Self:
        fields = {name: getattr(request, name) for name in WireCase.model_fields}
        return cls.model_validate({"id": request_id, **fields}, from_attributes=True)


class WireBatch(_Message):
    audits: Annotated[tuple[WireRequest, ...], Field(min_length=1, max_length=MAX_AUDITS)]
    deadline_s: Annotated[float, Field(gt=0, le=3600)]
    """Seconds from arrival that the client will wait."""

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        if len({request.id for request in self.audits}) != len(self.audits):
            raise ValueError("audits: two have the same id")
        return self


class WireAudit(_Message):
    is_error: bool | None
    judge: JudgeName
    reason: Code
    realism: Annotated[float, Field(ge=0, le=1)] | None = None
    keeps_to_type: bool | None = None
    explanation_right: bool | None = None
    correction_right: bool | None = None

    @classmethod
    def of(cls, audit: Audit) -> Self:
        return cls.model_validate(audit, from_attributes=True)

    def to_audit(self) -> Audit:
        return Audit(**self.__dict__)


class WireFailure(_Message):
    kind: FailureKind
    message: Annotated[str, StringConstraints(max_length=300)] = ""

    def to_failure(self) -> JudgeFailure:
        return JudgeFailure(self.kind, self.message)


class WireAnswer(_Message):
    """Exactly one of the two is there."""

    id: Identifier
    audit: WireAudit | None = None
    failure: WireFailure | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.audit is None) == (self.failure is None):
            raise ValueError("either audit or failure")
        return self


class WireAnswers(_Message):
    answers: tuple[WireAnswer, ...]


class WireReady(_Message):
    """What ``/ready`` says with status 200, and with 503 while ``ready`` is false."""

    ready: bool
    judge: JudgeName
    """The name its audits carry."""
    model: str | None = None
    reason: str | None = None
    """Why it is not ready."""
