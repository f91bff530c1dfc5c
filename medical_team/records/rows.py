"""A game as a row of ``games_schema``, and back. Pure functions.

The way back is complete but for token ids, of which only the numbers are recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from medical_team.records.schema import BASELINES, REWARD_TERMS
from medical_team.types import (
    Assessment,
    Audit,
    Baselines,
    Deal,
    Edit,
    ErrorType,
    Game,
    GameType,
    Generation,
    Note,
    Outcome,
    RewardTerms,
    Role,
    Turn,
    Verdict,
)

Row = Mapping[str, Any]

_AUDIT_FIELDS = tuple(field.name for field in fields(Audit))


def row_of(game: Game) -> dict[str, Any]:
    """A game as one row of ``games_schema``, but for its step."""
    note, shown, edit, answer = game.deal.note, game.shown, game.edit, game.assessment
    row: dict[str, Any] = {
        "game_id": game.deal.game_id,
        "game_type": game.deal.game_type,
        "seed": game.deal.seed,
        "outcome": game.outcome,
        "reason": game.reason,
        "note_id": note.note_id,
        "group": note.group,
        "condition": note.condition,
        "source_sentences": note.sentences,
        "seconds": game.seconds,
    }
    row |= {f"baseline_{name}": getattr(game.baselines, name) for name in BASELINES}
    row |= _annotation_columns("source_", note)
    if shown is not None:
        # The annotation without a prefix is the shown note's: its error is the one that the game is about.
        row |= {"shown_sentences": shown.sentences, "truth": shown.truth, **_annotation_columns("", shown)}
    if edit is not None:
        row |= {
            "edit_sentence_id": edit.sentence_id,
            "edit_replacement": edit.replacement,
            "edit_type": edit.error_type,
        }
    if answer is not None:
        row |= {
            "verdict": answer.verdict,
            "named_sentence_id": answer.sentence_id,
            "correction": answer.correction,
            "explanation": answer.explanation,
        }
    if game.audit is not None:
        row |= _audit_columns(game.audit)
    for turn in game.turns:
        row |= _turn_columns(turn)
    for role, terms in game.rewards.items():
        row |= _reward_columns(role, terms)
    return row


def game_of(row: Row) -> Game:
    """The game that a row was made of; its token ids are zeros, as many as there were.

    Raises:
        ValueError: The row lacks a column that a game cannot be made without; the message names game and column.
    """
    game_type = GameType(row["game_type"])
    note = _note_of(row, "source_sentences", "source_")
    if note.truth is not game_type.source_truth:
        raise ValueError(
            f"game {row['game_id']} has no source_error_sentence_id although it is dealt from an error note: "
            "an earlier version recorded it"
        )
    turns = tuple(_turn_of(row, role) for role in Role if row[f"{role}_raw"] is not None)
    return Game(
        Deal(row["game_id"], game_type, note, row["seed"] or 0),
        Outcome(row["outcome"]),
        shown=_note_of(row, "shown_sentences", "") if row["shown_sentences"] is not None else None,
        edit=_edit_of(row),
        turns=turns,
        assessment=_assessment_of(row),
        audit=_audit_of(row),
        rewards={role: _terms_of(row, role) for role in Role if row[f"{role}_total"] is not None},
        reason=row["reason"],
        seconds=row["seconds"],
        baselines=_baselines_of(row),
    )


def _baselines_of(row: Row) -> Baselines:
    """An earlier version recorded none, and scored as the defaults do."""
    recorded = {name: row[f"baseline_{name}"] for name in BASELINES}
    return Baselines(**{name: value for name, value in recorded.items() if value is not None})


def _annotation_columns(prefix: str, note: Note) -> dict[str, Any]:
    return {
        f"{prefix}error_type": note.error_type,
        f"{prefix}error_sentence_id": note.error_sentence_id,
        f"{prefix}corrected_sentence": note.corrected_sentence,
    }


def _note_of(row: Row, sentences: str, prefix: str) -> Note:
    error_type = row[f"{prefix}error_type"]
    return Note(
        row["note_id"],
        tuple(row[sentences]),
        row["group"],
        ErrorType(error_type) if error_type is not None else None,
        row[f"{prefix}error_sentence_id"],
        row[f"{prefix}corrected_sentence"],
        row["condition"],
    )


def _edit_of(row: Row) -> Edit | None:
    if row["edit_sentence_id"] is None:
        return None
    return Edit(row["edit_sentence_id"], row["edit_replacement"], ErrorType(row["edit_type"]))


def _assessment_of(row: Row) -> Assessment | None:
    if row["verdict"] is None:
        return None
    return Assessment(Verdict(row["verdict"]), row["named_sentence_id"], row["correction"], row["explanation"])


def _audit_columns(audit: Audit) -> dict[str, Any]:
    return {f"audit_{name}": getattr(audit, name) for name in _AUDIT_FIELDS}


def _audit_of(row: Row) -> Audit | None:
    if row["audit_judge"] is None:
        return None
    return Audit(**{name: row[f"audit_{name}"] for name in _AUDIT_FIELDS})


def _turn_columns(turn: Turn) -> dict[str, Any]:
    answer, role = turn.generation, turn.role
    return {
        f"{role}_raw": answer.text,
        f"{role}_thinking": turn.thinking,
        f"{role}_violation": turn.violation,
        f"{role}_truncated": answer.truncated,
        f"{role}_prompt_tokens": len(answer.prompt_ids),
        f"{role}_response_tokens": len(answer.response_ids),
        f"{role}_engine_version": answer.engine_version,
        f"{role}_seconds": turn.seconds,
    }


def _turn_of(row: Row, role: Role) -> Turn:
    answer = Generation(
        (0,) * row[f"{role}_prompt_tokens"],
        (0,) * row[f"{role}_response_tokens"],
        row[f"{role}_raw"],
        truncated=row[f"{role}_truncated"],
        engine_version=row[f"{role}_engine_version"],
    )
    return Turn(role, answer, row[f"{role}_thinking"], row[f"{role}_violation"], row[f"{role}_seconds"])


def _reward_columns(role: Role, terms: RewardTerms) -> dict[str, Any]:
    return {f"{role}_{term}": getattr(terms, term) for term in (*REWARD_TERMS, "total")}


def _terms_of(row: Row, role: Role) -> RewardTerms:
    # A term that an earlier version did not have is null.
    return RewardTerms(**{term: row[f"{role}_{term}"] or 0.0 for term in REWARD_TERMS})
