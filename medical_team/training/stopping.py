"""Asking a run to stop, and keeping it from beginning what its time does not allow.

A signal, a file and the end of the job's time end in the same way: at its next safe point the trainer asks ``Stop``,
which raises ``RunStopped``; the trainer saves, and the entry point exits with the code that means "go on by resuming".

While a run starts, and again when it has trained, nothing can be lost: the first signal ends whatever it waits for.
While it trains, signals are only noted: neither a save nor an update is broken by one, however many there are. During
the games of a step the note is read every ``LOOKS_EVERY_S`` seconds; an update (forward passes, learning, sync,
metrics) is finished first.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from medical_team.config import Config
from medical_team.errors import ConfigError, RunStopped

logger = logging.getLogger(__name__)

T = TypeVar("T")

SIGNALS = (signal.SIGTERM, signal.SIGUSR1)

# Set by whoever knows when the job is over: seconds since 1970.
ENDS_AT_VARIABLE = "MEDICAL_TEAM_ENDS_AT"

# Name of the file in a run's folder that asks it to stop. It is removed when the run has seen it.
REQUEST_NAME = "stop"

LOOKS_EVERY_S = 0.5

# Seconds that games may take to let go of their requests when they are cancelled.
_LETS_GO_WITHIN_S = 30


class Part(StrEnum):
    """What a step is made of, as far as its time is concerned."""

    PLAY = "play"
    """Games, up to the samples of a step."""
    LEARN = "learn"
    """Forward passes, update and weight sync."""
    EVALUATE = "evaluate"
    """The assessor on held-out notes, within the run."""
    SAVE = "save"
    """A checkpoint, until it is written."""


class TimeLimit:
    """What can still be begun before the job ends.

    A part is expected to take as long as the longest of its kind so far; one that was not measured yet, no time.

    Args:
        ends_at: Seconds since 1970; None where the job has no end.
        margin_s: Seconds by which everything is over before that.
    """

    def __init__(self, ends_at: float | None, margin_s: float, now: Callable[[], float] = time.time) -> None:
        self._ends_at = math.inf if ends_at is None else ends_at
        self._margin_s = margin_s
        self._now = now
        self._longest: dict[Part, float] = {}

    def took(self, part: Part, seconds: float) -> None:
        self._longest[part] = max(seconds, self._longest.get(part, 0.0))

    def allows(self, *parts: Part) -> bool:
        """Whether these and a save after them would be over in time."""
        needed = sum(self._longest.get(part, 0.0) for part in (*parts, Part.SAVE))
        return self._now() + needed + self._margin_s <= self._ends_at


class Stop:
    """Whether a run goes on. Made and closed by the run, asked by the trainer at its safe points."""

    def __init__(self, limit: TimeLimit, request: Path) -> None:
        self.limit = limit
        self._request = request
        self._reason: str | None = None
        self._raises = True
        self._previous: dict[signal.Signals, Any] = {}

    def listen(self) -> None:
        """Note signals from here on; to be called again after ``ray.init``, which takes SIGTERM for itself."""
        if threading.current_thread() is not threading.main_thread():
            return  # only the main thread may; whoever runs a run in another one handles signals there
        for number in SIGNALS:
            previous = signal.signal(number, self._note)
            self._previous.setdefault(number, previous)

    @contextmanager
    def only_at_safe_points(self) -> Iterator[None]:
        """Signals do not interrupt what is done inside."""
        before, self._raises = self._raises, False
        try:
            yield
        finally:
            self._raises = before

    def close(self) -> None:
        """Give the signals back."""
        for number, previous in self._previous.items():
            signal.signal(number, previous)
        self._previous.clear()

    def check(self, *parts: Part) -> None:
        """To be called at a safe point, before ``parts`` are begun.

        Raises:
            RunStopped: The run was asked to stop, or they and a save would not be over before the job is.
        """
        reason = self._asked_by()
        if reason is None and not self.limit.allows(*parts):
            reason = f"the end of the job's time, too near for {' and '.join(parts or ('going on',))} and a save"
        if reason is not None:
            raise _stopped(reason)

    async def unless_stopped(self, work: Coroutine[Any, Any, T]) -> T:
        """What ``work`` returns or raises; it is cancelled at a stop.

        Raises:
            RunStopped: As ``check``.
        """
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=LOOKS_EVERY_S)
                if not task.done():
                    self.check()
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=_LETS_GO_WITHIN_S)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        first, self._reason = self._reason is None, self._reason or signal.Signals(number).name
        if first and self._raises:
            raise _stopped(self._reason)

    def _asked_by(self) -> str | None:
        if self._reason is None and self._request.exists():
            self._request.unlink(missing_ok=True)
            self._reason = f"the file {self._request}"
        return self._reason


def _stopped(reason: str) -> RunStopped:
    return RunStopped(f"stopped by {reason}; what was learnt is saved: go on with run.resume=auto")


def stop_of(config: Config, environment: Mapping[str, str] = os.environ) -> Stop:
    """The run's ``Stop``: its time ends with the job's or with ``run.time_limit_s``, whichever is first.

    Raises:
        ConfigError: ``MEDICAL_TEAM_ENDS_AT`` is no time.
    """
    ends = [time.time() + config.run.time_limit_s] if config.run.time_limit_s is not None else []
    given = environment.get(ENDS_AT_VARIABLE)
    if given:
        ends.append(_seconds(given))
    return Stop(TimeLimit(min(ends, default=None), config.run.stop_before_s), config.run_dir / REQUEST_NAME)


def _seconds(given: str) -> float:
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise ConfigError(f"{ENDS_AT_VARIABLE} = {given!r} is no time in seconds since 1970: correct it or unset it")
    return seconds
