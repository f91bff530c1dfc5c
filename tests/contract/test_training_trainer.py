"""What the trainer decides between the groups and engines, which are stand-ins here."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import GetTimeoutError

from medical_team.backends import cpu
from medical_team.checkpoints import CheckpointStore, TrainerState, TurnJournal
from medical_team.checkpoints.receipt import leave_receipt
from medical_team.config import AdmissionConfig, GatesConfig, load_config
from medical_team.errors import (
    DiskFull,
    EngineError,
    HostLimit,
    JudgeOutage,
    QuarantineLimit,
    RolloutError,
    RunStopped,
    StallError,
    SyncError,
)
from medical_team.evaluation import kept_evaluation
from medical_team.judge.admission.watch import WatchedJudge
from medical_team.judge.rule import RuleJudge
from medical_team.manager.flight import GamesInFlight
from medical_team.metrics import MetricsWriter
from medical_team.records import GameRecorder
from medical_team.rollout.supervisor import EngineSupervisor
from medical_team.training.host_watch import HostWatch
from medical_team.training.judging import RunJudge
from medical_team.training.random_states import random_states
from medical_team.training.stopping import Part, Stop, TimeLimit
from medical_team.types import GameType, Role, Sample

pytestmark = pytest.mark.contract


SAMPLE = Sample(0, Role.ASSESSOR, GameType.VANILLA_BENIGN, (1, 2), (3,), 0.5, truncated=False)


class FakeGroup:
    """A group of one actor that remembers what it was asked and leaves receipts; its answers need no Ray."""

    def __init__(self, digest: tuple[int, int] = (1, 2)) -> None:
        self.asked: list[str] = []
        self._digest = digest

    def async_run_method(self, method_name: str, *args: Any, **_kwargs: Any) -> list[Any]:
        self.asked.append(method_name)
        if method_name == "save_to":
            Path(args[0]).mkdir()
            leave_receipt(Path(args[0]), 0, {})
        return [self._digest if method_name == "weights_digest" else {}]

    def async_run_method_batch(self, method_name: str, **_kwargs: Any) -> list[Any]:
        self.asked.append(method_name)
        return [None]

    def async_save_model(self) -> list[Any]:
        return [None]


class FakeEngine:
    """An engine whose calls return at once."""

    def __init__(self, digest: tuple[int, int] = (1, 2)) -> None:
        self.synced = 0
        self.weights_digest = SimpleNamespace(remote=lambda: digest)
        self.weights_synced = SimpleNamespace(remote=self._count)
        self.adopted: list[int] = []
        self.adopt_version = SimpleNamespace(remote=self._adopt)

    def _adopt(self, version: int) -> None:
        self.adopted.append(version)
        self.synced = version

    def _count(self) -> int:
        self.synced += 1
        return self.synced


async def no_restart(index: int) -> Any:
    raise AssertionError(f"engine {index} was started anew")


@pytest.fixture
def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A SelfPlayTrainer around stand-ins, without Ray."""
    cpu.install()
    from medical_team.training import trainer as module
    from medical_team.training.arguments import openrlhf_arguments
    from medical_team.training.sleepers import Sleepers
    from medical_team.training.waiting import Deadline
    from medical_team.training.watchdog import Watchdog
    from medical_team.training.weights import WeightSync

    monkeypatch.setattr("ray.get", lambda refs, timeout=None: refs)
    bare: Any = object.__new__(module.SelfPlayTrainer)
    bare.config = load_config(None, [f"run.dir={tmp_path}", "run.resume=auto", "train.critic_warmup_steps=2"])
    bare.args = openrlhf_arguments(bare.config, "cpu", "float32", tmp_path / "checkpoints")
    bare.actor_model_group, bare.critic_model_group = FakeGroup(), FakeGroup()
    bare.vllm_engines = [FakeEngine(), FakeEngine()]
    bare.deadline = Deadline(60)
    bare.watchdog = Watchdog(GamesInFlight(), 60, tmp_path)
    bare.host = HostWatch(tmp_path, 0, 1)
    bare.host_metrics = {}
    bare.kl_ctl = SimpleNamespace(value=0.0)
    bare.identity = {"run.seed": 17}
    bare.restored = []
    bare.manager = SimpleNamespace(
        restore=bare.restored.append, state=lambda: {"deck": 5}, check_quarantine=lambda: None
    )
    bare.cluster = SimpleNamespace(digests_compare=True, engines=bare.vllm_engines, actor=bare.actor_model_group)
    bare.engines = EngineSupervisor([], no_restart, max_restarts=0)
    bare.stop = Stop(TimeLimit(None, 0), tmp_path / "stop")
    bare.judge = RunJudge(WatchedJudge(RuleJudge(GatesConfig()), RuleJudge(GatesConfig()), AdmissionConfig()))
    bare.folder = module.Folder(
        GameRecorder(tmp_path / "games"),
        MetricsWriter(tmp_path),
        CheckpointStore(tmp_path / "checkpoints", 2),
        TurnJournal(tmp_path / "journal"),
    )
    bare.position = "start"
    with asyncio.Runner() as bare.loop:
        bare.weights = WeightSync(bare.cluster, bare.engines, bare.broadcast_to_vllm, bare.loop, bare.deadline)
        bare.sleepers = Sleepers(bare.engines, [], bare.loop, 60, sleep=False)
        yield bare


