"""Audits on disk, by the hash of what was asked: one SQLite file of one process.

Nothing in here raises for the file's sake. One that is damaged is replaced by a new one; one that cannot be written
(a full disk, a read-only folder) is given up, and audits are simply asked for again.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from medical_team.safekeeping import open_private
from medical_team.types import Audit

logger = logging.getLogger(__name__)

# The version is in the table's name: another layout is another table beside this one.
CREATE = """CREATE TABLE IF NOT EXISTS audits_2 (
    key BLOB PRIMARY KEY, is_error INTEGER, judge TEXT NOT NULL, reason TEXT NOT NULL,
    realism REAL, keeps_to_type INTEGER, explanation_right INTEGER, correction_right INTEGER) WITHOUT ROWID"""
COLUMNS = "is_error, judge, reason, realism, keeps_to_type, explanation_right, correction_right"
BUSY_MS = 2000
# SQLite takes a limited number of variables in a statement; older builds 999.
KEYS_AT_ONCE = 500


class AuditStore:
    """Audits by key. After trouble that a new file does not mend it is empty and stays so."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None
        self._replaced = False
        try:
            self._database = _open(path)
        except (sqlite3.Error, OSError) as error:
            self._recover(error)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Audit]:
        """Those of the audits that are there."""
        found: dict[bytes, Audit] = {}
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = keys[start : start + KEYS_AT_ONCE]
            marks = ",".join("?" * len(some))
            for key, *fields in self._run(f"SELECT key, {COLUMNS} FROM audits_2 WHERE key IN ({marks})", some):
                found[key] = _audit(*fields)
        return found

    def put(self, audits: Iterable[tuple[bytes, Audit]]) -> None:
        """Keep them; they are there for the next process as soon as this returns."""
        rows = [(key, *_fields(audit)) for key, audit in audits]
        if self._database is None or not rows:
            return
        try:
            with self._database:
                self._database.executemany(
                    f"INSERT OR REPLACE INTO audits_2 (key, {COLUMNS}) VALUES (?,?,?,?,?,?,?,?)", rows
                )
        except sqlite3.Error as error:
            self._recover(error)

    def forget(self, judge: str) -> None:
        """Delete a judge's audits, of all processes that wrote this file; where that fails, the file."""
        try:
            if self._database is not None:
                with self._database:
                    self._database.execute("DELETE FROM audits_2 WHERE judge = ?", (judge,))
                return
        except sqlite3.Error as error:
            logger.warning("%s: no audits can be deleted from it (%s): it is deleted itself", self._path, error)
        self.close()
        try:
            self._delete()
        except OSError as error:
            logger.warning("%s cannot be deleted (%s): do so before %s judges again", self._path, error, judge)

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _run(self, statement: str, values: Sequence[bytes]) -> list[tuple]:
        if self._database is None:
            return []
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self._recover(error)
            return []

    def _recover(self, error: Exception) -> None:
        self.close()
        # OperationalError: locked, full, not writable. The file may be sound, and a new one would fare no better.
        damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
        if not damaged or self._replaced:
            logger.warning("%s cannot be used (%s): audits are not kept", self._path, error)
            return
        logger.warning("%s is damaged (%s): starting a new one", self._path, error)
        self._replaced = True
        try:
            self._delete()
            self._database = _open(self._path)
        except (sqlite3.Error, OSError) as second:
            logger.warning("%s cannot be used (%s): audits are not kept", self._path, second)

    def _delete(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Made before SQLite would make it, for its mode; the files beside it take theirs from it.
    os.close(open_private(str(path), os.O_RDWR | os.O_CREAT))
    database = sqlite3.connect(path, timeout=BUSY_MS / 1000)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        # In WAL mode a crash of the machine may cost the last audits, but not the file.
        database.execute("PRAGMA synchronous=NORMAL")
        with database:
            database.execute(CREATE)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _fields(audit: Audit) -> tuple[object, ...]:
    return (
        audit.is_error,
        audit.judge,
        audit.reason,
        audit.realism,
        audit.keeps_to_type,
        audit.explanation_right,
        audit.correction_right,
    )


def _audit(is_error: int | None, judge: str, reason: str, realism: float | None, *scored: int | None) -> Audit:
    keeps_to_type, explanation_right, correction_right = map(_flag, scored)
    return Audit(
        _flag(is_error),
        judge,
        reason,
        realism,
        keeps_to_type=keeps_to_type,
        explanation_right=explanation_right,
        correction_right=correction_right,
    )


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)
