"""The games of a run as Parquet files, one a step: what the report reads and a person can look at.

The trainer hands ``append`` to the manager and calls ``flush`` once a step. Games hold clinical text, so folder and
files are their owner's alone whatever the umask says. A file is there completely or not at all.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medical_team.errors import DataError
from medical_team.types import Audit, Game, RewardTerms, Role, Turn

if TYPE_CHECKING:
    import pyarrow as pa

_STEP_FILE = re.compile(r"step-(\d{6,})\.parquet")
_REWARD_COLUMNS = ("detection", "localisation", "format", "realism", "total")


class GameRecorder:
    """Keeps the games of the step under way, and writes them to ``step-000012.parquet`` below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: list[dict[str, Any]] = []
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        for left_over in folder.glob("*.tmp"):
            left_over.unlink()

    def append(self, game: Game) -> None:
        self._rows.append(row_of(game))

    def flush(self, step: int) -> Path:
        """Write the games appended since the last flush as those of ``step``; a file of that step is replaced."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self._folder / f"step-{step:06d}.parquet"
        unfinished = path.with_suffix(".tmp")
        table = pa.Table.from_pylist([{"step": step, **row} for row in self._rows], schema=games_schema())
        with open(unfinished, "wb", opener=_open_private) as file:
            pq.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        self._rows = []
        return path

    def discard_after(self, step: int) -> None:
        """Forget what was recorded of later steps: a run that resumes after ``step`` plays them anew."""
        self._rows = []
        for recorded, path in _step_files(self._folder):
            if recorded > step:
                path.unlink()


def read_games(folder: Path) -> pa.Table:
    """All recorded games below a folder, in the order of steps and deals, as ``games_schema`` has them.

    Raises:
        DataError: The folder does not exist.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; a run keeps its games in games/")
    tables = [pq.read_table(path, schema=games_schema()) for _, path in _step_files(folder)]
    return pa.concat_tables([games_schema().empty_table(), *tables])


def games_schema() -> pa.Schema:
    """The columns of a games file; a missing turn, audit or reward is null."""
    import pyarrow as pa

    turn = [
        ("raw", pa.string()),
        ("thinking", pa.string()),
        ("violation", pa.string()),
        ("truncated", pa.bool_()),
        ("prompt_tokens", pa.int32()),
        ("response_tokens", pa.int32()),
        ("engine_version", pa.int32()),
        ("seconds", pa.float32()),
        *((term, pa.float32()) for term in _REWARD_COLUMNS),
    ]
    columns: list[tuple[str, Any]] = [
        ("step", pa.int32()),
        ("game_id", pa.int64()),
        ("game_type", pa.string()),
        ("outcome", pa.string()),
        ("reason", pa.string()),
        ("note_id", pa.string()),
        ("group", pa.string()),
        ("condition", pa.string()),
        ("source_sentences", pa.list_(pa.string())),
        ("shown_sentences", pa.list_(pa.string())),
        ("truth", pa.string()),
        ("error_type", pa.string()),
        ("error_sentence_id", pa.int32()),
        ("corrected_sentence", pa.string()),
        ("edit_sentence_id", pa.int32()),
        ("edit_replacement", pa.string()),
        ("edit_type", pa.string()),
        ("verdict", pa.string()),
        ("named_sentence_id", pa.int32()),
        ("correction", pa.string()),
        ("explanation", pa.string()),
        ("audit_is_error", pa.bool_()),
        ("audit_realism", pa.float32()),
        ("audit_keeps_to_type", pa.bool_()),
        ("audit_judge", pa.string()),
        ("audit_reason", pa.string()),
        ("audit_seconds", pa.float32()),
        *((f"{role}_{name}", kind) for role in Role for name, kind in turn),
        ("seconds", pa.float32()),
    ]
    return pa.schema(columns)


def row_of(game: Game) -> dict[str, Any]:
    """A game as one row of ``games_schema``, but for its step."""
    note, shown, edit, answer = game.deal.note, game.shown, game.edit, game.assessment
    row: dict[str, Any] = {
        "game_id": game.deal.game_id,
        "game_type": game.deal.game_type,
        "outcome": game.outcome,
        "reason": game.reason,
        "note_id": note.note_id,
        "group": note.group,
        "condition": note.condition,
        "source_sentences": note.sentences,
        "seconds": game.seconds,
    }
    if shown is not None:
        row |= {
            "shown_sentences": shown.sentences,
            "truth": shown.truth,
            "error_type": shown.error_type,
            "error_sentence_id": shown.error_sentence_id,
            "corrected_sentence": shown.corrected_sentence,
        }
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


def _audit_columns(audit: Audit) -> dict[str, Any]:
    return {
        "audit_is_error": audit.is_error,
        "audit_realism": audit.realism,
        "audit_keeps_to_type": audit.keeps_to_type,
        "audit_judge": audit.judge,
        "audit_reason": audit.reason,
        "audit_seconds": audit.seconds,
    }


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


def _reward_columns(role: Role, terms: RewardTerms) -> dict[str, Any]:
    return {f"{role}_{term}": getattr(terms, term) for term in _REWARD_COLUMNS}


def _step_files(folder: Path) -> list[tuple[int, Path]]:
    found = ((_STEP_FILE.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted((int(match.group(1)), path) for match, path in found if match)


def _open_private(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor
