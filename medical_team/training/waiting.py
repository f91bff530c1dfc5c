"""Waits that end: for actors of Ray's, and for calls of upstream's that wait for them without a deadline.

Driven by the trainer and the cluster. What misses its deadline ends the run, and so does a worker that dies meanwhile;
nothing is tried again here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError

from medical_team.errors import MedicalTeamError, StallError, WorkerLost
from medical_team.training.workers import NOBODY, Workers

P = ParamSpec("P")
T = TypeVar("T")

# Seconds between looks at the workers while something is waited for.
LOOKS_EVERY_S = 2.0

# Seconds in which a wait for results ends after it was given up.
_GIVES_UP_WITHIN_S = 1.0

# Calls that were given up, each in a thread that waits on: for Ray, most of them, which must not be left before.
_given_up: list[threading.Thread] = []


def still_waiting(within_s: float) -> list[str]:
    """Names of the phases that were given up and whose threads have not ended after ``within_s`` seconds more."""
    ends = time.monotonic() + within_s
    for thread in _given_up:
        thread.join(max(0.0, ends - time.monotonic()))
    _given_up[:] = [thread for thread in _given_up if thread.is_alive()]
    return [thread.name for thread in _given_up]


class Deadline:
    """Seconds that each wait may take.

    An error of this project's that an actor raised comes back as it was raised.

    Args:
        timeout_s: Of one wait.
        workers: Whose death ends every wait: the ranks that are left wait for the dead one, and for ever.
    """

    def __init__(self, timeout_s: float, workers: Workers = NOBODY) -> None:
        self._timeout_s = timeout_s
        self._workers = workers

    def results(self, phase: str, refs: Sequence[Any]) -> list[Any]:
        """Results of calls to actors, in order.

        They too are waited for in another thread: what a signal's handler raises while Ray waits comes out of Ray as a
        SystemError where it meets a timeout.

        Raises:
            StallError: They are not there in time; it names the phase.
            WorkerLost: One of the workers died.
        """
        given_up = threading.Event()
        try:
            return self.run(phase, _results, list(refs), given_up)
        finally:
            given_up.set()

    def run(self, phase: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``call`` returns or raises.

        It runs in a thread of its own, which is left behind when it stalls: nothing can interrupt it, and the run is
        over. The thread is a daemon, so that the process can still exit.

        Raises:
            StallError: It did neither in time; it names the phase.
            WorkerLost: One of the workers died.
        """
        future: Future[T] = Future()
        work = threading.Thread(target=_settle, args=(future, call, args, kwargs), name=phase, daemon=True)
        ends = time.monotonic() + self._timeout_s
        work.start()
        try:
            while not future.done():
                left = ends - time.monotonic()
                work.join(min(LOOKS_EVERY_S, max(0.0, left)))
                if not future.done():
                    self._workers.check(phase)
                    if left <= LOOKS_EVERY_S:
                        raise self._stalled(phase)
        finally:
            if work.is_alive():
                _given_up.append(work)
        try:
            return future.result()
        except RayError as error:
            raise self._cause(phase, error) from None

    def _cause(self, phase: str, error: RayError) -> Exception:
        """What is behind a failed call: an error of ours, a lost worker, or else the error as it is.

        Where a rank dies, the others' collectives fail, and their errors may be here first.
        """
        if isinstance(error, RayTaskError) and isinstance(error.cause, MedicalTeamError):
            return error.cause  # Ray wraps it in one whose message is a whole traceback
        try:
            self._workers.check_for_a_while(phase)
        except WorkerLost as lost:
            return lost
        return error

    def _stalled(self, phase: str) -> StallError:
        return StallError(
            f"{phase} took longer than {self._timeout_s:g} s: see the worker logs of Ray's session; run.resume=auto "
            "goes on from the newest checkpoint"
        )


def _settle(future: Future[Any], call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    try:
        future.set_result(call(*args, **kwargs))
    except BaseException as error:  # whatever it is, it belongs to who waits
        future.set_exception(error)


def _results(refs: list[Any], given_up: threading.Event) -> list[Any]:
    """Results in order, waited for until nobody wants them; nothing else would end a wait of Ray's."""
    while not given_up.is_set():
        try:
            return ray.get(refs, timeout=_GIVES_UP_WITHIN_S)
        except GetTimeoutError as error:
            if isinstance(error, RayTaskError):  # an actor's own
                raise
    return []
