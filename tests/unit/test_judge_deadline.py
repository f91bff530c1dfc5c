"""Deadlines whose clock stands still while somebody below says so."""

from __future__ import annotations

import asyncio

import pytest
from virtual_time import run_in_virtual_time

from medical_team.judge.deadline import Deadline, standing_still, standing_with

SOON, LATER = 0.3, 0.6


async def test_a_deadline_ends_the_waiting():
    with pytest.raises(TimeoutError):
        async with Deadline(SOON):
            await asyncio.Event().wait()


async def test_time_spent_standing_still_does_not_count_for_any_deadline_around():
    async with Deadline(SOON) as outer, Deadline(SOON) as inner:
        with standing_still():
            await asyncio.sleep(LATER)
            assert 0 < inner.left_s <= SOON and 0 < outer.left_s <= SOON


async def test_the_clock_goes_on_where_it_stopped():
    with pytest.raises(TimeoutError):
        async with Deadline(SOON):
            with standing_still():
                await asyncio.sleep(LATER)
            await asyncio.Event().wait()


async def test_it_stands_until_the_last_one_goes_on():
    async def stand(seconds: float) -> None:
        with standing_still():
            await asyncio.sleep(seconds)

    async with Deadline(SOON):
        await asyncio.gather(stand(0.01), stand(LATER))


async def test_a_task_that_goes_on_after_the_block_is_over_does_no_harm():
    async def stand() -> None:
        with standing_still():
            await asyncio.sleep(LATER)

    async with Deadline(SOON):
        task = asyncio.create_task(stand())
        await asyncio.sleep(0)
    await task


async def test_a_standstill_in_the_moment_in_which_the_deadline_fires_does_no_harm():
    """The timeout has fired then, and who waits has not heard of it."""
    leader = Deadline(LATER)
    ended: list[str] = []

    async def follow() -> None:
        try:
            async with Deadline(SOON) as deadline:
                follower.append(deadline)
                with standing_with(leader):
                    await asyncio.Event().wait()
        except TimeoutError:
            ended.append("timeout")

    follower: list[Deadline] = []
    with leader:
        task = asyncio.create_task(follow())
        await asyncio.sleep(0)
        timeout = follower[0]._timeout
        assert timeout is not None
        while not timeout.expired():
            await asyncio.sleep(0)
        with standing_still():
            leader.stop()
            leader.go_on()
    await task

    assert ended == ["timeout"]


async def test_without_a_deadline_around_nothing_happens():
    with standing_still():
        await asyncio.sleep(0)


async def test_one_that_only_counts_ends_nothing_but_what_it_is_enforced_on():
    with Deadline(0.01) as deadline:
        await asyncio.sleep(0.05)
        assert deadline.left_s == 0
        with pytest.raises(TimeoutError):
            async with deadline.enforced():
                await asyncio.Event().wait()


async def test_an_enforced_block_within_another_is_the_outer_one():
    with Deadline(SOON) as deadline, pytest.raises(TimeoutError):
        async with deadline.enforced():
            async with deadline.enforced():
                await asyncio.sleep(0)
            await asyncio.Event().wait()


async def test_what_is_enforced_stands_still_too():
    with Deadline(SOON) as deadline, standing_still():
        async with deadline.enforced():
            await asyncio.sleep(LATER)
        assert 0 < deadline.left_s <= SOON


async def left_after(starts: float, leader_stands: tuple[float, float]) -> float:
    """Seconds left of 10 to one who follows from ``starts`` to 6 a leader that stands between two times."""

    async def lead(leader: Deadline) -> None:
        with leader:
            await asyncio.sleep(leader_stands[0])
            with standing_still():
                await asyncio.sleep(leader_stands[1] - leader_stands[0])

    leader = Deadline(60.0)
    task = asyncio.create_task(lead(leader))
    async with Deadline(10.0) as deadline:
        await asyncio.sleep(starts)
        with standing_with(leader):
            await asyncio.sleep(6.0 - starts)
        left = deadline.left_s
    await task
    return left


@pytest.mark.parametrize(
    ("starts", "leader_stands", "left"),
    [
        (1.0, (2.0, 5.0), 7.0),
        (3.0, (2.0, 5.0), 6.0),
        (1.0, (2.0, 9.0), 8.0),
        (5.5, (2.0, 5.0), 4.0),
    ],
)
def test_who_follows_stands_while_the_leader_does_and_as_long_as_it_follows(
    starts: float, leader_stands: tuple[float, float], left: float
):
    assert run_in_virtual_time(left_after(starts, leader_stands)) == pytest.approx(left)
