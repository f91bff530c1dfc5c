"""Processes below a process, found in /proc by what Ray and vLLM call them, so that nobody else's is ever touched."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.02
GONE_WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class Process:
    """One process; its start time tells it from a later one with the same number."""

    pid: int
    started: int
    title: str

    @property
    def alive(self) -> bool:
        """Neither gone nor only waiting to be reaped."""
        state = _stat(self.pid)
        return state is not None and state.started == self.started and state.letter not in "ZX"

    def send(self, number: signal.Signals) -> None:
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    started: int
    letter: str


def below(pid: int) -> list[Process]:
    """All processes below one, parents first."""
    children: dict[int, list[int]] = {}
    stats = dict(_all())
    for child, stat in stats.items():
        children.setdefault(stat.parent, []).append(child)
    found, queue = [], [pid]
    while queue:
        for child in children.get(queue.pop(0), []):
            found.append(Process(child, stats[child].started, _title(child)))
            queue.append(child)
    return found


def called(pid: int, name: str) -> list[Process]:
    """Those below a process whose title has the name in it (``ray::EngineActor``, ``VLLM::EngineCore``)."""
    return [process for process in below(pid) if name in process.title]


def process_of(pid: int) -> Process | None:
    """The process with a number, if there is one."""
    stat = _stat(pid)
    return Process(pid, stat.started, _title(pid)) if stat is not None else None


def wait_until_gone(processes: list[Process], within_s: float) -> list[Process]:
    """Those that are still alive after so many seconds."""
    until = time.monotonic() + within_s
    while (alive := [process for process in processes if process.alive]) and time.monotonic() < until:
        time.sleep(POLL_S)
    return alive


def _all() -> Iterator[tuple[int, _Stat]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (stat := _stat(int(entry.name))) is not None:
            yield int(entry.name), stat


def _stat(pid: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the name before may have blanks and brackets
    return _Stat(parent=int(fields[1]), started=int(fields[19]), letter=fields[0])


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
