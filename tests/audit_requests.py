"""Audit requests that many tests of judges need."""

from __future__ import annotations

from medical_team.data.synthetic.compose import compose_notes
from medical_team.game.edits import apply_edit, corrected_note
from medical_team.judge import AuditRequest
from medical_team.types import Assessment, Edit, ErrorType, GameType, Note


def request_for(
    note: Note, sentence_id: int, replacement: str, *, assessment: Assessment | None = None, game_id: int = 7
) -> AuditRequest:
    """An attacker's edit of a note, as the manager would have it audited."""
    edit = Edit(sentence_id, replacement, note.error_type or ErrorType.PHARMACOTHERAPY)
    game_type = GameType.ADVERSARIAL_HARMFUL if note.has_error else GameType.ADVERSARIAL_BENIGN
    return AuditRequest(game_id, game_type, note, edit, apply_edit(corrected_note(note), edit), assessment)


def planted_errors(count: int, seed: int = 1) -> list[AuditRequest]:
    """Gold errors of the project's own notes, planted into the clean note."""
    errors = [note for note in compose_notes(4 * count + 20, seed=seed) if note.has_error][:count]
    return [_planted(note, game_id) for game_id, note in enumerate(errors)]


def _planted(note: Note, game_id: int) -> AuditRequest:
    assert note.error_sentence_id is not None and note.error_type is not None
    clean = corrected_note(note)
    edit = Edit(note.error_sentence_id, note.sentences[note.error_sentence_id], note.error_type)
    return AuditRequest(game_id, GameType.ADVERSARIAL_BENIGN, clean, edit, apply_edit(clean, edit))
