"""One training run from its configuration to the folder it leaves. Wires the rooms together; decides nothing.

Called by ``launch/train_ppo_ray.py`` and the demo.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from medical_team.backends import BACKEND_VARIABLE, Backend, prepare, resolve
from medical_team.checkpoints import JournaledEngine, TurnJournal
from medical_team.checkpoints.journal import FOLDER as JOURNAL_FOLDER
from medical_team.config import Config, to_yaml
from medical_team.data.dataset import load_notes
from medical_team.data.deck import Deck
from medical_team.evaluation import Evaluation, evaluate_assessor, gap_warning, kept_evaluation, reward_gap
from medical_team.judge import BatchedJudge, Judge
from medical_team.judge.opening import open_judge
from medical_team.manager import MedicalGameManager
from medical_team.metrics import METRICS, MetricsWriter, read_metrics
from medical_team.planning.placement import placement_plan
from medical_team.records import GameRecorder, Provenance
from medical_team.rollout.supervisor import EngineSupervisor
from medical_team.training.critic import first_layers
from medical_team.training.identity import checkpoint_store, identity, newest_checkpoint
from medical_team.training.judging import admit_to_run, is_put_to_admission, open_run_judge
from medical_team.training.model_folder import load_tokenizer
from medical_team.training.notes import check_notes_for, whole_pairs
from medical_team.training.own_cluster import guard_own_cluster
from medical_team.training.preflight import check_configuration, check_prompts_fit
from medical_team.training.stopping import stop_of
from medical_team.training.versions import versions
from medical_team.types import Note, Role

if TYPE_CHECKING:
    from medical_team.rollout.engines import EnginePool
    from medical_team.training.trainer import SelfPlayTrainer

logger = logging.getLogger(__name__)

T = TypeVar("T")

OnStep = Callable[[int, dict[str, float]], None]
OnPhase = Callable[[str], None]


def _silent(*_args: object) -> None:
    """Nobody watches."""


class TrainingRun:
    """A run, step by step for whoever watches: ``with TrainingRun(config) as run: run.train()``."""

    def __init__(self, config: Config, on_step: OnStep = _silent, on_phase: OnPhase = _silent) -> None:
        """Check everything, start the cluster and load the models.

        Raises:
            UserError: Something is wrong with the input; no engine was started.
            JudgeNotAdmitted: The judge does not know enough; no step was taken.
        """
        check_configuration(config)
        self.config = config
        self._on_phase = on_phase
        on_phase("reading the notes")
        self.notes = load_notes(config.data, config.run.seed)
        check_notes_for(config, self.notes)
        # One that is damaged or of another run is refused before anything starts.
        self._checkpoints = checkpoint_store(config)
        self._newest = newest_checkpoint(config, self._checkpoints, self.notes)
        self.stop = stop_of(config)
        self.loop = asyncio.Runner()
        self._until_the_end = AsyncExitStack()
        self._closed = False
        self._ray = ExitStack()  # left after all else: a save under way needs its actors
        with ExitStack() as undo:  # whoever makes a run cannot leave it before it is made
            undo.callback(self.close)
            self.stop.listen()
            self.trainer = self._build(resolve(config.cluster.backend), on_step)
            self.trainer.watchdog.listen()
            self._until_the_end.callback(self.trainer.watchdog.close)
            self._admit_judge()
            undo.pop_all()

    def __enter__(self) -> TrainingRun:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the judge, the metrics and the cluster, as far as they are there; once."""
        if self._closed:
            return
        self._closed = True
        with self.stop.only_at_safe_points(), ExitStack() as last:
            last.callback(self.stop.close)
            last.callback(self._ray.close)
            last.callback(self.loop.close)
            self.loop.run(self._until_the_end.aclose())

    def train(self) -> Path:
        """All steps that are left; returns the folder of the trained model."""
        with self.stop.only_at_safe_points():
            self._on_phase("training")
            with self.trainer.watchdog.writing_down():
                self.trainer.fit()
            self._on_phase("saving the model")
            return self.trainer.save_model()

    def evaluate(self, when: str) -> Evaluation:
        """The assessor, greedy, on whole twin pairs of the held-out notes; kept as ``evaluation-<when>.json``."""
        with self.trainer.sleepers.awake():
            return self.loop.run(self._evaluation(when))

    async def _evaluation(self, when: str | int) -> Evaluation:
        from medical_team.rollout.engines import Sampling

        config = self.config
        sampling = Sampling(config.rollout.max_new_tokens, config.evaluation.temperature)
        engine = self.pools[Role.ASSESSOR].drawing(sampling)
        notes = whole_pairs(self.notes.held_out, config.evaluation.notes)
        # Not within the run: each note takes as many answers as there are injections.
        injected = self.notes.held_out[: config.evaluation.injections] if isinstance(when, str) else ()
        concurrency, explain = config.rollout.concurrency, config.judge.explanations
        evaluation = await evaluate_assessor(notes, engine, concurrency, config.run.seed, explain, injected)
        evaluation = self._beside_training(evaluation)
        kept_evaluation(config.run_dir, when).write_text(json.dumps(evaluation.metrics(), indent=1))
        return evaluation

    def _beside_training(self, evaluation: Evaluation) -> Evaluation:
        """With the gap to what the games of the newest steps were worth; a large one is warned of."""
        gap = reward_gap(read_metrics(self.config.run_dir / METRICS), evaluation.answers)
        warning = None if gap is None else gap_warning(gap)
        if warning:
            logger.warning(warning)
        return replace(evaluation, reward_gap=gap)

    async def _evaluate_within(self, step: int) -> dict[str, float]:
        return (await self._evaluation(step)).metrics()

    def _build(self, backend: Backend, on_step: OnStep) -> SelfPlayTrainer:
        import os

        os.environ[BACKEND_VARIABLE] = backend
        guard_own_cluster(self.config)
        prepare()
        from openrlhf.utils import get_strategy

        from medical_team.rollout.engines import ChatTemplate
        from medical_team.rollout.judge_engine import DEFAULT_MODEL, guarded_prompt
        from medical_team.training import connection
        from medical_team.training.arguments import critic_folder, openrlhf_arguments
        from medical_team.training.cluster import Cluster
        from medical_team.training.revival import Revival
        from medical_team.training.trainer import Folder, SelfPlayTrainer

        _quieten_upstream()
        config = self.config
        tokenizer = load_tokenizer("model.path", config.model.path, config.model.trust_remote_code)
        template = ChatTemplate(tokenizer, config.model.max_length - config.rollout.max_new_tokens)
        check_prompts_fit(self.notes.train + self.notes.held_out, template.count, config)
        if "vllm" in config.judge_names:  # what is wrong with its template is said here, not by an actor that dies
            guarded_prompt(config.judge.model or DEFAULT_MODEL, config.judge.llm.trust_remote_code)
        dtype = resolve_dtype(config, backend)
        started: dict[str, Judge] = self._remote_judge()
        self._on_phase("starting Ray and loading the models")
        self._ray.callback(connection.leave)
        connection.connect(config, backend, placement_plan(config))
        self.stop.listen()
        folder = self._open_folder(Folder, dtype)
        if config.uses_critic and config.model.critic_layers:
            first_layers(Path(config.model.path), config.model.critic_layers, critic_folder(config))
        arguments = openrlhf_arguments(config, backend, dtype, config.run_dir / "checkpoints")
        strategy = get_strategy(arguments)
        cluster = Cluster(config, backend, dtype, self.notes.train)
        self._ray.callback(cluster.close)
        cluster.load(arguments, strategy, optimizer_steps(config))
        revival = Revival(cluster, lambda: self.trainer.weights.version, config.cluster.start_timeout_s)
        engines = EngineSupervisor(cluster.engines, revival, config.cluster.max_engine_restarts)
        self.pools = self._pools(cluster, engines, template)
        judge = self._open(open_run_judge(config, started | cluster.judges, self.notes.train))
        manager = build_manager(config, self.notes.train, self._journaled(folder.journal), judge, folder.games)
        return SelfPlayTrainer(
            config,
            strategy,
            cluster,
            tokenizer,
            engines,
            manager,
            judge,
            folder,
            identity(config, self.notes),
            self.loop,
            self.stop,
            on_step,
            evaluate=self._evaluate_within,
        )

    def _remote_judge(self) -> dict[str, Judge]:
        """A judge behind HTTP, which is looked for before an engine starts; none where none is configured."""
        if "http" not in self.config.judge_names:
            return {}
        self._on_phase("looking for the judge")
        return {"http": self._open(open_judge(("http",), self.config.judge, self.config.game.gates))}

    def _open(self, context: AbstractAsyncContextManager[T]) -> T:
        """Enter the context in the run's event loop; it is left with the run."""
        return self.loop.run(self._until_the_end.enter_async_context(context))

    def _admit_judge(self) -> None:
        """Before the first step and before any evaluation; a judge that this run has set aside stays aside."""
        trainer, notes = self.trainer, self.notes.train + self.notes.held_out
        if self._newest is not None:
            trainer.judge.restore(self._newest.state.judge)
        watched = trainer.judge.watched
        if is_put_to_admission(self.config):
            self._on_phase("asking the judge what is known")
            with trainer.sleepers.awake():
                self.loop.run(admit_to_run(self.config, watched, notes, self.config.run_dir))

    def _pools(self, cluster: Any, engines: EngineSupervisor, template: Any) -> dict[Role, EnginePool]:
        from medical_team.rollout.engines import EnginePool, Patience, Sampling

        rollout = self.config.rollout
        sampling = Sampling(rollout.max_new_tokens, rollout.temperature, rollout.top_p, logprobs=0)
        patience = Patience(rollout.deadline_s, rollout.silence_s)
        pools = [EnginePool(engines, members, template, sampling, patience) for members in cluster.pools]
        return {Role.ATTACKER: pools[0], Role.ASSESSOR: pools[-1]}

    def _journaled(self, journal: TurnJournal) -> dict[Role, JournaledEngine]:
        """The pools as the manager has them: what a broken-off step was answered is not sampled again."""
        rollout = self.config.rollout
        sampling = f"{rollout.max_new_tokens}/{rollout.temperature}/{rollout.top_p}/{self.config.model.max_length}"
        return {role: JournaledEngine(pool, journal, sampling) for role, pool in self.pools.items()}

    def _open_folder(self, folder: Any, dtype: str) -> Any:
        config = self.config
        config.run_dir.mkdir(parents=True, exist_ok=True)
        (config.run_dir / "config.yaml").write_text(to_yaml(config))
        (config.run_dir / "versions.json").write_text(json.dumps(versions() | {"dtype": dtype}, indent=1))
        metrics = MetricsWriter(config.run_dir)
        journal = TurnJournal(config.run_dir / JOURNAL_FOLDER)
        for left in (metrics, journal, self._checkpoints):
            self._until_the_end.callback(left.close)
        return folder(
            games=GameRecorder(config.run_dir / "games", Provenance(config.run.name, config.data.description)),
            metrics=metrics,
            checkpoints=self._checkpoints,
            journal=journal,
        )


