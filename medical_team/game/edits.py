"""What an edit does to a note: the base it is applied to, and the note that comes of it. No judgement here."""

from __future__ import annotations

from dataclasses import replace

from medical_team.types import Edit, Note


def corrected_note(note: Note) -> Note:
    """The note without its gold error; a clean note comes back as it is."""
    if note.error_sentence_id is None or note.corrected_sentence is None:
        return note
    sentences = replaced(note.sentences, note.error_sentence_id, note.corrected_sentence)
    return replace(note, sentences=sentences, error_type=None, error_sentence_id=None, corrected_sentence=None)


def apply_edit(base: Note, edit: Edit) -> Note:
    """The note with the edit's error as its gold error; ``base`` has none, so there is exactly one.

    Raises:
        ValueError: The base has an error of its own, or no sentence with that id.
    """
    if base.has_error:
        raise ValueError("an edit is applied to a note without an error: take corrected_note first")
    if not 0 <= edit.sentence_id < len(base.sentences):
        raise ValueError(f"the note has no sentence {edit.sentence_id}")
    return replace(
        base,
        sentences=replaced(base.sentences, edit.sentence_id, edit.replacement),
        error_type=edit.error_type,
        error_sentence_id=edit.sentence_id,
        corrected_sentence=base.sentences[edit.sentence_id],
    )


def replaced(sentences: tuple[str, ...], sentence_id: int, sentence: str) -> tuple[str, ...]:
    """The sentences with one of them replaced."""
    return (*sentences[:sentence_id], sentence, *sentences[sentence_id + 1 :])
