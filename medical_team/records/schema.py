"""The columns of a games file."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from medical_team.safekeeping import MARKER, MARKER_KEY
from medical_team.types import Baselines, RewardTerms, Role

if TYPE_CHECKING:
    import pyarrow as pa

REWARD_TERMS = tuple(term.name for term in fields(RewardTerms))
BASELINES = tuple(baseline.name for baseline in fields(Baselines))


def games_schema() -> pa.Schema:
    """A missing turn, audit or reward is null; a role without a turn has none.

    ``source`` is the note as dealt, ``shown`` the one the assessor saw. ``marker`` stands with every planted error, and
    in the metadata of the file; ``error_origin`` says who planted it.
    """
    import pyarrow as pa

    def annotation(prefix: str) -> list[tuple[str, Any]]:
        return [
            (f"{prefix}error_type", pa.string()),
            (f"{prefix}error_sentence_id", pa.int32()),
            (f"{prefix}corrected_sentence", pa.string()),
        ]

    turn = [
        ("raw", pa.string()),
        ("thinking", pa.string()),
        ("violation", pa.string()),
        ("truncated", pa.bool_()),
        ("prompt_tokens", pa.int32()),
        ("response_tokens", pa.int32()),
        ("engine_version", pa.int32()),
        ("seconds", pa.float32()),
        # Rewards and realism as they were computed: re-judging compares them with what it computes itself.
        *((term, pa.float64()) for term in (*REWARD_TERMS, "total")),
    ]
    columns: list[tuple[str, Any]] = [
        ("marker", pa.string()),
        ("run", pa.string()),
        ("data_source", pa.string()),
        ("error_origin", pa.string()),
        ("step", pa.int32()),
        ("game_id", pa.int64()),
        ("game_type", pa.string()),
        ("seed", pa.int64()),
        ("outcome", pa.string()),
        ("reason", pa.string()),
        ("note_id", pa.string()),
        ("group", pa.string()),
        ("condition", pa.string()),
        ("source_sentences", pa.list_(pa.string())),
        *annotation("source_"),
        ("shown_sentences", pa.list_(pa.string())),
        ("truth", pa.string()),
        *annotation(""),
        ("edit_sentence_id", pa.int32()),
        ("edit_replacement", pa.string()),
        ("edit_type", pa.string()),
        ("verdict", pa.string()),
        ("named_sentence_id", pa.int32()),
        ("correction", pa.string()),
        ("explanation", pa.string()),
        ("audit_is_error", pa.bool_()),
        ("audit_realism", pa.float64()),
        ("audit_keeps_to_type", pa.bool_()),
        ("audit_explanation_right", pa.bool_()),
        ("audit_correction_right", pa.bool_()),
        ("audit_judge", pa.string()),
        ("audit_reason", pa.string()),
        ("audit_seconds", pa.float32()),
        *((f"{role}_{name}", kind) for role in Role for name, kind in turn),
        ("seconds", pa.float32()),
        *((f"baseline_{name}", pa.float64()) for name in BASELINES),
    ]
    return pa.schema(columns, metadata={MARKER_KEY: MARKER})
