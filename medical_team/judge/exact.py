"""The exact judge: the table of facts that synthetic notes are composed from decides, without any model.

It is the reference that every other judge is measured against.
"""

from __future__ import annotations

from collections.abc import Sequence

from medical_team.data.synthetic.oracle import EditTruth, decide_edit, knows
from medical_team.judge.protocol import AuditRequest, JudgeFailure
from medical_team.types import Audit

_IS_ERROR = {EditTruth.WRONG: True, EditTruth.STILL_RIGHT: False, EditTruth.UNTOLD: None}


class ExactJudge:
    """Says what the table says. An edit in the table's own words is as realistic as the notes are."""

    name = "exact-1"

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        return [self.decide(request) for request in requests]

    def decide(self, request: AuditRequest) -> Audit:
        truth = decide_edit(request.note, request.edit.sentence_id, request.edit.replacement)
        realism = 1.0 if knows(request.note, request.edit.replacement) else None
        return Audit(_IS_ERROR[truth], self.name, truth.value, realism=realism)
