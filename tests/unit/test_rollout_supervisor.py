"""Who serves, who is lost, and when a lost engine serves again. Handles are plain strings here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from medical_team.errors import EnginesLost
from medical_team.rollout.supervisor import EngineSupervisor


class Workshop:
    """Restarts engines when it is told to; ``fails`` times it cannot."""

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.started: list[int] = []
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, index: int) -> Any:
        self.started.append(index)
        await self.open.wait()
        if len(self.started) <= self.fails:
            raise OSError("no room")
        return f"engine {index} again"


def supervisor_of(count: int, workshop: Workshop, max_restarts: int = 2) -> tuple[EngineSupervisor, list[Any]]:
    handles: list[Any] = [f"engine {index}" for index in range(count)]
    return EngineSupervisor(handles, workshop, max_restarts), handles


def ping(*dead: str) -> Callable[[Any], Awaitable[None]]:
    async def signs_of_life(handle: Any) -> None:
        if handle in dead:
            raise ConnectionError(handle)

    return signs_of_life


async def lose(engines: EngineSupervisor, among: range) -> None:
    async with engines.lease(among) as place:
        engines.lost(place, place.handle, "died")


async def test_engines_that_live_are_left_alone():
    workshop = Workshop()
    engines, handles = supervisor_of(2, workshop)

    assert await engines.check(ping()) == 0
    assert (workshop.started, handles) == ([], ["engine 0", "engine 1"])


async def test_an_engine_without_a_sign_of_life_is_started_anew_before_the_check_ends():
    workshop = Workshop()
    engines, handles = supervisor_of(3, workshop)

    assert await engines.check(ping("engine 1")) == 1
    assert handles == ["engine 0", "engine 1 again", "engine 2"]
    assert engines.metrics()["faults/engine_restarts"] == 1


async def test_a_loss_that_many_turns_notice_is_one_loss():
    workshop = Workshop()
    engines, handles = supervisor_of(1, workshop)
    old = handles[0]
    async with engines.lease([0]) as one, engines.lease([0]) as other:
        for place in (one, other):
            engines.lost(place, old, "died")
    await engines.settle()
    async with engines.lease([0]) as late:
        engines.lost(late, old, "died")  # its place is taken already
    await engines.settle()

    assert (workshop.started, handles) == ([0], ["engine 0 again"])
    assert engines.metrics()["faults/turns_replayed"] == 3


async def test_the_others_serve_meanwhile():
    workshop = Workshop()
    workshop.open.clear()
    engines, _ = supervisor_of(2, workshop)
    await lose(engines, range(2))

    for _ in range(3):
        async with engines.lease(range(2)) as place:
            assert place.handle == "engine 1"
    workshop.open.set()
    await engines.settle()
    async with engines.lease(range(2)) as one, engines.lease(range(2)) as other:
        assert {one.handle, other.handle} == {"engine 0 again", "engine 1"}


async def test_a_pool_without_an_engine_waits_for_its_own():
    workshop = Workshop()
    workshop.open.clear()
    engines, _ = supervisor_of(2, workshop)
    await lose(engines, range(1))

    async def next_handle() -> Any:
        async with engines.lease([0]) as place:
            return place.handle

    waiting = asyncio.create_task(next_handle())
    await asyncio.sleep(0)
    assert not waiting.done()
    workshop.open.set()
    assert await waiting == "engine 0 again"


async def test_an_engine_that_does_not_start_is_tried_within_the_budget():
    workshop = Workshop(fails=1)
    engines, handles = supervisor_of(1, workshop, max_restarts=2)

    await engines.check(ping("engine 0"))
    assert (workshop.started, handles) == ([0, 0], ["engine 0 again"])


@pytest.mark.parametrize("max_restarts", [0, 2])
async def test_when_the_budget_is_used_up_whoever_waits_is_told(max_restarts: int):
    workshop = Workshop(fails=9)
    engines, _ = supervisor_of(1, workshop, max_restarts)
    await lose(engines, range(1))

    with pytest.raises(EnginesLost, match=rf"engine 0 .* cluster\.max_engine_restarts = {max_restarts}"):
        await lose(engines, range(1))
    with pytest.raises(EnginesLost):
        await engines.settle()
    assert len(workshop.started) == max_restarts
