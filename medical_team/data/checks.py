"""What every set of notes must satisfy, wherever it comes from. Driven by ``dataset``."""

from __future__ import annotations

from collections.abc import Sequence

from medical_team.errors import DataError
from medical_team.types import Note


def check_notes(notes: Sequence[Note], source: str) -> None:
    """Raise ``DataError`` unless ids are unique, no note is empty and every gold annotation is complete and fits."""
    if not notes:
        raise DataError(f"{source} holds no notes")
    seen: set[str] = set()
    for note in notes:
        if note.note_id in seen:
            raise DataError(f"{source}: note id {note.note_id} occurs twice")
        seen.add(note.note_id)
        complaint = _complaint(note)
        if complaint:
            raise DataError(f"{source}: note {note.note_id} {complaint}")


def _complaint(note: Note) -> str | None:
    if not any(note.sentences):
        return "has no sentences"
    gold = (note.error_type, note.error_sentence_id, note.corrected_sentence)
    if any(value is None for value in gold):
        return None if all(value is None for value in gold) else "has an incomplete gold annotation"
    if not 0 <= (note.error_sentence_id or 0) < len(note.sentences):
        return f"has its error in sentence {note.error_sentence_id}, but only {len(note.sentences)} sentences"
    return "has an empty correction" if not note.corrected_sentence else None
