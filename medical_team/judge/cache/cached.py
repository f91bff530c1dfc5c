"""Audits that were given once and need not be asked for again: in the run's folder, so that a resume keeps them.

An audit is found by everything that decides it: the note, the edit, the assessor's answer where it was shown to the
judge, and the judge's name, which holds its model and the version of its prompt. Only hashes and the audits' own
fields are kept, no text. The cache is a convenience: what goes wrong with its file costs a warning, never the run.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medical_team.errors import JudgeError
from medical_team.judge.cache.store import AuditStore
from medical_team.judge.deadline import Deadline, standing_with
from medical_team.judge.protocol import AuditRequest, FailureKind, Judge, JudgeFailure
from medical_team.types import Audit

Answer = Audit | JudgeFailure


# Who waits is told of its own deadline before its caller's ends the whole batch.
_DEADLINE_SHARE = 0.99


@dataclass(slots=True)
class _Asking:
    """What one caller is asking for, and what came of it once it is ``done``: neither where the caller was cancelled.

    Attributes:
        clock: Stands still while the judge says that it is away.
        answers: What was given, failures included.
        error: What ended the asking instead.
    """

    clock: Deadline
    done: asyncio.Event = field(default_factory=asyncio.Event)
    answers: Mapping[bytes, Answer] = field(default_factory=dict)
    error: Exception | None = None


class CachedJudge:
    """A judge that remembers. Failures are never kept; what is being asked already is not asked a second time.

    Whoever waits for another caller's audit gets what that one gets, a failure too; where that one is cancelled, as by
    its own deadline, one of those who wait asks in its place, with what is left of its own.

    Args:
        judge: Who is asked. Only audits that carry its ``name`` are kept.
        path: The file; it is made with its folder, readable by its owner only.
    """

    def __init__(self, judge: Judge, path: Path) -> None:
        self._judge = judge
        self._store = AuditStore(path)
        self._asked: dict[bytes, _Asking] = {}
        self.lookups = 0
        """Audits that were wanted."""
        self.hits = 0
        """Of these, the ones that the judge was not asked for."""

    @property
    def name(self) -> str:
        return self._judge.name

    @property
    def hit_rate(self) -> float:
        """In [0, 1]; 0 before the first audit."""
        return self.hits / self.lookups if self.lookups else 0.0

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Answer]:
        """As the judge's own, which is asked for what is neither kept nor being asked.

        Raises:
            JudgeError, JudgeOutage: The judge's.
        """
        keys = [key_of(request, self.name) for request in requests]
        wanted = dict(zip(keys, requests, strict=True))
        answers: dict[bytes, Answer] = {}
        asked = 0
        with Deadline(_DEADLINE_SHARE * deadline_s) as deadline:
            while open_keys := [key for key in wanted if key not in answers]:
                answers |= self._store.get(open_keys)
                mine = [key for key in open_keys if key not in answers and key not in self._asked]
                others = {key: self._asked[key] for key in open_keys if key not in answers and key in self._asked}
                answers |= await self._ask({key: wanted[key] for key in mine}, deadline.left_s)
                asked += len(mine)
                for key, asking in others.items():
                    answers |= await self._wait(key, asking, deadline)
        self.lookups += len(requests)
        self.hits += len(requests) - asked
        return [answers[key] for key in keys]

    def forget(self, judge: str) -> None:
        """Delete all audits that a judge of this name gave; those of others stay."""
        self._store.forget(judge)

    def close(self) -> None:
        """Close the file; the judge is its owner's to close."""
        self._store.close()

    async def _ask(self, wanted: Mapping[bytes, AuditRequest], deadline_s: float) -> Mapping[bytes, Answer]:
        if not wanted:
            return {}
        asking = _Asking(Deadline(deadline_s))
        self._asked |= dict.fromkeys(wanted, asking)
        try:
            with asking.clock:
                answers = await self._judge.audit(list(wanted.values()), deadline_s)
            asking.answers = _by_key(wanted, answers)
            self._store.put(self._worth_keeping(asking.answers))
            return asking.answers
        except Exception as error:
            asking.error = error
            raise
        finally:
            for key in wanted:
                del self._asked[key]
            asking.done.set()

    async def _wait(self, key: bytes, asking: _Asking, deadline: Deadline) -> dict[bytes, Answer]:
        """The answer that another caller gets, within the own deadline; nothing where that caller was cancelled."""
        try:
            with standing_with(asking.clock):
                async with deadline.enforced():
                    await asking.done.wait()
        except TimeoutError:
            return {key: JudgeFailure(FailureKind.TIMEOUT, f"no audit within {deadline.seconds:g} s")}
        if isinstance(asking.error, JudgeError):
            return {key: JudgeFailure(FailureKind(asking.error.kind), str(asking.error))}
        if asking.error is not None:
            raise asking.error
        return {key: asking.answers[key]} if key in asking.answers else {}

    def _worth_keeping(self, answers: Mapping[bytes, Answer]) -> Iterable[tuple[bytes, Audit]]:
        # A server may have been restarted as another judge: its audits are not to be found under this one's name.
        return [
            (key, answer) for key, answer in answers.items() if isinstance(answer, Audit) and answer.judge == self.name
        ]


def key_of(request: AuditRequest, judge: str) -> bytes:
    """A hash of all that decides an audit; not of the game it was asked in."""
    note, shown, edit, assessment = request.note, request.shown, request.edit, request.assessment
    content = [
        judge,
        request.game_type,
        [note.sentences, note.error_type, note.error_sentence_id, note.corrected_sentence, note.condition],
        [shown.sentences, shown.error_sentence_id, shown.corrected_sentence],
        [edit.sentence_id, edit.replacement, edit.error_type],
        assessment and [assessment.verdict, assessment.sentence_id, assessment.correction, assessment.explanation],
    ]
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=20, person=b"audit-2").digest()


def _by_key(wanted: Mapping[bytes, AuditRequest], answers: Sequence[Answer]) -> Mapping[bytes, Answer]:
    if len(answers) == len(wanted):
        return dict(zip(wanted, answers, strict=True))
    miscounted = JudgeFailure(FailureKind.MALFORMED, f"{len(answers)} audits for {len(wanted)} requests")
    return dict.fromkeys(wanted, miscounted)
