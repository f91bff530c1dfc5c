"""Whether the judge may audit: it is loaded in the background, put to its admission, and closed at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from medical_team.judge.protocol import Judge
from medical_team.judge.server.faults import where

OpenJudge = Callable[[], AbstractAsyncContextManager[Judge]]
"""Loads a judge and closes it afterwards; must not block the event loop. For one that is there: ``nullcontext``."""

Admission = Callable[[Judge], Awaitable[str | None]]
"""Looks at a judge; the sentence that says why it is not admitted, or ``None``."""

LOADING, CHECKING, CLOSED = "the judge is being loaded", "the judge is being put to its admission", "the server stops"

logger = logging.getLogger(__name__)


class Standing:
    """One judge's way from being loaded to being closed.

    Attributes:
        judge: Once it is loaded.
        reason: Why it may not audit; ``None`` when it may.
        failure: What loading, admission or the judge's own end raised; the server has nothing to do then and is to end
            with it.
    """

    def __init__(self, open_judge: OpenJudge, admission: Admission | None) -> None:
        self.judge: Judge | None = None
        self.reason: str | None = LOADING
        self.failure: BaseException | None = None
        self.on_failure: Callable[[], None] = lambda: None
        self._open_judge = open_judge
        self._admission = admission

    def start(self) -> None:
        """Begin to load, within the running event loop."""
        self._closing = asyncio.Event()
        self._task = asyncio.create_task(self._keep())
        self._task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Close the judge, or stop loading it."""
        self._closing.set()
        if self.judge is None or self.reason == CHECKING:
            self._task.cancel()
        await asyncio.wait([self._task])

    async def _keep(self) -> None:
        async with self._open_judge() as judge:
            self.judge, self.reason = judge, CHECKING
            self.reason = await self._admission(judge) if self._admission else None
            logger.info("judge %s: %s", judge.name, "ready" if self.reason is None else self.reason)
            await self._closing.wait()
            self.reason = CLOSED

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.reason = self.reason or CLOSED
        if task.cancelled() or (error := task.exception()) is None:
            return
        if self._closing.is_set():  # nobody asks for it any more
            logger.error("the judge could not be closed: %s", where(error))
            return
        what = "could not be loaded" if self.judge is None else "is gone"
        self.failure, self.reason = error, f"the judge {what} ({type(error).__name__})"
        self.on_failure()
