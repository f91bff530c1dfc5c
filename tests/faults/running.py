"""A run that meets one fault after another, each in its own process or in the one that is still going.

Between faults it stands at the border of a step, so that every scenario begins at the same place, and what it does
there is counted from there.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from faults.accounts import Accounts, Records, count, read_records, read_updates
from faults.attempt import Attempt, NotCovered
from faults.processes import GONE_WITHIN_S, Process, below, wait_until_gone
from tiny import tiny_overrides

STARTS_WITHIN_S = 240
STEP_WITHIN_S = 180
ENDS_WITHIN_S = 180
FINISHED_BEFORE_A_FAULT = 2

# They hold nothing of the run, and outlive a cluster that was killed for as long as they call for its head.
RAYS_AGENTS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")

Strike = Callable[[Attempt], float]
"""Does the harm to an attempt that stands before a step, and says when (monotonic clock)."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen of a fault.

    Attributes:
        noticed_s: From the fault until the run said so or ended; ``None`` where there was nobody to notice.
        back_s: From the fault until the next step was finished, the loading of whatever had to be loaded included.
        accounts: What it cost.
        exit_code: Of the process that met it; ``None`` where it went on.
    """

    noticed_s: float | None
    back_s: float
    accounts: Accounts
    exit_code: int | None


class Run:
    """One run's folder and its processes, one after another."""

    def __init__(self, folder: Path, model: Path, **keys: object) -> None:
        self.folder = folder / "runs" / "tiny"
        self.keys: dict[str, object] = {
            "run__resume": "auto",
            "run__min_free_gb": 0,
            "train__steps": 1000,
            "train__kl_coef": 0,
            "model__critic_layers": 1,
            "evaluation__notes": 0,
            "checkpoint__every": 1,
            "checkpoint__keep": 2,
            "cluster__phase_timeout_s": 120,
            "cluster__sync_timeout_s": 20,
            "rollout__silence_s": 10,
        } | keys
        folder.mkdir(parents=True, exist_ok=True)
        self._root = folder
        self._model = model
        self._attempts = 0
        self._attempt: Attempt | None = None

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    def going(self) -> Attempt:
        """The process that works on the run, before a step, with steps and checkpoints behind it."""
        attempt = self._attempt if self._attempt is not None and self._attempt.alive else self.started()
        while self.records().finished < FINISHED_BEFORE_A_FAULT:
            self.step()
        return attempt

    def started(self, **keys: object) -> Attempt:
        """A new process of the run, which stands before its first step; ``keys`` are overrides of this one only."""
        self.begun(**keys).wait_for_point("step", 1, STARTS_WITHIN_S)
        assert self._attempt is not None
        return self._attempt

    def begun(self, **keys: object) -> Attempt:
        """A new process of the run, which is still loading."""
        self.close()
        self._attempts += 1
        overrides = tiny_overrides(self._model, self._root / "runs", **self.keys | keys)
        log = self._root / f"attempt-{self._attempts}.log"
        self._attempt = self._start(overrides, self._root / "points", log)
        self._attempt.hold("step")
        return self._attempt

    def _start(self, overrides: Sequence[str], points: Path, log: Path) -> Attempt:
        return Attempt(overrides, points, log)

    def step(self) -> None:
        """Let the process do one step and write its checkpoint."""
        attempt = self._attempt
        assert attempt is not None
        times = attempt.times_at("step")
        attempt.let_pass("step")
        attempt.wait_for_point("step", times + 1, STEP_WITHIN_S)
        self.wait_for_checkpoint()

    def wait_for_checkpoint(self) -> None:
        """Until the step that was finished last has one: it is written while the next step begins."""
        assert self._attempt is not None
        wanted = self.checkpoints / f"step-{self.records().finished:06d}"
        self._attempt.wait_until(wanted.is_dir, STEP_WITHIN_S, f"{wanted.name} was written")

    def records(self) -> Records:
        return read_records(self.folder)

    def accounts(self, before: Records, went_on_after: int) -> Accounts:
        """Of a fault, now that the run stands behind another finished step."""
        return count(before, self.records(), went_on_after, self.samples_a_step, read_updates(self.checkpoints))

    def going_step(self) -> int:
        """The step that the process stands before."""
        self.going()
        return self.records().finished + 1

    @property
    def samples_a_step(self) -> int:
        return 6

    def close(self) -> None:
        if self._attempt is not None:
            self._attempt.close()
            self._attempt = None

    def close_for_good(self) -> None:
        """``close``, and whatever the run stands on."""
        self.close()

    # --- what a fault does to it

    def goes_on(self, strike: Strike, says: str) -> Measured:
        """The process that is struck notices (a line with the pattern ``says``), heals and finishes its step.

        Raises:
            NotCovered: It does not.
        """
        attempt = self.going()
        before, times = self.records(), attempt.times_at("step")
        struck = strike(attempt)
        noticed, _ = attempt.wait_for_line(says, STEP_WITHIN_S, since=struck)
        attempt.wait_for_point("step", times + 1, STEP_WITHIN_S)
        back = time.monotonic()
        self.wait_for_checkpoint()
        return Measured(noticed - struck, back - struck, self.accounts(before, before.finished), None)

    def ends(
        self,
        strike: Strike,
        exit_code: int,
        says: str | None = None,
        mended: Callable[[], object] = lambda: None,
        **keys: object,
    ) -> Measured:
        """The process that is struck ends, with everything below it; the next one goes on.

        Args:
            strike: Does the harm.
            exit_code: What the process is to end with.
            says: Pattern of a line in which it says why.
            mended: Called before the next one is started.
            keys: Overrides of the process that is struck, for which a new one is started.

        Raises:
            NotCovered: It ends otherwise or not at all, or leaves processes behind.
        """
        attempt = self.started(**keys) if keys else self.going()
        workers = below(attempt.process.pid)
        struck = strike(attempt)
        workers = list({*workers, *below(attempt.process.pid)})
        code = attempt.wait_for_end(ENDS_WITHIN_S)
        noticed = time.monotonic() - struck
        self._check_end(attempt, workers, code, exit_code, says)
        before = self.records()
        mended()
        went_on_after = self.went_on_after(self.started())
        self.step()
        back = time.monotonic() - struck
        return Measured(None if code < 0 else noticed, back, self.accounts(before, went_on_after), code)

    def went_on_after(self, attempt: Attempt) -> int:
        """The step whose state a process that stands before its first step has loaded; 0 for none."""
        found = attempt.line(r"resumed after step (\d+)")
        return int(found[1].group(1)) if found else 0

    def _check_end(
        self, attempt: Attempt, workers: Sequence[Process], code: int, expected: int, says: str | None
    ) -> None:
        for process in workers:
            process.send(signal.SIGCONT)  # one that was stopped notices only now that the driver is gone
        ours = [process for process in workers if process.title not in RAYS_AGENTS]
        left = wait_until_gone(ours, GONE_WITHIN_S)
        for process in workers:
            process.send(signal.SIGKILL)
        if code != expected:
            raise NotCovered(f"it ended with {code} and not with {expected}{attempt._last_words()}")
        if says is not None and attempt.line(says) is None:
            raise NotCovered(f"it did not say {says!r}{attempt._last_words()}")
        if left:
            raise NotCovered(f"it left {len(left)} processes behind: {', '.join(each.title[:40] for each in left)}")
