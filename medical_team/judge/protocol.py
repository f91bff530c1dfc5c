"""What every judge is: a batch of edits in, as many audits or typed failures out, before a deadline.

``rule`` and ``exact`` are in this process; a remote one has to keep nothing but this contract. A judge audits: the
truth of a game is known by construction, and a judge that disagrees puts the game in quarantine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from medical_team.errors import (
    JudgeAbstained,
    JudgeError,
    JudgeMalformed,
    JudgeOverloaded,
    JudgeRefused,
    JudgeTimeout,
    JudgeUnreachable,
)
from medical_team.types import Assessment, Audit, Edit, GameType, Note


class FailureKind(StrEnum):
    """Why there is no audit; one for each subclass of ``JudgeError``."""

    FAILED = JudgeError.kind
    TIMEOUT = JudgeTimeout.kind
    UNREACHABLE = JudgeUnreachable.kind
    MALFORMED = JudgeMalformed.kind
    OVERLOADED = JudgeOverloaded.kind
    ABSTAINED = JudgeAbstained.kind
    REFUSED = JudgeRefused.kind


_ERRORS: dict[FailureKind, type[JudgeError]] = {
    FailureKind(error.kind): error
    for error in (
        JudgeError,
        JudgeTimeout,
        JudgeUnreachable,
        JudgeMalformed,
        JudgeOverloaded,
        JudgeAbstained,
        JudgeRefused,
    )
}


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """An attacker's edit to be audited.

    Attributes:
        game_id: Of the game, to tell requests apart.
        game_type: Of the game.
        note: The source note as it was dealt, with its gold annotation.
        edit: The attacker's move.
        shown: The note with the edit, as the assessor sees it.
        assessment: The assessor's answer, where its explanation and its correction are to be audited too.
    """

    game_id: int
    game_type: GameType
    note: Note
    edit: Edit
    shown: Note
    assessment: Assessment | None = None


@dataclass(frozen=True, slots=True)
class JudgeFailure:
    """In the place of an audit that could not be given. ``message`` never holds clinical text."""

    kind: FailureKind
    message: str = ""

    def error(self) -> JudgeError:
        return _ERRORS[self.kind](self.message or self.kind.value)


class Judge(Protocol):
    """Audits edits."""

    @property
    def name(self) -> str:
        """What goes into every audit; it may change while a judge stands in for another."""
        ...

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        """One audit or failure a request, in their order.

        ``deadline_s`` is what the caller will wait, in seconds; a judge that is away for a while stops the caller's
        clock meanwhile (``deadline.standing_still``).

        Raises:
            JudgeError: There is not one audit for the whole batch.
            JudgeOutage: The judge stayed away for longer than its budget: no game of this run gets one.
        """
        ...