def hurry(trainer: Any, broadcast: Any = None) -> None:
    """Deadlines of 50 ms."""
    from medical_team.training.waiting import Deadline
    from medical_team.training.weights import WeightSync

    trainer.deadline = Deadline(0.05)
    trainer.weights = WeightSync(
        trainer.cluster, trainer.engines, broadcast or trainer.broadcast_to_vllm, trainer.loop, trainer.deadline
    )


@pytest.mark.parametrize(("step", "learns"), [(1, False), (2, False), (3, True)])
def test_the_actor_is_given_samples_only_when_it_learns_from_them(trainer: Any, step: int, learns: bool):
    """Its buffer is emptied by learning: samples given before would be learnt from later, and be stale."""
    trainer.learn([], step)

    assert trainer.critic_model_group.asked == ["append", "fit"]
    assert trainer.actor_model_group.asked == (["append", "fit"] if learns else [])


def test_a_run_that_saved_nothing_starts_over(trainer: Any):
    for step in (1, 2):
        trainer.folder.metrics.write(step, {"loss": 1.0})
        trainer.folder.games.flush(step)

    assert trainer.resume() == 0
    assert trainer.folder.metrics.read() == []
    assert trainer.restored == []


def test_a_resumed_run_goes_on_after_its_checkpoint(trainer: Any):
    trainer.folder.checkpoints.save(
        TrainerState(2, {"deck": 9}, 0.25, {"run.seed": 17}, position="p", random=random_states()), lambda folder: None
    )
    for step in (1, 2, 3):
        trainer.folder.metrics.write(step, {"loss": 1.0})

    assert trainer.resume() == 2
    assert [line["step"] for line in trainer.folder.metrics.read()] == [1, 2]
    assert trainer.restored == [{"deck": 9}] and trainer.kl_ctl.value == 0.25
    assert trainer.actor_model_group.asked[0] == trainer.critic_model_group.asked[0] == "load_from"
    assert "broadcast_to_vllm" in trainer.actor_model_group.asked
    assert [engine.synced for engine in trainer.vllm_engines] == [2, 2]
    assert [engine.adopted for engine in trainer.vllm_engines] == [[1], [1]]
    assert trainer.weights.version == 2
    assert trainer.position == "p"


def test_engines_that_came_back_are_taken_in_before_the_next_sync(trainer: Any):
    """They had their weights alone, and on a GPU a sync is a call of one group of ranks."""
    trainer.weights.sync()
    trainer.engines._restarts = 2
    trainer.weights.sync()
    trainer.weights.sync()

    asked = [name for name in trainer.actor_model_group.asked if name != "weights_digest"]
    assert asked == ["broadcast_to_vllm", "open_sync_group", "broadcast_to_vllm", "broadcast_to_vllm"]


def test_an_engine_that_holds_other_weights_stops_the_run(trainer: Any):
    trainer.vllm_engines[1] = FakeEngine(digest=(1, 3))

    with pytest.raises(SyncError, match="engine 1 does not hold the trainer's weights"):
        trainer.weights.sync()


def test_an_engine_that_missed_a_sync_stops_the_run(trainer: Any):
    trainer.weights.sync()
    trainer.vllm_engines[1].synced -= 1

    with pytest.raises(SyncError, match="engine 1 counts 1 weight syncs, the trainer 2"):
        trainer.weights.sync()


def test_a_full_host_keeps_what_was_learnt(trainer: Any):
    trainer.loop, trainer.manager = asyncio.Runner(), StoppingManager()
    trainer.host = HostWatch(trainer.config.run_dir.parent, 1e9, 1)

    with trainer.loop, pytest.raises(HostLimit, match=r"run\.min_free_gb"):
        trainer.play(5)

    assert trainer.manager.dealt == 0
    assert trainer.folder.checkpoints.steps() == [4]


