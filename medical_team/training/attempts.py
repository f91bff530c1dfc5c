"""What becomes of a job after an attempt at a run: done, back into the queue, or failed.

A batch script asks after each attempt (``launch/slurm/attempt.py``). The attempts are kept in a file of the run's, so
that one that only ever begins does not take a cluster's time for ever.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

# Exit codes of an entry point (medical_team.entry).
_DONE, _SAVED = 0, 75
# A shell's code of a process that a signal ended is this and the signal's number.
_BY_SIGNAL = 128

# Attempts in a row that may end where they began. One may: it was preempted while it loaded, say.
_FRUITLESS_ATTEMPTS = 2


class Next(StrEnum):
    """What a batch script does then."""

    DONE = "done"
    REQUEUE = "requeue"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One start of a job.

    Attributes:
        job: The queue's name for the job; it stays when the job is put back.
        number: 0, 1, 2 ... within the job.
        code: Exit code of the training program.
        signalled: The job was told that its time is over.
        step: Step of the newest checkpoint afterwards; 0 for none.
    """

    job: str
    number: int
    code: int
    signalled: bool
    step: int


@dataclass(frozen=True, slots=True)
class Decision:
    next: Next
    reason: str


def decide(attempts: Sequence[Attempt]) -> Decision:
    """What follows the last of a job's attempts, given all of them in order."""
    last = attempts[-1]
    if last.code == _DONE:
        return Decision(Next.DONE, f"trained to the end in {len(attempts)} attempt(s)")
    killed = last.signalled and last.code > _BY_SIGNAL
    if last.code != _SAVED and not killed:
        return Decision(Next.FAILED, f"the training program ended with exit code {last.code}")
    if _fruitless(attempts) >= _FRUITLESS_ATTEMPTS:
        return Decision(
            Next.FAILED,
            f"the last {_FRUITLESS_ATTEMPTS} attempts ended at step {last.step}, where they began: what they waited "
            "for (the last line of train.log) is still away, or a step and its checkpoint take longer than the job "
            "has; give it more time or make a step smaller",
        )
    how = "had no time to save" if killed else "saved nothing new" if _fruitless(attempts) else "saved"
    return Decision(Next.REQUEUE, f"attempt {last.number} {how}; the newest checkpoint is of step {last.step}")


def _fruitless(attempts: Sequence[Attempt]) -> int:
    """How many attempts at the end of the list ended where they began.

    One that ends at an earlier step has gone back behind a checkpoint that was not valid, and saved something there.
    """
    before = [0, *(attempt.step for attempt in attempts)]
    count = 0
    for attempt, step_before in zip(reversed(attempts), reversed(before[:-1]), strict=True):
        if attempt.step != step_before:
            break
        count += 1
    return count


class AttemptLog:
    """The attempts at a run, in one small file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, attempt: Attempt) -> list[Attempt]:
        """Note an attempt; all of its job's, in order. One that is noted again is noted anew."""
        others = [one for one in self._read() if (one.job, one.number) != (attempt.job, attempt.number)]
        everything = [*others, attempt]
        partial = self._path.with_suffix(".partial")
        with open(partial, "w") as file:
            json.dump([asdict(one) for one in everything], file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)
        return [one for one in everything if one.job == attempt.job]

    def _read(self) -> list[Attempt]:
        return [Attempt(**one) for one in json.loads(self._path.read_text())] if self._path.exists() else []
