"""The judge server's application in this process, around a judge that does what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import httpx
from fakes import make_note

from medical_team.judge import AuditRequest, JudgeFailure
from medical_team.judge.server.app import make_app
from medical_team.judge.server.settings import ServerSettings
from medical_team.judge.server.standing import Admission, OpenJudge
from medical_team.judge.wire import AUDITS_PATH, WireBatch, WireRequest
from medical_team.types import Audit, Edit, ErrorType, GameType

JSON = {"Content-Type": "application/json"}
NAME = "Philomena Quartermaine"


class FakeJudge:
    """Answers at once; ``answers`` says otherwise for a game, and games in ``held`` wait until ``open`` is set."""

    name = "fake-1"

    def __init__(self, answers: dict[int, Any] | None = None, held: Sequence[int] = ()) -> None:
        self.audited: list[int] = []
        self.cancelled = False
        self.open = asyncio.Event()
        self._answers = answers or {}
        self._held = held

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        games = [request.game_id for request in requests]
        self.audited += games
        if set(games) & set(self._held):
            try:
                await self.open.wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        return [self._answers.get(game, Audit(True, self.name, f"game-{game}")) for game in games]


def wire_batch(*games: int, deadline_s: float = 30.0) -> bytes:
    note = make_note(0, harmful=False)
    edit = Edit(0, f"{NAME} has a fever.", ErrorType.DIAGNOSIS)
    requests = [AuditRequest(game, GameType.ADVERSARIAL_BENIGN, note, edit, note) for game in games]
    audits = tuple(WireRequest.of(f"id-{request.game_id}", request) for request in requests)
    return WireBatch(audits=audits, deadline_s=deadline_s).model_dump_json().encode()


@asynccontextmanager
async def serving(
    judge: FakeJudge | OpenJudge, admission: Admission | None = None, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, whose judge has been loaded when that takes no time."""
    open_judge = (lambda: nullcontext(judge)) if isinstance(judge, FakeJudge) else judge
    app = make_app(open_judge, ServerSettings(judge="fake", **settings), admission)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://judge") as client,
    ):
        await asyncio.sleep(0)
        yield client


async def audit(client: httpx.AsyncClient, *games: int, deadline_s: float = 30.0) -> httpx.Response:
    return await client.post(AUDITS_PATH, content=wire_batch(*games, deadline_s=deadline_s), headers=JSON)


async def until(condition: Any) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.001)
