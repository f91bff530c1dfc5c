"""What the processes of a real run on CPU hold, beside what was planned for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from medical_team.config import Config
from medical_team.planning.groups import Lengths
from medical_team.planning.host import this_host
from medical_team.planning.memory import Moment
from medical_team.planning.plan import plan_run
from medical_team.training.run import TrainingRun

# Ray's title of an actor's process, and the plan's name of it.
ACTORS = {
    "ray::PolicyActor": "actor",
    "ray::ReferenceActor": "reference",
    "ray::CriticActor": "critic",
    "ray::EngineActor": "engines",
    "ray::JudgeActor": "judge (exact)",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """Attributes:
    peaks: Bytes that were resident at most, by the plan's names.
    lengths: The step's longest sample.
    """

    peaks: Mapping[str, float]
    lengths: Lengths


def measured_step(config: Config) -> Measured:
    """One step of a run, and the peaks of its processes."""
    with TrainingRun(config) as run:
        trainer = run.trainer
        samples = trainer.play(1).samples
        trainer.learn(trainer.prepare(samples), 1)
        trainer.weights.sync()
        sequence = max(len(sample.prompt_ids) + len(sample.response_ids) for sample in samples)
        answer = max(len(sample.response_ids) for sample in samples)
        return Measured(peaks(), Lengths(sequence, answer))


def peaks() -> dict[str, float]:
    """Of this process, which drives the run, and of the processes below it."""
    driver = psutil.Process()
    found = {"driver": _peak(driver), "Ray": 0.0}
    actors = []
    below = driver.children(recursive=True)
    for process in below:
        name = ACTORS.get(process.cmdline()[0].split(" ")[0] if process.cmdline() else "")
        if name:
            family = [process, *process.children(recursive=True)]
            actors += family
            found[name] = sum(map(_peak, family))
    found["Ray"] = sum(_peak(process) for process in below if process not in actors)
    return found


def _peak(process: psutil.Process) -> float:
    """VmHWM in bytes: what the process had resident at most; 0 of one that has ended."""
    try:
        with open(f"/proc/{process.pid}/status") as status:
            return next((float(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM")), 0.0)
    except FileNotFoundError:
        return 0.0


def planned_and_measured(config: Config, measured: Measured) -> dict[str, tuple[float, float]]:
    """Bytes of each process by the plan's names; several of a name are alike, and one of them is shown."""
    plan = plan_run(config, "cpu", this_host(config.run_dir), measured.lengths)
    (host,) = plan.places
    moments = tuple(moment for moment in host.moments if moment != Moment.SAVE)  # nothing was saved
    planned = {process.name: sum(process.peak(moments)[1].values()) for process in host.processes}
    return {name: (planned[name], measured.peaks[name]) for name in planned}
