"""Every error of this project's own, attributed to the room it comes from.

``UserError`` is bad input: an entry point prints its one sentence and exits with code 2 before any engine starts.
Everything else happens at run time. A failure inside one game is data (see ``types.Outcome``): the manager counts
it and plays on; what it cannot absorb propagates. To add an error, subclass the nearest one below; keep its
constructor to one message, so that it pickles through Ray.
"""

from __future__ import annotations


class MedicalTeamError(Exception):
    """Base of every error this project raises on purpose."""


class UserError(MedicalTeamError):
    """Bad input; the message names the file, row, key or number and says what to do."""


class ConfigError(UserError):
    """A configuration key is unknown, or values do not go together."""


class DataError(UserError):
    """A data file is missing, empty or not what its format says."""


class ModelError(UserError):
    """A model folder is missing or cannot be used (no chat template, say)."""


class MachineError(UserError):
    """The machine or the cluster cannot run what was asked: GPUs, disk, ports, tools."""


class RewardLintError(UserError):
    """A constant policy would gain under this configuration."""


class CheckpointError(UserError):
    """A checkpoint to go on from is missing, incomplete or belongs to another run."""


class RunInterrupted(MedicalTeamError):
    """What ended the run lies outside of it: resuming goes on from the newest checkpoint."""


class NotYetThere(MachineError, RunInterrupted):
    """What a start needs is away and may be there at the next one: a judge, a cluster, a resumed run's disk."""


class CheckpointWriteError(MedicalTeamError):
    """A checkpoint could not be written; the ones before it are still there."""


class DiskFull(CheckpointWriteError, RunInterrupted):
    """There is no room for another checkpoint: the run ends, and goes on when there is."""


class RolloutError(MedicalTeamError):
    """A rollout could not reach its batch."""


class EngineError(RolloutError):
    """An engine died, refused or missed its deadline."""


class EnginesLost(RunInterrupted):
    """Engines were lost more often than a run may start them anew: it saves and ends."""


class JudgeError(MedicalTeamError):
    """The judge gave no audit. ``kind`` says why; it is counted by it and is never a reward."""

    kind = "failed"


class JudgeTimeout(JudgeError):
    """No audit before the deadline."""

    kind = "timeout"


class JudgeUnreachable(JudgeError):
    """The judge's process or endpoint is gone."""

    kind = "unreachable"


class JudgeMalformed(JudgeError):
    """The judge answered something that is no audit."""

    kind = "malformed"


class JudgeOverloaded(JudgeError):
    """The judge's queue is full, or it asks to come back later."""

    kind = "overloaded"


class JudgeAbstained(JudgeError):
    """The judge says that it cannot tell."""

    kind = "abstained"


class JudgeRefused(JudgeError):
    """The judge does not take the request: it is not allowed, too long, or of no use to ask again."""

    kind = "refused"


class JudgeOutage(RunInterrupted):
    """A judge stayed away for longer than its budget: the run saves and ends. Not a failure of one audit."""


class JudgeLost(RunInterrupted):
    """The engine of a judge outside of a run has died: who uses it ends, and may be started again."""


class JudgeSetAside(RunInterrupted):
    """A judge changed for the worse within a run, and none that is better is at hand: the run saves and ends."""


class QuarantineLimit(MedicalTeamError):
    """The judge contradicts the construction too often: the run saves and ends, so that somebody looks at the judge."""


class UntoldLimit(QuarantineLimit):
    """The judge can tell of hardly any edit if it is an error: the run saves and ends as with ``QuarantineLimit``."""


class RunStopped(RunInterrupted):
    """A run was asked to stop, or its time is over. What it learnt is saved; resuming it goes on."""


class WorkerLost(RunInterrupted):
    """A rank of actor, critic or reference died. What it held is lost since the newest checkpoint."""


class HostLimit(RunInterrupted):
    """The driver's host has too little disk or memory left to go on."""


class JudgeNotAdmitted(UserError):
    """A judge is below the thresholds of its admission."""


class SyncError(MedicalTeamError):
    """After a weight sync an engine does not hold the trainer's weights."""


class StallError(RunInterrupted):
    """A phase of a run (placing, loading, a rollout, forwards, an update, a sync, a save) made no progress in time."""