def _quieten_upstream() -> None:
    """Upstream's modules log each step on handlers of their own; warnings still come through."""
    for name in list(logging.Logger.manager.loggerDict):
        if name.startswith("openrlhf"):
            logging.getLogger(name).setLevel(logging.WARNING)


def build_manager(
    config: Config, notes: tuple[Note, ...], pools: Any, judge: Any, recorder: GameRecorder
) -> MedicalGameManager:
    """The manager over the run's deck, engines and judge."""
    audits = BatchedJudge(
        judge,
        batch_size=config.judge.batch_size,
        max_wait_s=config.judge.max_wait_s,
        deadline_s=config.judge.deadline_s,
    )
    return MedicalGameManager(
        Deck(notes, config.game.mix, config.run.seed),
        pools,
        audits,
        mix=config.game.mix,
        gates=config.game.gates,
        rewards=config.rewards,
        concurrency=config.rollout.concurrency,
        max_deals_factor=config.rollout.max_deals_factor,
        deals_ahead=config.rollout.deals_ahead,
        explanations=config.judge.explanations,
        max_quarantine=config.judge.max_quarantine,
        max_untold=config.judge.max_untold,
        record=recorder.append,
    )


def optimizer_steps(config: Config) -> dict[str, int]:
    """Of the whole run, by group: what its learning rates are scheduled over. A warm-up is the critic's alone."""
    train = config.train
    a_step = train.epochs * config.samples_per_step // config.train_batch_size
    return {"actor": max(1, train.steps - train.critic_warmup_steps) * a_step, "critic": train.steps * a_step}


def resolve_dtype(config: Config, backend: Backend) -> str:
    """What the model computes in: as configured, or what the hardware multiplies fast."""
    if config.model.dtype != "auto":
        return config.model.dtype
    if backend == "gpu":
        return "bfloat16"
    from medical_team.backends.cpu import compute_dtype

    return compute_dtype()
