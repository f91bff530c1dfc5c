"""Slots at endpoints: who gets one, who waits, and that none is lost."""

from __future__ import annotations

import asyncio

import pytest
from yarl import URL

from medical_team.errors import JudgeOutage
from medical_team.judge.deadline import Deadline
from medical_team.judge.http.endpoint import Endpoint
from medical_team.judge.http.pool import EndpointPool
from medical_team.judge.http.trouble import RequestFailed, Trouble


def pool_of(count: int = 1, most: int = 1, budget_s: float = 60.0) -> EndpointPool:
    return EndpointPool([Endpoint(URL(f"http://host-{number}"), most, 3) for number in range(count)], budget_s)


def gone() -> RequestFailed:
    return RequestFailed(Trouble.NOBODY_LISTENS, "gone")


async def test_the_endpoint_that_has_least_to_do_is_next():
    pool = pool_of(count=3, most=2)
    slots = [await pool.take() for _ in range(6)]
    assert sorted(endpoint.in_flight for endpoint in pool.endpoints) == [2, 2, 2]
    assert len({slot.endpoint for slot in slots[:3]}) == 3


async def test_who_waited_first_is_served_first():
    pool, served = pool_of(), []

    async def work(number: int) -> None:
        slot = await pool.take()
        served.append(number)
        await asyncio.sleep(0)
        pool.leave(slot)

    await asyncio.wait_for(asyncio.gather(*(work(number) for number in range(20))), timeout=30)
    assert served == list(range(20))


async def test_who_avoids_an_endpoint_waits_for_another_and_holds_nobody_up():
    pool = pool_of(count=2)
    slots = [await pool.take(), await pool.take()]
    ours, other = slots[0], slots[1]
    avoiding = asyncio.create_task(pool.take(ours.endpoint))
    indifferent = asyncio.create_task(pool.take())
    await asyncio.sleep(0)
    pool.leave(ours)
    assert (await asyncio.wait_for(indifferent, timeout=30)).endpoint is ours.endpoint
    pool.leave(other)
    assert (await asyncio.wait_for(avoiding, timeout=30)).endpoint is other.endpoint


@pytest.mark.parametrize(
    "trouble", [gone(), RequestFailed(Trouble.OVERLOADED, "busy", retry_after_s=60)], ids=["away", "asks to wait"]
)
async def test_the_avoided_endpoint_is_taken_where_no_other_serves(trouble: RequestFailed):
    pool = pool_of(count=2)
    ours, other = await pool.take(), await pool.take()
    avoiding = asyncio.create_task(pool.take(ours.endpoint))
    await asyncio.sleep(0)
    pool.leave(ours)
    await asyncio.sleep(0)
    assert not avoiding.done()
    pool.failed(other, trouble)
    pool.leave(other)
    assert (await asyncio.wait_for(avoiding, timeout=30)).endpoint is ours.endpoint
    pool.close()


async def test_nonsense_opens_a_breaker_only_beside_other_endpoints():
    for count, opened in ((1, False), (2, True)):
        pool = pool_of(count=count, most=3)
        slots = [slot for slot in [await pool.take() for _ in range(3 * count)] if slot.endpoint is pool.endpoints[0]]
        for slot in slots:
            pool.failed(slot, RequestFailed(Trouble.MALFORMED, "nonsense"))
        assert pool.endpoints[0].is_away is opened
        assert not pool.is_away


async def test_the_first_of_each_trouble_is_told(caplog: pytest.LogCaptureFixture):
    pool = pool_of(most=9)
    for trouble in [Trouble.SERVER_ERROR, Trouble.OVERLOADED] * 3:
        slot = await pool.take()
        pool.failed(slot, RequestFailed(trouble, f"{trouble}: what to do", url=URL("http://host-0/x")))
        pool.leave(slot)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2 and all(line.startswith("http://host-0/x: ") and "what to do" in line for line in told)


async def test_a_slot_given_to_who_has_just_been_cancelled_is_not_lost():
    pool = pool_of()
    slot = await pool.take()
    first, second = asyncio.create_task(pool.take()), asyncio.create_task(pool.take())
    await asyncio.sleep(0)
    pool.leave(slot)  # it is the first one's now, which does not know it yet
    first.cancel()
    pool.leave(await asyncio.wait_for(second, timeout=30))
    assert first.cancelled() and pool.endpoints[0].in_flight == 0


async def test_who_asks_to_wait_is_left_alone_for_so_long():
    pool = pool_of()
    slot = await pool.take()
    pool.failed(slot, RequestFailed(Trouble.OVERLOADED, "busy", retry_after_s=0.5))
    pool.leave(slot)
    with pytest.raises(TimeoutError):
        async with Deadline(0.1):
            await pool.take()
    await asyncio.wait_for(pool.take(), timeout=30)


async def test_a_wait_that_becomes_an_outage_stops_its_clock_and_goes_on_when_one_is_back():
    pool = pool_of(most=2)
    ours, theirs = await pool.take(), await pool.take()

    async def wait() -> None:
        async with Deadline(0.4):
            pool.leave(await pool.take())

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0.05)
    pool.failed(ours, gone())
    assert pool.is_away
    await asyncio.sleep(0)
    waiting_for_long = asyncio.create_task(asyncio.sleep(0.6))
    pool.endpoints[0].breaker.rests_until += 3600
    await waiting_for_long
    assert not waiting.done()
    pool.answered(theirs)
    pool.leave(ours)
    pool.leave(theirs)
    await asyncio.wait_for(waiting, timeout=30)
    pool.close()


async def test_over_the_budget_all_who_wait_are_told():
    pool = pool_of(budget_s=0.0)
    slot = await pool.take()
    waiting = [asyncio.create_task(pool.take()) for _ in range(3)]
    await asyncio.sleep(0)
    pool.failed(slot, gone())
    pool.leave(slot)
    trial = await asyncio.wait_for(waiting[0], timeout=30)
    assert trial.trial
    with pytest.raises(JudgeOutage, match="http://host-0"):
        pool.failed(trial, gone())
    others = await asyncio.gather(*waiting[1:], return_exceptions=True)
    assert [type(other) for other in others] == [JudgeOutage] * 2
    pool.leave(trial)
    pool.close()