def test_a_rollout_that_moves_nothing_is_ended_and_saved(trainer: Any, tmp_path: Path):
    trainer.loop, trainer.manager = asyncio.Runner(), StoppingManager(collect=StallError("the rollout has stalled"))

    with trainer.loop, pytest.raises(StallError):
        trainer.play(5)

    assert trainer.folder.checkpoints.steps() == [4]


def test_what_cannot_be_saved_does_not_hide_why_the_run_ends(trainer: Any, caplog: pytest.LogCaptureFixture):
    def fails(*_args: Any, **_kwargs: Any) -> None:
        raise DiskFull("no room")

    trainer.loop, trainer.manager = asyncio.Runner(), StoppingManager(collect=StallError("the rollout has stalled"))
    trainer.save = fails

    with trainer.loop, pytest.raises(StallError):
        trainer.play(5)

    assert "step 4 could not be saved (no room)" in caplog.text


def test_a_checkpoint_has_a_part_of_every_group(trainer: Any):
    trainer.save(4)
    trainer.folder.checkpoints.finish()

    assert trainer.folder.checkpoints.steps() == [4]
    assert trainer.actor_model_group.asked == trainer.critic_model_group.asked == ["save_to"]


class StoppingManager:
    """Deals on with every collect, and then stops the run, or not."""

    def __init__(self, *, collect: Exception | None = None, check: Exception | None = None) -> None:
        self.dealt = 0
        self._collect, self._check = collect, check

    def state(self) -> dict[str, int]:
        return {"dealt": self.dealt}

    async def collect(self, count: int) -> str:
        self.dealt += count
        if self._collect is not None:
            raise self._collect
        return "collected"

    def check_quarantine(self) -> None:
        if self._check is not None:
            raise self._check


OUTAGE, LIMIT = JudgeOutage("http://localhost:8000 is away"), QuarantineLimit("the judge contradicts in 30 of 40")
TOO_FEW = RolloutError("4 of 6 samples are missing")


@pytest.mark.parametrize("stops", [{"collect": OUTAGE}, {"check": LIMIT}, {"collect": TOO_FEW}])
def test_a_run_that_stops_while_it_plays_saves_what_was_before_the_step(trainer: Any, stops: dict[str, Exception]):
    trainer.loop, trainer.manager = asyncio.Runner(), StoppingManager(**stops)
    trainer.manager.dealt = 7

    with trainer.loop, pytest.raises(type(*stops.values())):
        trainer.play(5)

    state = trainer.folder.checkpoints.newest(trainer.identity).state
    assert (state.step, state.manager) == (4, {"dealt": 7})
    assert trainer.actor_model_group.asked == trainer.critic_model_group.asked == ["save_to"]


@pytest.mark.parametrize("step", [1, 5])
def test_nothing_is_saved_where_nothing_was_learnt_or_it_is_saved_already(trainer: Any, step: int):
    trainer.loop, trainer.manager = asyncio.Runner(), StoppingManager(check=LIMIT)
    trainer.folder.checkpoints.save(TrainerState(4, {"dealt": 3}, 0.0, trainer.identity), lambda folder: None)

    with trainer.loop, pytest.raises(QuarantineLimit):
        trainer.play(step)

    assert trainer.actor_model_group.asked == []
    assert trainer.folder.checkpoints.steps() == [4]


def test_the_games_of_a_step_that_is_stopped_by_its_quarantine_can_be_looked_at(trainer: Any, tmp_path: Path):
    trainer.loop, trainer.manager = asyncio.Runner(), StoppingManager(check=LIMIT)

    with trainer.loop, pytest.raises(QuarantineLimit):
        trainer.play(3)

    assert (tmp_path / "games" / "step-000003.parquet").exists()


class PatientManager(StoppingManager):
    """Its games go on until somebody cancels them."""

    async def collect(self, count: int) -> str:
        self.dealt += count
        os.kill(os.getpid(), signal.SIGUSR1)
        await asyncio.Event().wait()
        return "collected"


@pytest.fixture
def listening(trainer: Any) -> Iterator[Any]:
    trainer.stop.listen()
    with trainer.stop.only_at_safe_points():
        yield trainer
    trainer.stop.close()


