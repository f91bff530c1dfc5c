"""The rule judge: construction, gates and the gold correction, for notes about which nothing else is known.

It confirms what plain code can confirm: the note shown is the dealt note with exactly this edit, and the edit is
neither a copy nor a way back to the gold correction. It cannot tell a paraphrase by other words from an error.
"""

from __future__ import annotations

from collections.abc import Sequence

from medical_team.config import GatesConfig
from medical_team.game.edits import apply_edit, corrected_note
from medical_team.game.gates import GateFailure, check_edit
from medical_team.judge.protocol import AuditRequest, JudgeFailure
from medical_team.types import Audit

STILL_RIGHT = frozenset(
    {
        GateFailure.RESTORES_CORRECTION,
        GateFailure.NO_OP,
        GateFailure.NO_TOKEN_CHANGE,
        GateFailure.NEAR_COPY,
    }
)
"""Gates that fail because the sentence says what the right one says; the others leave the question open."""


class RuleJudge:
    """Says ``is_error`` where construction and gates hold; scores neither realism nor type."""

    name = "rule-1"

    def __init__(self, gates: GatesConfig) -> None:
        self._gates = gates

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        return [self.decide(request) for request in requests]

    def decide(self, request: AuditRequest) -> Audit:
        failure = check_edit(request.edit, request.note, self._gates)
        if failure is not None:
            return Audit(False if failure in STILL_RIGHT else None, self.name, failure.value)
        if request.shown.sentences != apply_edit(corrected_note(request.note), request.edit).sentences:
            return Audit(None, self.name, "not_as_constructed")
        return Audit(True, self.name, "rules_hold")
