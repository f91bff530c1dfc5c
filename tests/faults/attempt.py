"""One process that works on a run: started, listened to, waited for. Nothing is waited for without a deadline."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from faults.processes import GONE_WITHIN_S, Process, below, called, wait_until_gone

T = TypeVar("T")

PROGRAM = Path(__file__).with_name("program.py")
ROOT = PROGRAM.parents[2]
POLL_S = 0.005

# A cluster of the user's must not be found.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}


class NotCovered(Exception):
    """A run did not do with a fault what its scenario expects."""


class Attempt:
    """A process of the program (``program``) and the points it comes to.

    Args:
        arguments: The program's.
        points: Folder of the files by which it says where it is.
        log: File for its output.
        prefix: Of its command, such as one that runs it on another host.
        variables: Added to its environment.
    """

    def __init__(
        self, arguments: Sequence[str], points: Path, log: Path, prefix: Sequence[str] = (), **variables: str
    ) -> None:
        points.mkdir(parents=True, exist_ok=True)
        for left_over in points.iterdir():
            left_over.unlink()
        self.started = time.monotonic()
        self._points = points
        self._log = log
        self._lines: list[tuple[float, str]] = []
        command = [*prefix, sys.executable, str(PROGRAM), str(points), *arguments]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=ENVIRONMENT | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def hold(self, point: str) -> None:
        (self._points / f"hold-{point}").touch()

    def release(self, point: str) -> None:
        (self._points / f"hold-{point}").unlink(missing_ok=True)

    def let_pass(self, point: str) -> None:
        """From a point that is held, once."""
        (self._points / f"pass-{point}").touch()

    def times_at(self, point: str) -> int:
        """How often the run has come to a point."""
        try:
            return int((self._points / f"at-{point}").read_text().split()[0])
        except FileNotFoundError:
            return 0

    def wait_for_point(self, point: str, times: int, within_s: float) -> None:
        """Until the run comes to a point for the ``times``-th time."""
        self.wait_until(lambda: self.times_at(point) >= times, within_s, f"it came to {point!r} {times} time(s)")

    def wait_for_line(self, pattern: str, within_s: float, since: float = 0.0) -> tuple[float, re.Match[str]]:
        """When the run said something (monotonic clock), and what."""
        found = self.wait_until(lambda: self.line(pattern, since), within_s, f"it said {pattern!r}")
        assert found is not None
        return found

    def line(self, pattern: str, since: float = 0.0) -> tuple[float, re.Match[str]] | None:
        """The first line since then in which the pattern is found."""
        for heard, line in list(self._lines):
            if heard >= since and (match := re.search(pattern, line)):
                return heard, match
        return None

    def wait_for_end(self, within_s: float) -> int:
        """The exit code; minus the signal that killed it."""
        try:
            code = self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise NotCovered(f"it did not end within {within_s:g} s{self._last_words()}") from None
        self._listener.join(5)
        return code

    def workers(self, name: str) -> list[Process]:
        """Its processes of a name, such as ``ray::EngineActor``.

        Raises:
            NotCovered: It has none.
        """
        found = called(self.process.pid, name)
        if not found:
            raise NotCovered(f"it has no process {name}{self._last_words()}")
        return found

    def close(self, remembered: Sequence[Process] = ()) -> None:
        """End what is left of it: it, what is below it, and what is remembered to have been."""
        everything = [*remembered, *below(self.process.pid)]
        self.process.kill()
        self.process.wait(GONE_WITHIN_S)
        for process in wait_until_gone(everything, 10):
            process.send(signal.SIGKILL)
        wait_until_gone(everything, GONE_WITHIN_S)

    def wait_until(self, done: Callable[[], T], within_s: float, what: str) -> T:
        """What ``done`` returns as soon as it is true.

        Raises:
            NotCovered: The process ended, or the time was up, before ``what``.
        """
        until = time.monotonic() + within_s
        while not (result := done()):
            over = not self.alive and not self._listener.is_alive()
            if over or time.monotonic() > until:
                why = f"ended with {self.process.returncode}" if over else f"waited {within_s:g} s"
                if result := done():
                    break
                raise NotCovered(f"{why} before {what}{self._last_words()}")
            time.sleep(POLL_S)
        return result

    def _last_words(self) -> str:
        return "; its last lines:\n" + "\n".join(line for _, line in self._lines[-15:])

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with open(self._log, "w") as log:
            for line in self.process.stdout:
                self._lines.append((time.monotonic(), line.rstrip()))
                log.write(line)
                log.flush()