def test_a_signal_in_the_middle_of_the_games_saves_what_was_before_them(listening: Any):
    listening.loop, listening.manager = asyncio.Runner(), PatientManager()
    listening.manager.dealt = 7

    with listening.loop, pytest.raises(RunStopped, match="SIGUSR1"):
        listening.play(5)

    state = listening.folder.checkpoints.newest(listening.identity).state
    assert (state.step, state.manager) == (4, {"dealt": 7})


def test_signals_do_not_break_a_save(listening: Any):
    write = listening.actor_model_group.async_run_method

    def write_under_signals(*args: Any) -> list[Any]:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGUSR1)
        return write(*args)

    listening.actor_model_group.async_run_method = write_under_signals
    listening.save(4)
    listening.folder.checkpoints.finish()

    assert listening.folder.checkpoints.steps() == [4]
    with pytest.raises(RunStopped, match="SIGTERM"):
        listening.stop.check()


def test_a_step_that_would_not_end_in_time_is_not_begun(trainer: Any):
    trainer.loop, trainer.manager = asyncio.Runner(), StoppingManager()
    trainer.stop.limit = TimeLimit(100, 0, now=lambda: 50)
    trainer.stop.limit.took(Part.LEARN, 60)

    with trainer.loop, pytest.raises(RunStopped, match="too near for play and learn and a save"):
        trainer.play(5)

    assert trainer.manager.dealt == 0
    assert trainer.folder.checkpoints.steps() == [4]


def test_a_step_leaves_how_long_its_parts_take(trainer: Any):
    """A save counts until it is written, although training goes on meanwhile."""
    taken: dict[Part, float] = {}
    trainer.stop.limit = SimpleNamespace(took=taken.__setitem__)
    trainer.remember_pace({"rollout": 10, "experience": 2, "train": 3, "sync": 1})
    assert taken == {Part.PLAY: 10, Part.LEARN: 6, Part.SAVE: 0}

    trainer.save(4)
    trainer.folder.checkpoints.finish()
    trainer.remember_pace({"rollout": 1})

    assert taken[Part.SAVE] > 0


def test_another_error_leaves_no_checkpoint(trainer: Any):
    trainer.loop, trainer.manager = asyncio.Runner(), StoppingManager(collect=KeyError("a bug"))

    with trainer.loop, pytest.raises(KeyError):
        trainer.play(5)

    assert trainer.folder.checkpoints.steps() == []


def evaluating(trainer: Any, evaluate: Any) -> None:
    """The trainer after a step that nobody has saved."""
    trainer.manager, trainer.evaluate = StoppingManager(), evaluate
    trainer.manager.dealt = 7


def test_an_evaluation_within_the_run_is_shown_and_its_time_is_known(trainer: Any, tmp_path: Path):
    async def evaluate(step: int) -> dict[str, float]:
        return {"evaluation/notes": float(step)}

    taken: list[Part] = []
    evaluating(trainer, evaluate)
    trainer.stop.limit.took = lambda part, seconds: taken.append(part)
    trainer.examine(5)

    assert taken == [Part.EVALUATE]
    assert list((tmp_path / "tensorboard").iterdir())
    assert trainer.folder.checkpoints.steps() == []


def test_an_evaluation_that_gets_no_answer_costs_the_run_nothing(trainer: Any, caplog: pytest.LogCaptureFixture):
    async def evaluate(step: int) -> dict[str, float]:
        raise EngineError("no answer at the second attempt")

    evaluating(trainer, evaluate)
    trainer.examine(5)

    assert "step 5 is not evaluated: no answer at the second attempt" in caplog.text


def test_a_signal_in_an_evaluation_saves_the_step_before_it(listening: Any):
    async def evaluate(step: int) -> dict[str, float]:
        os.kill(os.getpid(), signal.SIGUSR1)
        await asyncio.Event().wait()
        return {}

    evaluating(listening, evaluate)
    with pytest.raises(RunStopped, match="SIGUSR1"):
        listening.examine(5)

    state = listening.folder.checkpoints.newest(listening.identity).state
    assert (state.step, state.manager) == (5, {"dealt": 7})


@pytest.mark.parametrize("kept", [False, True])
def test_an_evaluation_that_a_stop_prevented_is_made_by_the_resumed_run(trainer: Any, tmp_path: Path, kept: bool):
    examined: list[int] = []

    async def evaluate(step: int) -> dict[str, float]:
        examined.append(step)
        return {}

    evaluating(trainer, evaluate)
    trainer.config = load_config(None, [f"run.dir={tmp_path}", "run.name=x", "evaluation.every=2", "train.steps=4"])
    trainer.resume = lambda: 2
    trainer.play = lambda step: (_ for _ in ()).throw(RunStopped("enough"))
    trainer.config.run_dir.mkdir()
    if kept:
        kept_evaluation(trainer.config.run_dir, 2).touch()

    with pytest.raises(RunStopped, match="enough"):
        trainer.fit()

    assert examined == ([] if kept else [2])


