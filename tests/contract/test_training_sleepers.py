"""Engines and judges that sleep while the groups learn: whoever dies meanwhile costs a restart and hides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import RayActorError

from medical_team.backends import cpu
from medical_team.errors import EnginesLost, JudgeOutage, RunStopped, StallError
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


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def sleepers(loop: asyncio.Runner, engines: list[Sleeper], *judges: Sleeper, spare: tuple[Sleeper, ...] = ()) -> Any:
    """Around these engines and a judge; lost engines are replaced from ``spare``."""
    cpu.install()
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


def test_an_engine_that_dies_waking_up_is_started_anew(loop: asyncio.Runner):
    dying, new = Sleeper(), Sleeper()

    async def die() -> None:
        dying.fails = DEAD
        raise RayActorError()

    dying.wake_up.remote = die  # type: ignore[attr-defined]
    engines = [dying]
    with sleepers(loop, engines, spare=(new,)).awake():
        assert engines == [new]


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


def test_who_is_gone_when_it_is_to_sleep_is_left_to_the_next_look(loop: asyncio.Runner):
    other = Sleeper()
    with sleepers(loop, [Sleeper(sleep=RayActorError()), other]).awake():
        pass

    assert other.told[-1] == "sleep"


def test_who_does_not_go_to_sleep_keeps_its_gpu_and_ends_the_run(loop: asyncio.Runner):
    with (
        pytest.raises(StallError, match="engine 0: going to sleep took longer"),
        sleepers(loop, [Sleeper(sleep="hangs")]).awake(),
    ):
        pass


def test_without_sleep_nobody_is_told_anything(loop: asyncio.Runner):
    from medical_team.training.sleepers import Sleepers

    engine = Sleeper()
    supervisor = EngineSupervisor([engine], None, max_restarts=0)  # type: ignore[arg-type]
    with Sleepers(supervisor, [], loop, PATIENCE_S, sleep=False).awake():
        pass

    assert engine.told == []
