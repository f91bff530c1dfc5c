"""Sees that a run makes progress. A rollout that makes none is ended; what the run was doing then is written down.

The trainer has its games watched and says what it waits for; the run asks for a state dump when it stalls, when it
loses a worker, and at SIGQUIT.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from medical_team.errors import StallError, WorkerLost
from medical_team.manager.flight import GamesInFlight
from medical_team.rollout.supervisor import Place
from medical_team.training.state_dump import (
    ActorState,
    EngineState,
    GameState,
    RunState,
    actor_states,
    thread_stacks,
    write,
)
from medical_team.training.workers import NOBODY, Workers

logger = logging.getLogger(__name__)

T = TypeVar("T")

LOOKS_EVERY_S = 1.0

# Seconds that games may take to let go of their requests when they are cancelled.
_LETS_GO_WITHIN_S = 30.0

# Seconds in which Ray's head lists its actors, or the dump is written without them.
_LISTS_WITHIN_S = 5.0


class Watchdog:
    """Watches one run.

    Args:
        flight: The games in flight.
        engines: Their engines' places.
        workers: The ranks of the groups, whose death ends a rollout too.
        stall_s: Seconds without an answer, an audit or a game that is over.
        folder: Of the run.
    """

    def __init__(
        self,
        flight: GamesInFlight,
        stall_s: float,
        folder: Path,
        *,
        engines: Callable[[], Sequence[Place]] = tuple,
        workers: Workers = NOBODY,
    ) -> None:
        self._flight = flight
        self._engines = engines
        self._workers = workers
        self._stall_s = stall_s
        self._folder = folder
        self._step = 0
        self._phase = ("starting", flight.now())
        self._previous: Any = None
        self._written_for: StallError | None = None

    def begins(self, phase: str, step: int) -> None:
        """What the run does from here on."""
        self._step, self._phase = step, (phase, self._flight.now())

    @contextmanager
    def writing_down(self) -> Iterator[None]:
        """A stall and a loss inside are written down, once."""
        try:
            yield
        except (StallError, WorkerLost) as error:
            if error is not self._written_for:
                self.dump(str(error))
            raise

    async def watching(self, rollout: Coroutine[Any, Any, T]) -> T:
        """What ``rollout`` returns or raises.

        Raises:
            StallError: It made no progress; the state is written down and it is cancelled.
            WorkerLost: A rank of a group died, so that nothing can be learnt from it.
        """
        task = asyncio.ensure_future(rollout)
        try:
            await self._see_through(task)
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=_LETS_GO_WITHIN_S)

    async def _see_through(self, task: asyncio.Future[Any]) -> None:
        seen, since = self._flight.events, self._flight.now()
        while not task.done():
            await asyncio.wait({task}, timeout=min(LOOKS_EVERY_S, self._stall_s))
            if task.done():
                return
            self._workers.check("the rollout")
            if self._flight.events != seen:
                seen, since = self._flight.events, self._flight.now()
            elif self._flight.now() - since >= self._stall_s:
                reason = f"no answer, no audit and no game over for cluster.stall_s = {self._stall_s:g} s"
                self.dump(reason)
                self._written_for = StallError(f"the rollout has stalled: {reason}; run.resume=auto goes on")
                raise self._written_for

    def dump(self, reason: str) -> Path | None:
        """Write down what the run is doing; where, or ``None`` where it could not be written."""
        try:
            path = write(self._state(reason), self._folder)
        except OSError as error:
            logger.warning("what the run is doing could not be written down: %s", error.strerror)
            return None
        logger.warning("what the run is doing is written down in %s", path)
        return path

    def listen(self) -> None:
        """Write it down at every SIGQUIT, and go on."""
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGQUIT, self._on_signal)

    def close(self) -> None:
        """Give the signal back."""
        if self._previous is not None:
            signal.signal(signal.SIGQUIT, self._previous)
            self._previous = None

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.dump("asked for by SIGQUIT")

    def _state(self, reason: str) -> RunState:
        now = self._flight.now()
        name, since = self._phase
        return RunState(
            reason=reason,
            step=self._step,
            phase=name,
            phase_s=now - since,
            games=[
                GameState(
                    game.game_id,
                    game.game_type,
                    now - game.since,
                    {what: now - began for what, began in game.waits.items()},
                )
                for game in self._flight.games
            ],
            engines=[
                EngineState(place.index, place.in_flight, now - place.heard_at, place.serving)
                for place in self._engines()
            ],
            actors=_actors(),
            threads=thread_stacks(),
        )


def _actors() -> list[ActorState]:
    """What Ray knows, or nothing where its head does not say so in time."""
    future: Future[list[ActorState]] = Future()

    def ask() -> None:
        try:
            future.set_result(actor_states())
        except Exception as error:  # the dump is written whatever is wrong with Ray
            future.set_exception(error)

    threading.Thread(target=ask, name="listing the actors", daemon=True).start()
    try:
        return future.result(timeout=_LISTS_WITHIN_S)
    except Exception as error:
        logger.warning("Ray does not list its actors (%s)", type(error).__name__)
        return []
