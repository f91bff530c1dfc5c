"""Waits that end: for actors of Ray's, and for calls of upstream's that wait for them without a deadline.

Driven by the trainer and the cluster. What misses its deadline ends the run; nothing is tried again here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

import ray
from ray.exceptions import GetTimeoutError, RayTaskError

from medical_team.errors import MedicalTeamError, StallError

P = ParamSpec("P")
T = TypeVar("T")


class Deadline:
    """Seconds that each wait may take.

    An error of this project's that an actor raised comes back as it was raised.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s

    def results(self, phase: str, refs: Sequence[Any]) -> list[Any]:
        """Results of calls to actors, in order.

        Raises:
            StallError: They are not there in time; it names the phase.
        """
        try:
            return ray.get(list(refs), timeout=self._timeout_s)
        except GetTimeoutError:
            raise self._stalled(phase) from None
        except RayTaskError as error:
            raise _ours(error) from None

    def run(self, phase: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``call`` returns or raises.

        It runs in a thread of its own, which is left behind when it stalls: nothing can interrupt it, and the run is
        over. The thread is a daemon, so that the process can still exit.

        Raises:
            StallError: It did neither in time; it names the phase.
        """
        future: Future[T] = Future()
        work = threading.Thread(target=_settle, args=(future, call, args, kwargs), name=phase, daemon=True)
        work.start()
        work.join(self._timeout_s)
        if not future.done():
            raise self._stalled(phase)
        try:
            return future.result()
        except RayTaskError as error:
            raise _ours(error) from None

    def _stalled(self, phase: str) -> StallError:
        return StallError(f"{phase} took longer than {self._timeout_s:g} s: see the worker logs of Ray's session")


def _settle(future: Future[Any], call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    try:
        future.set_result(call(*args, **kwargs))
    except BaseException as error:  # whatever it is, it belongs to who waits
        future.set_exception(error)


def _ours(error: RayTaskError) -> Exception:
    """The error of ours that an actor raised; Ray wraps it in one whose message is a whole traceback."""
    return error.cause if isinstance(error.cause, MedicalTeamError) else error
