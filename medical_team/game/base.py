"""What a game type answers: which note it starts from, whether there is an attacker, and what the assessor sees.

A new game type is a file with a subclass and a line in ``game.RULES``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from medical_team.game.edits import apply_edit, corrected_note
from medical_team.types import Deal, Edit, GameType, Note, Verdict


class GameRules(ABC):
    """The rules of one game type; stateless."""

    game_type: ClassVar[GameType]
    has_attacker: ClassVar[bool]
    source_truth: ClassVar[Verdict]
    """Whether games start from error notes or from clean ones."""

    def source(self, deal: Deal) -> Note:
        """The dealt note, gold annotation included: what the attacker's prompt and the gates are about.

        Raises:
            ValueError: The deck dealt a note of the wrong class.
        """
        if deal.note.truth is not self.source_truth:
            raise ValueError(f"{self.game_type} starts from {self.source_truth} notes; {deal.note.note_id} is not one")
        return deal.note

    @abstractmethod
    def shown(self, deal: Deal, edit: Edit | None) -> Note:
        """The note that the assessor sees, its truth in the gold fields. ``edit`` is ``None`` without an attacker."""


class VanillaRules(GameRules):
    """The note is shown as it was dealt."""

    has_attacker = False

    def shown(self, deal: Deal, edit: Edit | None) -> Note:
        if edit is not None:
            raise ValueError(f"{self.game_type} has no attacker and takes no edit")
        return self.source(deal)


class AdversarialRules(GameRules):
    """The attacker's edit is applied to the dealt note without its error: the note shown has exactly one."""

    has_attacker = True

    def shown(self, deal: Deal, edit: Edit | None) -> Note:
        if edit is None:
            raise ValueError(f"{self.game_type} has an attacker and needs its edit")
        return apply_edit(corrected_note(self.source(deal)), edit)
