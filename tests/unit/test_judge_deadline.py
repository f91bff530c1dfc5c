"""Deadlines whose clock stands still while somebody below says so."""

from __future__ import annotations

import asyncio

import pytest

from medical_team.judge.deadline import Deadline, standing_still

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
