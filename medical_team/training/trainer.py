"""The self-play loop. ``fit`` is the algorithm; everything else is one phase of it.

Built by ``training.run``, which wires deck, manager, groups, engines and records; none of them knows the trainer.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from openrlhf.trainer.ppo_trainer import BasePPOTrainer

from medical_team.checkpoints import CheckpointStore, TrainerState, TurnJournal
from medical_team.config import Config
from medical_team.errors import (
    EngineError,
    EnginesLost,
    HostLimit,
    JudgeOutage,
    JudgeSetAside,
    MedicalTeamError,
    QuarantineLimit,
    RolloutError,
    RunStopped,
    StallError,
)
from medical_team.evaluation import kept_evaluation
from medical_team.manager import Collected, MedicalGameManager
from medical_team.metrics import MetricsWriter, summarise
from medical_team.records import GameRecorder
from medical_team.rollout.experience import to_experiences
from medical_team.rollout.supervisor import EngineSupervisor
from medical_team.training.clock import Clock
from medical_team.training.cluster import Cluster
from medical_team.training.experience_maker import RoleExperienceMaker
from medical_team.training.host_watch import HostWatch, no_room_named
from medical_team.training.identity import settings, start_position
from medical_team.training.judging import RunJudge
from medical_team.training.random_states import random_states, restore_random_states
from medical_team.training.revival import ping
from medical_team.training.sleepers import Sleepers
from medical_team.training.stopping import Part, Stop
from medical_team.training.waiting import Deadline
from medical_team.training.watchdog import Watchdog
from medical_team.training.weights import WeightSync
from medical_team.training.workers import Workers, ranks_of
from medical_team.types import Sample

logger = logging.getLogger(__name__)

# Reasons to stop before a step has learnt anything: the run goes on, before the same step, when they are removed.
_RESUMABLE = (
    *(EnginesLost, HostLimit, JudgeOutage, JudgeSetAside),
    *(QuarantineLimit, RolloutError, RunStopped, StallError),
)

Metrics = dict[str, float]


@dataclass(frozen=True, slots=True)
class Folder:
    """What a run leaves, and where."""

    games: GameRecorder
    metrics: MetricsWriter
    checkpoints: CheckpointStore
    journal: TurnJournal


class SelfPlayTrainer(BasePPOTrainer):
    """One policy learns both roles by playing them against each other."""

    def __init__(
        self,
        config: Config,
        strategy: Any,
        cluster: Cluster,
        tokenizer: Any,
        engines: EngineSupervisor,
        manager: MedicalGameManager,
        judge: RunJudge,
        folder: Folder,
        identity: dict[str, Any],
        loop: asyncio.Runner,
        stop: Stop,
        on_step: Callable[[int, Metrics], None] = lambda step, metrics: None,
        evaluate: Callable[[int], Coroutine[Any, Any, Metrics]] | None = None,
    ) -> None:
        super().__init__(strategy, cluster.actor, cluster.critic, None, cluster.reference, cluster.engines, tokenizer)
        self.experience_maker = RoleExperienceMaker(
            cluster.actor, cluster.critic, None, cluster.reference, self.kl_ctl, strategy, tokenizer
        )
        self.config = config
        self.cluster = cluster
        self.engines = engines
        self.manager = manager
        self.judge = judge
        self.judge_metrics: Metrics = {}
        self.folder = folder
        self.identity = identity
        self.position = start_position(identity)
        self.on_step = on_step
        self.evaluate = evaluate
        self.loop = loop
        self.stop = stop
        workers = Workers(ranks_of({"actor": cluster.actor, "critic": cluster.critic, "reference": cluster.reference}))
        self.watchdog = Watchdog(
            manager.flight, config.stall_s, config.run_dir, engines=lambda: engines.places, workers=workers
        )
        self.host = HostWatch(config.run_dir, config.run.min_free_gb, config.cluster.max_memory_share)
        self.host_metrics: Metrics = {}
        self.deadline = Deadline(config.cluster.phase_timeout_s, workers)
        sync_deadline = Deadline(config.cluster.sync_timeout_s, workers)
        self.weights = WeightSync(cluster, engines, self.broadcast_to_vllm, loop, sync_deadline)
        self.sleepers = Sleepers(
            engines, cluster.sleeping_judges, loop, config.cluster.start_timeout_s, config.vllm.enable_sleep
        )

    def fit(self) -> None:
        """Play, learn, sync, report, save, evaluate; until ``train.steps`` are done."""
        done = self.resume()
        if self.is_evaluated(done) and not kept_evaluation(self.config.run_dir, done).exists():
            self.examine(done)
        for step in range(done + 1, self.config.train.steps + 1):
            clock = Clock(partial(self.watchdog.begins, step=step))
            with clock.phase("rollout"):
                collected = self.play(step)
            with clock.phase("experience"):
                experiences = self.prepare(collected.samples)
            with clock.phase("train"):
                losses = self.learn(experiences, step)
            with clock.phase("sync"):
                self.weights.sync()
            self.report(step, collected, losses, clock)
            self.folder.checkpoints.check()
            if self.is_due(step):
                self.save(step)
            if self.is_evaluated(step):
                self.examine(step)
        self.folder.checkpoints.finish()
        self.folder.journal.clear()

    def play(self, step: int) -> Collected:
        """Games until there are exactly the samples a step needs; the games go to the records.

        Raises:
            JudgeOutage, JudgeSetAside, QuarantineLimit, RunStopped: There is no judge, none to be trusted, or no time
                left; the steps before are saved.
            EnginesLost, RolloutError, StallError, HostLimit: Engines die faster than they can be started, too much
                fails, nothing moves, or the host is full; likewise.
            WorkerLost: A rank of a group died; what it learnt since the newest checkpoint is lost.
        """
        with self._saved_if_stopped(step):
            self.stop.check(Part.PLAY, Part.LEARN)
            self.host_metrics = self.host.look()
            self.folder.journal.begin(step, self.position)
            with self.sleepers.awake():
                collected = self.loop.run(self.stop.unless_stopped(self.watchdog.watching(self._collect(step))))
            with no_room_named("the games of the step"):
                self.folder.games.flush(step)
            self.manager.check_quarantine()
            self.stop.check(Part.LEARN)
        return collected

    async def _collect(self, step: int) -> Collected:
        """A step's games, by a judge that was looked at; no engine is still being started when they are over."""
        await self.engines.check(ping)
        self.judge_metrics = await self.judge.look(step)
        collected = await self.manager.collect(self.config.samples_per_step)
        await self.engines.settle()
        return collected

    @contextmanager
    def _saved_if_stopped(self, step: int) -> Iterator[None]:
        """What stops the run while it plays leaves a checkpoint of the step before: nothing was learnt since."""
        before = self.manager.state()
        try:
            yield
        except _RESUMABLE:
            self._save_if_possible(step - 1, before)
            raise

    def _save_if_possible(self, step: int, manager: Mapping[str, Any]) -> None:
        """What is wrong may keep the run from saving, too: the error to end with is the first one."""
        try:
            self.folder.checkpoints.finish()
            if step not in (0, *self.folder.checkpoints.steps()):
                self.save(step, manager)
                self.folder.checkpoints.finish()
        except (MedicalTeamError, OSError) as error:
            logger.error("step %d could not be saved (%s): the checkpoint before it stays the newest", step, error)

    def prepare(self, samples: Sequence[Sample]) -> list[Any]:
        """Log-probabilities, values and advantages of the samples."""
        config = self.config
        ordered = to_experiences(
            samples,
            config.samples_per_step,
            config.rollout.micro_batch_size,
            [group.world_size() for group in config.groups.values()],
        )
        return self.deadline.run("the forward passes", self.experience_maker.make_experience_batch, ordered)

    def learn(self, experiences: list[Any], step: int) -> Metrics:
        """One PPO update of actor and critic on all experiences of the step."""
        # While the critic warms up the actor does not train, and only training empties a group's buffer.
        warms_up = step <= self.config.train.critic_warmup_steps
        for group in (None if warms_up else self.actor_model_group, self.critic_model_group):
            if group is not None:
                given = group.async_run_method_batch(method_name="append", experience=experiences)
                self.deadline.results("handing out the samples", given)
        self.position = uuid.uuid4().hex
        return self.deadline.run("the update", self.ppo_train, step - 1)

    def report(self, step: int, collected: Collected, losses: Metrics, clock: Clock) -> None:
        """Write the step's metrics and show its line."""
        read = sum(len(sample.prompt_ids) + len(sample.response_ids) for sample in collected.samples)
        answered = collected.stats.games.response_tokens.total()
        metrics = (
            summarise(collected.stats)
            | self.judge_metrics
            | self.host_metrics
            | self.engines.metrics()
            | self.judge.faults()
        )
        metrics |= {f"train/{name}": float(value) for name, value in losses.items()} | self.experience_maker.metrics
        metrics |= {f"timing/{name}": seconds for name, seconds in clock.seconds.items()}
        metrics["timing/step"] = sum(clock.seconds.values())
        self.remember_pace(clock.seconds)
        metrics["throughput/rollout_tokens_per_s"] = answered / clock.seconds["rollout"]
        metrics["throughput/train_tokens_per_s"] = self.config.train.epochs * read / clock.seconds["train"]
        with no_room_named("the metrics of the step"):
            self.folder.metrics.write(step, metrics)
        self.on_step(step, metrics)

    def examine(self, step: int) -> None:
        """Evaluate the assessor; what the step learnt is saved, or will be, whatever comes of it.

        Raises:
            EnginesLost, HostLimit, RunStopped: No engine, no disk or no time is left; the step is saved.
        """
        if self.evaluate is None:
            return
        with self._saved_if_stopped(step + 1), no_room_named("an evaluation"):
            self.stop.check(Part.EVALUATE)
            started = time.monotonic()
            try:
                with self.sleepers.awake():
                    metrics = self.loop.run(self.stop.unless_stopped(self.evaluate(step)))
            except EngineError as error:
                logger.warning("step %d is not evaluated: %s", step, error)
                return
            self.stop.limit.took(Part.EVALUATE, time.monotonic() - started)
            self.folder.metrics.show(step, metrics)

    def remember_pace(self, seconds: Mapping[str, float]) -> None:
        """How long a step's parts take, for what the job's time still allows."""
        play = seconds["rollout"]
        self.stop.limit.took(Part.PLAY, play)
        self.stop.limit.took(Part.LEARN, sum(seconds.values()) - play)
        self.stop.limit.took(Part.SAVE, self.folder.checkpoints.longest_s)

    def is_due(self, step: int) -> bool:
        every = self.config.checkpoint.every
        return step == self.config.train.steps or (every > 0 and step % every == 0)

    def is_evaluated(self, step: int) -> bool:
        """After the last step the run is evaluated by who started it."""
        every = self.config.evaluation.every
        return every > 0 and step % every == 0 and 0 < step < self.config.train.steps

    def save(self, step: int, manager: Mapping[str, Any] | None = None) -> None:
        """Checkpoint: models, optimizers and random states by their groups, everything else by the driver.

        Returns when everything is copied; it is written while the next step is played. ``manager`` is the manager's
        state after that step, where it has played on since.

        Raises:
            CheckpointWriteError, StallError: The save before this one failed, or there is no room for this one.
        """
        state = TrainerState(
            step=step,
            manager=self.manager.state() if manager is None else manager,
            kl_coef=self.kl_ctl.value,
            identity=self.identity,
            judge=self.judge.state(),
            position=self.position,
            random=random_states(),
            config=settings(self.config),
        )
        self.folder.checkpoints.begin(state, lambda folder: self._each_group("save_to", folder, "the checkpoint"))

    def resume(self) -> int:
        """Steps done: those of the newest valid checkpoint, loaded and synced to the engines, or 0."""
        if self.config.run.resume != "auto":
            return 0
        newest = self.folder.checkpoints.newest(self.identity)
        step = newest.state.step if newest is not None else 0
        self.folder.games.discard_after(step)  # steps of an attempt that saved nothing after them are done again
        self.folder.metrics.discard_after(step)
        if newest is None:
            return 0
        state = newest.state
        self._each_group("load_from", newest.path, "loading the checkpoint")
        self.manager.restore(state.manager)
        self.kl_ctl.value = state.kl_coef
        self.position = state.position
        restore_random_states(state.random)
        self.weights.resume_at(step)
        logger.info("resumed after step %d", step)
        return step

    def save_model(self) -> Path:
        """The policy as a Hugging Face folder."""
        self.deadline.results("saving the model", self.actor_model_group.async_save_model())
        return Path(self.args.ckpt.output_dir)

    def _each_group(self, method: str, folder: Path, phase: str) -> dict[str, int]:
        """Have every rank of the groups do it with its group's folder; returns the number of ranks by group."""
        groups = {"actor": self.actor_model_group, "critic": self.critic_model_group}
        refs = {
            name: group.async_run_method(method, str(folder.resolve() / name))
            for name, group in groups.items()
            if group is not None
        }
        self.deadline.results(phase, [ref for of_group in refs.values() for ref in of_group])
        return {name: len(of_group) for name, of_group in refs.items()}
