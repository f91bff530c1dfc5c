"""A judge in a process of its own, and the Judge protocol over it.

``JudgeActor`` is a plain class; ``training.cluster`` wraps it for Ray. Nothing here imports ray: a failed call is
recognised by not being a ``JudgeError``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from medical_team.errors import JudgeError, JudgeUnreachable
from medical_team.judge.protocol import AuditRequest, Judge, JudgeFailure
from medical_team.types import Audit


class JudgeActor:
    """Lives in the judge's process, where ``build`` makes the judge."""

    def __init__(self, build: Callable[[], Judge]) -> None:
        self._judge = build()

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        return await self._judge.audit(requests, deadline_s)

    async def ready(self) -> str:
        """The judge's name, once it can audit."""
        return self._judge.name


class RemoteJudge:
    """The Judge protocol over the handle of a ``JudgeActor``."""

    def __init__(self, name: str, handle: Any) -> None:
        """``name`` is what it is called until the actor has said what its audits call it."""
        self.name = name
        self.handle = handle

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        """The actor's audits.

        Raises:
            JudgeUnreachable: Its process is gone.
            JudgeOutage: The judge behind the actor stayed away for longer than its budget.
        """
        try:
            return await self.handle.audit.remote(list(requests), deadline_s)
        except JudgeError:
            raise
        except Exception as error:  # ray's errors, which this room does not know
            raise JudgeUnreachable(f"judge {self.name}: its actor failed ({type(error).__name__})") from error
