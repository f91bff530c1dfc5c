"""One piece of work beside the main thread, and its outcome for whoever asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from medical_team.errors import StallError

T = TypeVar("T")


class Background(Generic[T]):
    """``work`` in a thread of its own, a daemon: a disk that hangs does not keep the process from exiting."""

    def __init__(self, name: str, work: Callable[[], T]) -> None:
        self._name = name
        self._outcome: Future[T] = Future()
        self._thread = threading.Thread(target=self._run, args=(work,), name=name, daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return self._outcome.done()

    def result(self, timeout_s: float) -> T:
        """What the work returned or raised.

        Raises:
            StallError: It did neither in time.
        """
        self._thread.join(timeout_s)
        if not self._outcome.done():
            raise StallError(f"{self._name} took longer than {timeout_s:g} s")
        return self._outcome.result()

    def _run(self, work: Callable[[], T]) -> None:
        try:
            self._outcome.set_result(work())
        except BaseException as error:  # whatever it is, it belongs to who asks
            self._outcome.set_exception(error)
