"""A child that is guarded ends with its parent, however the parent ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import pytest

from medical_team.rollout.guard import answered_or_end

PATIENCE_S = 60

# A parent with a child that would live on: it prints the child's number, and waits.
PARENT = """
import multiprocessing, time
from medical_team.rollout.guard import guard_children

if __name__ == "__main__":
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(3600,))
    child.start()
    guard_children()
    print(child.pid, flush=True)
    time.sleep(3600)
"""


@pytest.mark.parametrize("stopped", [False, True], ids=["running child", "stopped child"])
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=lambda end: end.name)
def test_a_guarded_child_ends_with_its_parent(end: signal.Signals, stopped: bool) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    if stopped:
        child.send_signal(signal.SIGSTOP)
    os.kill(parent.pid, end)
    parent.wait(PATIENCE_S)
    parent.stdout.close()
    assert ended(child)


def ended(process: psutil.Process) -> bool:
    """Wait for its end; as a zombie it counts as ended, where nobody reaps it."""
    for _ in range(PATIENCE_S * 10):
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        subprocess.run(["sleep", "0.1"], check=True)
    return False


WAITS = """
import asyncio
from medical_team.rollout.guard import answered_or_end

async def never():
    await asyncio.Event().wait()

dead = iter([False, True, True])
asyncio.run(answered_or_end(never(), lambda: next(dead)))
"""


def test_who_asks_a_dead_engine_ends_although_nobody_tells_it():
    done = subprocess.run(
        [sys.executable, "-c", WAITS], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert (done.returncode, done.stderr) == (1, "the engine is dead: ending its process\n")


async def test_what_a_living_engine_answers_or_raises_is_passed_on():
    async def answer() -> int:
        return 7

    async def fail() -> int:
        raise ValueError("no")

    assert await answered_or_end(answer(), lambda: False) == 7
    with pytest.raises(ValueError, match="no"):
        await answered_or_end(fail(), lambda: False)
