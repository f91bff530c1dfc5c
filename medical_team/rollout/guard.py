"""Children that do not outlive the process that started them, however it ends.

vLLM's engine core goes on when the process that asks it is killed, and keeps its memory, on a GPU all that an engine
started in its place would need. A guard waits beside the two for the end of the one, and ends the other.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NoReturn, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Seconds between two looks at whether it lives.
_LOOKS_EVERY_S = 1.0

# The pipes that tell the guards; the kernel closes them with this process.
_guards: list[subprocess.Popen[bytes]] = []


def guard_children() -> None:
    """Have the children that multiprocessing has started so far end at the latest with this process."""
    children = [str(child.pid) for child in multiprocessing.active_children()]
    # A session of its own: an interrupt at the terminal is not for the guard. Isolated: it needs the interpreter alone.
    command = [sys.executable, "-I", "-S", __file__, *children]
    _guards.append(subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True))


async def answered_or_end(call: Awaitable[T], is_dead: Callable[[], bool]) -> T:
    """What a process that this one has started answers; where it is dead, this one ends, so that its loss is seen.

    What waits for a dead one is not always told so.
    """
    answer = asyncio.ensure_future(call)
    try:
        while not answer.done() and not is_dead():
            await asyncio.wait({answer}, timeout=_LOOKS_EVERY_S)
        if is_dead():
            logger.error("the engine is dead: ending its process")
            end_process()
        return await answer
    finally:
        answer.cancel()


def end_process() -> NoReturn:
    """End this process at once, for a reason that it has logged; its guard ends its children."""
    os._exit(1)


def _guard(children: list[int]) -> None:
    """Wait for the end of standard input, then end the children; handles, unlike numbers, are never another's."""
    handles = []
    for child in children:
        with suppress(ProcessLookupError):
            handles.append(os.pidfd_open(child))
    while os.read(sys.stdin.fileno(), 1):
        pass
    for handle in handles:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)


if __name__ == "__main__":
    _guard([int(argument) for argument in sys.argv[1:]])
