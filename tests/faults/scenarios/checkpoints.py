"""A checkpoint that is not what was written."""

from __future__ import annotations

import time

from faults.attempt import NotCovered
from faults.running import STARTS_WITHIN_S, Measured, Run
from faults.scenario import Scenario


def play(run: Run) -> Measured:
    run.going()
    run.close()
    before = run.records()
    newest = run.checkpoints / f"step-{before.finished:06d}"
    flip_a_byte(next(newest.glob("actor/**/*model_states.pt")))
    struck = time.monotonic()
    attempt = run.begun()
    noticed, _ = attempt.wait_for_line(rf"skipped {newest.name}: ", STARTS_WITHIN_S)
    attempt.wait_for_point("step", 1, STARTS_WITHIN_S)
    went_on_after = run.went_on_after(attempt)
    if went_on_after != before.finished - 1:
        raise NotCovered(f"it went on after step {went_on_after} and not {before.finished - 1}")
    run.step()
    return Measured(noticed - struck, time.monotonic() - struck, run.accounts(before, went_on_after), None)


def flip_a_byte(path) -> None:
    with open(path, "r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))


SCENARIOS = (
    Scenario(
        "newest checkpoint corrupted",
        "one bit of the newest checkpoint flipped between two attempts",
        "the next attempt says so, skips it before anything is read from it, and goes on from the one before",
        play,
    ),
)
