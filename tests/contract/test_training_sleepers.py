"""Engines and judges that sleep while the groups learn: whoever dies meanwhile costs a restart and hides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import RayActorError, RayError

from medical_team.backends import cpu
from medical_team.errors import EnginesLost, JudgeOutage, RunStopped
from medical_team.judge.actor import RestartingJudge
from medical_team.rollout.supervisor import EngineSupervisor

pytestmark = pytest.mark.contract

PATIENCE_S = 0.05


class Sleeper:
    """The actor of an engine or a judge: ``told`` what it was told, ``fails`` what it then raises, or "hangs"."""

    def __init__(self, **fails: Any) -> None:
        self.told: list[str] = []
        self.fails = fails
        for name in ("ready", "alive", "wake_up", "sleep"):
            setattr(self, name, SimpleNamespace(remote=lambda name=name: self._hear(name)))

    async def _hear(self, name: str) -> str:
        if (failure := self.fails.get(name)) == "hangs":
            await asyncio.Event().wait()
        elif failure is not None:
            raise failure
        self.told.append(name)
        return "judge-1"


class RuntimeFailure(RayError):
    """What Ray makes of an error that the actor itself raised."""


class Processes:
    """``judge.actor.Process``: hands out these actors one after the other."""

    def __init__(self, *actors: Sleeper) -> None:
        self._actors = iter(actors)

    def start(self) -> Sleeper:
        return next(self._actors)

    async def end(self, handle: Sleeper) -> None:
        handle.told.append("end")

    def is_lost(self, error: Exception) -> bool:
        return isinstance(error, RayActorError)


DEAD = {"ready": RayActorError(), "alive": RayActorError(), "wake_up": RayActorError(), "sleep": RayActorError()}


@pytest.fixture(autouse=True)
def ended(monkeypatch: pytest.MonkeyPatch) -> list[Sleeper]:
    """Engines whose processes were ended; they answer nothing any more."""
    cpu.install()
    from medical_team.training import sleepers as module

    engines: list[Sleeper] = []

    async def end(engine: Sleeper) -> None:
        engine.fails = DEAD
        engines.append(engine)

    monkeypatch.setattr(module, "end", end)
    return engines


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def sleepers(loop: asyncio.Runner, engines: list[Sleeper], *judges: Sleeper, spare: tuple[Sleeper, ...] = ()) -> Any:
    """Around these engines and a judge; lost engines are replaced from ``spare``."""
    from medical_team.training.sleepers import Sleepers

    others = iter(spare)

    async def restart(index: int) -> Sleeper:
        return next(others)

    supervisor = EngineSupervisor(engines, restart, max_restarts=len(spare))
    process = Processes(*judges)
    remote = [RestartingJudge("vllm", process, max_restarts=len(judges) - 1, start_timeout_s=60)] if judges else []
    return Sleepers(supervisor, remote, loop, PATIENCE_S, sleep=True)


def test_they_are_awake_inside_and_asleep_outside(loop: asyncio.Runner):
    engine, judge = Sleeper(), Sleeper()
    with sleepers(loop, [engine], judge).awake():
        assert engine.told == ["ready", "wake_up"] and judge.told == ["wake_up"]

    assert engine.told[-1] == judge.told[-1] == "sleep"


def test_who_dies_asleep_is_started_anew_awake(loop: asyncio.Runner):
    new_engine, new_judge = Sleeper(), Sleeper()
    engines = [Sleeper(**DEAD)]
    with sleepers(loop, engines, Sleeper(**DEAD), new_judge, spare=(new_engine,)).awake():
        assert engines == [new_engine] and "wake_up" in new_engine.told
        assert new_judge.told == ["ready"]

    assert new_engine.told[-1] == new_judge.told[-1] == "sleep"


@pytest.mark.parametrize("fails", [RayActorError(), RuntimeFailure(), "hangs"], ids=["dies", "fails", "hangs"])
def test_who_does_not_wake_up_is_started_anew(loop: asyncio.Runner, ended: list[Sleeper], fails: Any):
    asleep, new, new_judge = Sleeper(wake_up=fails), Sleeper(), Sleeper()
    engines = [asleep, Sleeper()]
    with sleepers(loop, engines, Sleeper(wake_up=fails), new_judge, spare=(new,)).awake():
        assert engines[0] is new and ended == [asleep]
        assert new_judge.told == ["ready"]


def test_a_judge_is_loaded_before_engines_wake_up(loop: asyncio.Runner):
    """An engine that loads takes what is in use on its GPU for its own."""
    engine, new_judge = Sleeper(), Sleeper()
    told_engine: list[str] = []
    new_judge.ready.remote = lambda: loaded(told_engine.extend(engine.told))  # type: ignore[attr-defined]

    async def loaded(_nothing: None) -> str:
        return "judge-1"

    with sleepers(loop, [engine], Sleeper(**DEAD), new_judge).awake():
        assert "wake_up" in engine.told and "wake_up" not in told_engine


def test_too_many_losses_end_the_run_by_name(loop: asyncio.Runner):
    with pytest.raises(EnginesLost), sleepers(loop, [Sleeper(**DEAD)]).awake():
        pass
    with pytest.raises(JudgeOutage), sleepers(loop, [Sleeper()], Sleeper(**DEAD)).awake():
        pass


@pytest.mark.parametrize("ends", [RunStopped("SIGUSR1"), EnginesLost("all"), JudgeOutage("away"), KeyError("a bug")])
@pytest.mark.parametrize("fails", [RayActorError(), "hangs"], ids=["gone", "hangs"])
def test_why_a_run_ends_is_not_hidden_by_who_does_not_sleep(loop: asyncio.Runner, ends: Exception, fails: Any):
    engine, other = Sleeper(sleep=fails), Sleeper()
    with pytest.raises(type(ends)), sleepers(loop, [engine, other], Sleeper(sleep=fails)).awake():
        raise ends

    assert other.told[-1] == "sleep"


@pytest.mark.parametrize("fails", [RayActorError(), RuntimeFailure(), "hangs"], ids=["gone", "fails", "hangs"])
def test_who_does_not_go_to_sleep_gives_its_gpu_back(loop: asyncio.Runner, ended: list[Sleeper], fails: Any):
    engine, judge, other = Sleeper(sleep=fails), Sleeper(sleep=fails), Sleeper()
    with sleepers(loop, [engine, other], judge).awake():
        pass

    assert ended == [engine] and judge.told[-1] == "end"
    assert other.told[-1] == "sleep"


def test_without_sleep_nobody_is_told_anything(loop: asyncio.Runner):
    from medical_team.training.sleepers import Sleepers

    engine = Sleeper()
    supervisor = EngineSupervisor([engine], None, max_restarts=0)  # type: ignore[arg-type]
    with Sleepers(supervisor, [], loop, PATIENCE_S, sleep=False).awake():
        pass

    assert engine.told == []
