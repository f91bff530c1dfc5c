"""A judge in a process of its own, and the Judge protocol over it.

``JudgeActor`` is a plain class; ``training.judge_process`` wraps it for Ray. Nothing here imports ray.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from medical_team.errors import JudgeOutage, JudgeUnreachable, MedicalTeamError
from medical_team.judge.deadline import standing_still
from medical_team.judge.protocol import AuditRequest, FailureKind, Judge, JudgeFailure
from medical_team.types import Audit

logger = logging.getLogger(__name__)

# Seconds in which a process that lives says so, however much it has to do.
SIGN_OF_LIFE_S = 15.0


class JudgeActor:
    """Lives in the judge's process, where ``build`` makes the judge."""

    def __init__(self, build: Callable[[], Judge]) -> None:
        self._judge = build()

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        return await self._judge.audit(requests, deadline_s)

    async def ready(self) -> str:
        """The judge's name, once it can audit."""
        return self._judge.name

    async def alive(self) -> bool:
        """A sign of life of everything that an audit needs."""
        return True

    async def end(self) -> None:
        """Called on a process that is given up; the call does not return."""
        os._exit(1)


class Process(Protocol):
    """How the actor of a judge is started and ended. What is awaited of its handle raises what ``is_lost`` knows."""

    def start(self) -> Any:
        """Handle of a new actor, which may still be loading."""
        ...

    async def end(self, handle: Any) -> None:
        """End the actor's process, whatever state it is in."""
        ...

    def is_lost(self, error: Exception) -> bool:
        """Whether a call failed because the process is gone, and not by what was asked."""
        ...


class RestartingJudge:
    """The Judge protocol over a ``JudgeActor``, which is started anew when it is lost.

    Audits that a lost actor owes are asked again of the new one: a judge answers the same question the same way.
    Meanwhile the clocks of their deadlines stand still, so that no game is lost by it. Used from one event loop.
    """

    def __init__(self, name: str, process: Process, *, max_restarts: int, start_timeout_s: float) -> None:
        """Starts the actor.

        Args:
            name: What it is called until the actor has said what its audits call it.
            process: Starts and ends actors.
            max_restarts: How many of them a run may need; the next loss is an outage.
            start_timeout_s: Seconds for a new one to load.
        """
        self.name = name
        self.restarts = 0
        self._process = process
        self._max_restarts = max_restarts
        self._start_timeout_s = start_timeout_s
        self._is_doubtful = False
        self._starting = asyncio.Lock()
        self.handle = process.start()

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        """The actor's audits.

        Raises:
            JudgeUnreachable: The actor failed in a way that is not its end.
            JudgeOutage: It is lost once more than it may be started, or the judge behind it says so.
        """
        while True:
            if self._is_doubtful:
                await self._look()
            handle = self.handle
            try:
                answers = await handle.audit.remote(list(requests), deadline_s)
            except asyncio.CancelledError:  # a deadline, most likely; whether the process hangs is seen next time
                self._is_doubtful = True
                raise
            except MedicalTeamError:
                raise
            except Exception as error:
                if not self._process.is_lost(error):
                    reason = f"judge {self.name}: its actor failed ({type(error).__name__})"
                    raise JudgeUnreachable(reason) from error
                await self._start_again(handle, type(error).__name__)
                continue
            self._is_doubtful = bool(answers) and all(map(_is_late, answers))
            return answers

    async def wake_up(self, within_s: float) -> None:
        """Have it awake; where it does not wake up in time, or is lost, started anew.

        Raises:
            JudgeOutage: It is lost once more than it may be started.
        """
        handle = self.handle
        try:
            async with asyncio.timeout(within_s):
                await handle.wake_up.remote()
        except Exception as error:  # whatever keeps it asleep: the budget decides
            await self._start_again(handle, type(error).__name__)

    async def sleep(self, within_s: float) -> None:
        """Have it give its GPU away; where it does not, its process is ended, and started anew when it is waked."""
        handle = self.handle
        try:
            async with asyncio.timeout(within_s):
                await handle.sleep.remote()
        except Exception as error:
            logger.warning("judge %s does not go to sleep (%s): its process is ended", self.name, type(error).__name__)
            await self._process.end(handle)

    async def _look(self) -> None:
        """Start the actor anew where it gives no sign of life."""
        handle = self.handle
        try:
            with standing_still():
                async with asyncio.timeout(SIGN_OF_LIFE_S):
                    await handle.alive.remote()
        except TimeoutError:
            await self._start_again(handle, f"no sign of life within {SIGN_OF_LIFE_S:g} s")
        except Exception as error:
            if not self._process.is_lost(error):
                raise
            await self._start_again(handle, type(error).__name__)
        self._is_doubtful = False

    async def _start_again(self, lost: Any, why: str) -> None:
        """Have another actor than ``lost``, ready to audit. Whoever waits with the first one starts none.

        Raises:
            JudgeOutage: There will be none.
        """
        with standing_still():
            async with self._starting:
                while self.handle is lost:
                    if self.restarts >= self._max_restarts:
                        raise JudgeOutage(
                            f"judge {self.name} is lost ({why}) and judge.max_restarts = {self._max_restarts} are used "
                            "up: see the worker logs of Ray's session; run.resume=auto goes on"
                        )
                    self.restarts += 1
                    logger.warning("judge %s is lost (%s): starting it anew", self.name, why)
                    await self._process.end(lost)
                    try:
                        self.handle = await self._started()
                    except Exception as error:  # whatever keeps it from starting: the budget decides
                        why = type(error).__name__
                        continue
                    logger.warning("judge %s audits again", self.name)

    async def _started(self) -> Any:
        """Handle of a new actor that is ready; none is left behind that is not."""
        handle = self._process.start()
        try:
            async with asyncio.timeout(self._start_timeout_s):
                await handle.ready.remote()
        except BaseException:
            await self._process.end(handle)
            raise
        return handle


def _is_late(answer: Audit | JudgeFailure) -> bool:
    return isinstance(answer, JudgeFailure) and answer.kind is FailureKind.TIMEOUT
