"""What a game type does with its note: what the attacker is asked about, and what the assessor sees.

A new game type is a member of ``types.GameType`` with its facts, a file with a subclass, and a line in ``game.RULES``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from medical_team.game.edits import apply_edit, corrected_note
from medical_team.types import Deal, Edit, GameType, Note


class GameRules(ABC):
    """The rules of one game type; stateless."""

    game_type: ClassVar[GameType]

    def source(self, deal: Deal) -> Note:
        """The dealt note, gold annotation included: what the attacker's prompt and the gates are about.

        Raises:
            ValueError: The deck dealt a note of the wrong class.
        """
        truth = self.game_type.source_truth
        if deal.note.truth is not truth:
            raise ValueError(f"{self.game_type} starts from {truth} notes; {deal.note.note_id} is not one")
        return deal.note

    @abstractmethod
    def shown(self, deal: Deal, edit: Edit | None) -> Note:
        """The note that the assessor sees, its truth in the gold fields. ``edit`` is ``None`` without an attacker."""


class VanillaRules(GameRules):
    """The note is shown as it was dealt."""

    def shown(self, deal: Deal, edit: Edit | None) -> Note:
        if edit is not None:
            raise ValueError(f"{self.game_type} has no attacker and takes no edit")
        return self.source(deal)


class AdversarialRules(GameRules):
    """The attacker's edit is applied to the dealt note without its error: the note shown has exactly one."""

    def shown(self, deal: Deal, edit: Edit | None) -> Note:
        if edit is None:
            raise ValueError(f"{self.game_type} has an attacker and needs its edit")
        return apply_edit(corrected_note(self.source(deal)), edit)
