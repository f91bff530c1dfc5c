"""The endpoints together: who may send a request, to which of them, and when. First come, first served.

Nothing here sends anything. ``caller`` takes a slot, sends, and says what came of it. All methods run in one event
loop; only ``take`` waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from medical_team.judge.deadline import standing_still
from medical_team.judge.http.endpoint import Endpoint, Slot
from medical_team.judge.http.outage import Outage
from medical_team.judge.http.trouble import OPENS_BESIDE_OTHERS, OPENS_BREAKER, RequestFailed


@dataclass(frozen=True, slots=True, eq=False)
class Waiter:
    """Somebody who waits.

    Attributes:
        reply: The slot; ``None``: look again, something has changed that concerns everybody.
        avoided: The endpoint they take only while no other serves.
    """

    reply: asyncio.Future[Slot | None]
    avoided: Endpoint | None


class EndpointPool:
    """Gives the next slot at the endpoint that has least to do.

    While all endpoints are away, whoever waits here has the clock of its deadlines stopped.
    """

    def __init__(self, endpoints: Sequence[Endpoint], outage_budget_s: float) -> None:
        self._endpoints = tuple(endpoints)
        self._outage = Outage(outage_budget_s)
        self._waiters: deque[Waiter] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._was_away = False

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        return self._endpoints

    @property
    def is_away(self) -> bool:
        return all(endpoint.is_away for endpoint in self._endpoints)

    async def take(self, avoided: Endpoint | None = None) -> Slot:
        """The next slot, at ``avoided`` only while no other endpoint serves; ``leave`` gives it back.

        Raises:
            JudgeOutage: All endpoints have been away for longer than the budget.
        """
        slot = self.take_at_once(avoided)
        while slot is None:
            waiter = Waiter(asyncio.get_running_loop().create_future(), avoided)
            self._waiters.append(waiter)
            if self.is_away:
                self._outage.begin(_now(), self._who())
            self._hand_out()
            slot = await self._wait(waiter)
        return slot

    def take_at_once(self, avoided: Endpoint | None = None) -> Slot | None:
        """The next slot if there is one and nobody waits for it."""
        return None if self._waiters else self._next_slot(avoided)

    def leave(self, slot: Slot) -> None:
        slot.endpoint.left(slot)
        if self._waiters:
            self._hand_out()

    def answered(self, slot: Slot) -> None:
        slot.endpoint.answered(slot, _now())
        if self._was_away:
            self._look()

    def failed(self, slot: Slot, failure: RequestFailed) -> None:
        """Count a failed request.

        Raises:
            JudgeOutage: With this one, the outage is over its budget; all who wait here get it too.
        """
        now = _now()
        beside_others = len(self._endpoints) > 1 and failure.trouble in OPENS_BESIDE_OTHERS
        slot.endpoint.failed(slot, failure, now, counts=beside_others or failure.trouble in OPENS_BREAKER)
        self._look()
        if not self.is_away or self._outage.over_budget(now, self._who()) is None:
            return
        waiters, self._waiters = self._waiters, deque()
        for waiter in waiters:
            if not waiter.reply.done():
                # One exception a waiter: a shared one would collect the tracebacks of all of them.
                waiter.reply.set_exception(self._give_up(now))
        error = self._give_up(now)
        self._outage.forget()
        raise error

    def close(self) -> None:
        """Leave nothing in the event loop."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _wait(self, waiter: Waiter) -> Slot | None:
        try:
            with standing_still() if self.is_away else nullcontext():
                return await waiter.reply
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise

    def _withdraw(self, waiter: Waiter) -> None:
        reply = waiter.reply
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        elif reply.done() and not reply.cancelled() and reply.exception() is None and (slot := reply.result()):
            self.leave(slot)
        if not self._waiters:
            self._outage.forget()

    def _look(self) -> None:
        """Has the judge gone, or come back? All who wait then wait in another way."""
        away = self.is_away
        if away is self._was_away:
            return
        self._was_away = away
        if not away:
            self._outage.end(_now(), self._who())
        waiters, self._waiters = self._waiters, deque()
        for waiter in waiters:
            if not waiter.reply.done():
                waiter.reply.set_result(None)

    def _hand_out(self) -> None:
        """To who waited longest, past those who want another endpoint than the one that is free."""
        passed: list[Waiter] = []
        while self._waiters:
            waiter = self._waiters.popleft()
            if waiter.reply.done():  # cancelled, and not yet awake to withdraw
                continue
            if slot := self._next_slot(waiter.avoided):
                waiter.reply.set_result(slot)
                continue
            passed.append(waiter)
            if waiter.avoided is None:
                break
        self._waiters.extendleft(reversed(passed))
        self._set_timer()

    def _next_slot(self, avoided: Endpoint | None) -> Slot | None:
        now = _now()
        best: Endpoint | None = None
        for endpoint in self._endpoints:
            if endpoint.is_free(now) and endpoint is not avoided and (best is None or endpoint.load < best.load):
                best = endpoint
        if best is not None:
            return best.depart(now)
        if avoided is not None and avoided.is_free(now) and not self._another_serves(avoided, now):
            return avoided.depart(now)
        return None

    def _another_serves(self, avoided: Endpoint, now: float) -> bool:
        return any(endpoint.serves(now) for endpoint in self._endpoints if endpoint is not avoided)

    def _set_timer(self) -> None:
        """Look again when a rest is over: nothing else may happen before."""
        self.close()
        if not self._waiters:
            return
        now = _now()
        later = [when for endpoint in self._endpoints if (when := endpoint.free_at()) > now]
        if later:
            self._timer = asyncio.get_running_loop().call_at(min(later), self._hand_out)

    def _give_up(self, now: float) -> Exception:
        error = self._outage.over_budget(now, self._who())
        assert error is not None
        return error

    def _who(self) -> str:
        return ", ".join(
            f"{endpoint} ({endpoint.last_trouble})" if endpoint.is_away else str(endpoint)
            for endpoint in self._endpoints
        )


def _now() -> float:
    return asyncio.get_running_loop().time()