def test_a_signal_while_canaries_are_asked_stops_the_run(listening: Any):
    async def look(step: int) -> dict[str, float]:
        os.kill(os.getpid(), signal.SIGUSR1)
        await asyncio.Event().wait()
        return {}

    listening.manager, listening.judge.look = StoppingManager(), look
    with pytest.raises(RunStopped, match="SIGUSR1"):
        listening.play(5)

    assert listening.folder.checkpoints.steps() == [4]


@pytest.mark.parametrize(("every", "steps"), [(0, []), (5, [5, 10]), (6, [6])])
def test_evaluations_are_due_now_and_then_and_not_at_the_end(trainer: Any, every: int, steps: list[int]):
    trainer.config = load_config(None, [f"evaluation.every={every}", "train.steps=12"])

    assert [step for step in range(1, 13) if trainer.is_evaluated(step)] == steps


@pytest.mark.parametrize(("every", "steps"), [(0, [12]), (5, [5, 10, 12])])
def test_checkpoints_are_due_now_and_then_and_at_the_end(trainer: Any, every: int, steps: list[int]):
    trainer.config = load_config(None, [f"checkpoint.every={every}", "train.steps=12"])

    assert [step for step in range(1, 13) if trainer.is_due(step)] == steps


def test_the_judge_is_looked_at_before_a_step_is_played(trainer: Any):
    """Games of a step are not audited by a judge that is found out after them."""
    order: list[str] = []

    async def look(step: int) -> dict[str, float]:
        order.append(f"look {step}")
        return {"judge/set_aside": 0.0}

    async def collect(count: int) -> str:
        order.append("collect")
        return "samples"

    trainer.judge.look, trainer.manager.collect = look, collect
    trainer.loop = asyncio.Runner()

    assert trainer.play(3) == "samples"
    assert order == ["look 3", "collect"]
    assert trainer.judge_metrics == {"judge/set_aside": 0.0}


def test_a_judge_that_is_set_aside_is_in_the_checkpoint(trainer: Any):
    trainer.judge.restore({"set_aside": "rule-2"})
    trainer.save(4)
    trainer.folder.checkpoints.finish()

    assert trainer.folder.checkpoints.newest(trainer.identity).state.judge == {"set_aside": "rule-2"}


@pytest.fixture
def blocks() -> Iterator[Any]:
    """An upstream call that waits for an actor that does not answer."""
    event = threading.Event()
    yield lambda *_args, **_kwargs: event.wait()
    event.set()


@pytest.mark.parametrize(
    ("phase", "step"),
    [
        ("the forward passes", lambda trainer: trainer.prepare((SAMPLE,) * 6)),
        ("the update", lambda trainer: trainer.learn([], 3)),
        ("the weight sync", lambda trainer: trainer.weights.sync()),
    ],
)
def test_a_phase_that_upstream_waits_in_for_ever_ends_the_run(trainer: Any, blocks: Any, phase: str, step: Any):
    hurry(trainer, broadcast=blocks)
    trainer.experience_maker = SimpleNamespace(make_experience_batch=blocks)
    trainer.ppo_train = blocks

    with pytest.raises(StallError, match=f"^{phase} took longer than"):
        step(trainer)


@pytest.mark.parametrize(
    ("phase", "step"),
    [
        ("handing out the samples", lambda trainer: trainer.learn([], 3)),
        ("the weight sync", lambda trainer: trainer.weights.sync()),
        ("summing the trainer's weights", lambda trainer: trainer.weights.verify()),
        ("saving the model", lambda trainer: trainer.save_model()),
        ("the checkpoint", lambda trainer: trainer.save(4)),
    ],
)
def test_what_the_trainer_itself_waits_for_has_the_same_deadline(
    trainer: Any, monkeypatch: pytest.MonkeyPatch, phase: str, step: Any
):
    hurry(trainer)

    def late(refs: list[Any], timeout: float | None = None) -> Any:
        if timeout is not None:  # upstream's waits have none
            raise GetTimeoutError("get timed out")

    monkeypatch.setattr("ray.get", late)

    with pytest.raises(StallError, match=f"^{phase} took longer than"):
        step(trainer)
    assert trainer.folder.checkpoints.steps() == []
