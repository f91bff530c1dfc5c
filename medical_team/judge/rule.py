"""The rule judge: what plain code can tell of an edit, for notes without a table of facts behind them.

An edit is an error where code knows that the note is wrong with it: another concept of the same kind in the place of
the note's own decision, a side or a finding that the rest of the note contradicts, a quantity that cannot be. It is
none where the sentence says the same in other words. All else is not told, and the game goes to quarantine.
"""

from __future__ import annotations

from collections.abc import Sequence

from medical_team.config import GatesConfig
from medical_team.data.lexicon import Lexicon, shipped
from medical_team.game.edits import apply_edit, corrected_note
from medical_team.game.gates import GateFailure, check_edit
from medical_team.judge.meaning.choices import choice
from medical_team.judge.meaning.contradictions import finding, side
from medical_team.judge.meaning.quantities import quantity
from medical_team.judge.protocol import AuditRequest, JudgeFailure
from medical_team.types import Audit, Note

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
    """Says only what it knows; scores neither realism nor type.

    Args:
        gates: The limits of the gates.
        lexicon: The terms it knows; the shipped ones, unless a run adds those of its training notes' gold pairs.
    """

    name = "rule-2"

    def __init__(self, gates: GatesConfig, lexicon: Lexicon | None = None) -> None:
        self._gates = gates
        self._lexicon = lexicon

    @property
    def lexicon(self) -> Lexicon:
        return self._lexicon or shipped()

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        return [self.decide(request) for request in requests]

    def decide(self, request: AuditRequest) -> Audit:
        failure = check_edit(request.edit, request.note, self._gates)
        if failure is not None:
            return Audit(False if failure in STILL_RIGHT else None, self.name, failure.value)
        right = corrected_note(request.note)
        if request.shown.sentences != apply_edit(right, request.edit).sentences:
            return Audit(None, self.name, "not_as_constructed")
        return self._compared(right, request.edit.sentence_id, request.edit.replacement)

    def _compared(self, right: Note, place: int, after: str) -> Audit:
        before, others = right.sentences[place], (*right.sentences[:place], *right.sentences[place + 1 :])
        answers = {
            "choice": choice(before, after, others, self.lexicon, right.group),
            "side": side(before, after, others),
            "finding": finding(before, after, others),
            "quantity": quantity(before, after),
        }
        reason = next((reason for reason, answer in answers.items() if answer is not None), None)
        return Audit(None, self.name, "untold") if reason is None else Audit(answers[reason], self.name, reason)
