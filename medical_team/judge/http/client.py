"""The judge behind our own server, in the place of one in this process."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from time import monotonic
from typing import Self

from medical_team.config.judge import HttpJudgeConfig
from medical_team.errors import JudgeError, JudgeRefused
from medical_team.judge.http.answers import Exchange, Ids, batches_of, outside_limits, to_wire
from medical_team.judge.http.caller import Caller
from medical_team.judge.http.readiness import Readiness, ask_ready, one_judge
from medical_team.judge.protocol import AuditRequest, FailureKind, JudgeFailure
from medical_team.judge.wire import AUDITS_PATH, READY_PATH
from medical_team.types import Audit

# Failures are told before the caller's own deadline ends the waiting, which would know the kind of none of them.
DEADLINE_SHARE = 0.98


class HttpJudge:
    """Keeps the Judge protocol over HTTP. Lives in one event loop, from the first call to ``close``.

    ``name`` is what ``identify`` found; until then audits of any judge are taken.
    """

    def __init__(self, config: HttpJudgeConfig) -> None:
        """Nothing is sent yet.

        Raises:
            ConfigError: A URL or the token is none.
        """
        self.name = "http"
        self._caller = Caller(config, READY_PATH)
        self._ids = Ids()
        self._identified: str | None = None

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        """One audit or failure a request, in their order, within ``deadline_s`` of the judge's being there.

        While all endpoints are away this waits, and the deadlines around it stand still.

        Raises:
            JudgeOutage: They were away for longer than the budget.
        """
        cases = [to_wire(request) for request in requests]
        sound = [case for case in cases if isinstance(case, bytes)]
        asked = [self._ask(batch, DEADLINE_SHARE * deadline_s) for batch in batches_of(sound)]
        # One batch is the rule, and needs no tasks.
        answered = [await asked[0]] if len(asked) == 1 else await asyncio.gather(*asked)
        answers = itertools.chain.from_iterable(answered)
        if len(sound) == len(cases):
            return list(answers)
        return [case if isinstance(case, JudgeFailure) else next(answers) for case in cases]

    async def readiness(self, within_s: float = 5.0) -> list[Readiness]:
        """What each endpoint says of itself."""
        asked = (ask_ready(self._caller.transport, one, within_s) for one in self._caller.pool.endpoints)
        return list(await asyncio.gather(*asked))

    async def identify(self, within_s: float = 5.0) -> str:
        """Ask who judges, and take audits of no other judge from then on.

        Raises:
            ConfigError: The endpoints are not one judge.
            NotYetThere: None of them is ready.
        """
        self.name = self._identified = one_judge(await self.readiness(within_s))
        return self.name

    async def close(self) -> None:
        await self._caller.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def _ask(self, batch: Sequence[bytes], deadline_s: float) -> list[Audit | JudgeFailure]:
        exchange = Exchange(batch, self._ids, self._identified)
        asked_at = monotonic()
        try:
            return await self._caller.post(AUDITS_PATH, exchange.body, exchange.read, deadline_s)
        except JudgeRefused as error:
            left_s = max(0.0, deadline_s - (monotonic() - asked_at))
            return await self._ask_sound(batch, left_s) or exchange.given_up(_said(error))
        except JudgeError as error:
            return exchange.given_up(_said(error))

    async def _ask_sound(self, batch: Sequence[bytes], left_s: float) -> list[Audit | JudgeFailure]:
        """A refused batch without the cases that no server takes; nothing where those were not the reason."""
        outside = [outside_limits(case) for case in batch]
        if not any(outside):
            return []
        sound = [case for case, failure in zip(batch, outside, strict=True) if failure is None]
        answers = iter(await self._ask(sound, left_s) if sound else [])
        return [failure or next(answers) for failure in outside]


def _said(error: JudgeError) -> JudgeFailure:
    return JudgeFailure(FailureKind(error.kind), str(error))
