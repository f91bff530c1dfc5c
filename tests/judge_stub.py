"""A judge server that fails as it is told: the peer of the client's tests and of its benchmark.

    python tests/judge_stub.py --port 8000 --delay 0.01 --fault 429=0.05 --fault reset=0.05

An audit's ``reason`` is made of what was asked (``content_of``), so that an audit that reaches another game is seen.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiohttp import web

from medical_team.judge.wire import AUDITS_PATH, READY_PATH

FAULTS = ("429", "500", "503", "reset", "stall", "truncated", "cut_off", "wrong_ids", "swapped_ids", "not_json")
FAILURES = ("unreachable", "timeout")
JUDGE = "stub-1"


def content_of(request: dict[str, Any]) -> str:
    """What identifies a request by its content alone: the digits in the edited sentence."""
    return "says-" + "".join(letter for letter in request["edit"]["replacement"] if letter.isdecimal())


class Stub:
    """Answers every audit with ``is_error`` and its content; ``fault`` decides what goes wrong with a request.

    A fault is one of ``FAULTS``, another status, or one of ``FAILURES``: that of every audit, or with "some " before it
    of every other one.
    """

    def __init__(
        self, fault: Callable[[], str | None] = lambda: None, delay_s: float = 0.0, judge: str = JUDGE
    ) -> None:
        self.fault = fault
        self.delay_s = delay_s
        self.judge = judge
        self.seen: Counter[str] = Counter()
        """Ids of the audits that arrived."""
        self.authorisations: set[str | None] = set()
        self.in_flight = self.most_in_flight = 0
        self._others: list[str] = []
        self._runner: web.AppRunner | None = None
        self.port = 0

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post(AUDITS_PATH, self.audits)
        app.router.add_get(READY_PATH, self.ready)
        return app

    async def __aenter__(self) -> Stub:
        """Serve on loopback; on a port of its own, and again on the same when it is entered again."""
        self._runner = web.AppRunner(self.app(), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        assert self._runner.addresses
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """Open connections."""
        assert self._runner is not None and self._runner.server is not None
        return len(self._runner.server.connections)

    async def left_alone(self) -> None:
        """Returns when no client holds a connection any more; ``TimeoutError`` when one does for 5 s."""
        async with asyncio.timeout(5):
            while self.connections:
                await asyncio.sleep(0.01)

    async def ready(self, request: web.Request) -> web.Response:
        return web.json_response({"ready": True, "judge": self.judge})

    async def audits(self, request: web.Request) -> web.StreamResponse:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._answer(request)
        finally:
            self.in_flight -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.authorisations.add(request.headers.get("Authorization"))
        asked = (await request.json())["audits"]
        self.seen.update(audit["id"] for audit in asked)
        fault = self.fault()
        if fault is not None and (failed := await self._fail(fault, request)):
            return failed
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        answers = [answer_to(audit, self.judge) for audit in asked]
        if fault in ("wrong_ids", "swapped_ids"):
            self._confuse(fault, answers)
        if fault is not None and (kind := fault.removeprefix("some ")) in FAILURES:
            for answer in answers[:: 2 if fault.startswith("some ") else 1]:
                answer["failure"] = {"kind": kind}
                del answer["audit"]
        self._others = [audit["id"] for audit in asked]
        body = json.dumps({"answers": answers}).encode()
        if fault == "cut_off":
            return await _cut_off(request, body)
        return web.Response(
            body=body[: len(body) // 2] if fault == "truncated" else body, content_type="application/json"
        )

    async def _fail(self, fault: str, request: web.Request) -> web.StreamResponse | None:
        if fault.isdecimal():
            headers = {"Retry-After": "0"} if fault == "429" else {}
            return web.Response(status=int(fault), headers=headers, text="no")
        if fault == "reset":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault == "stall":
            await asyncio.sleep(3600)
        if fault == "not_json":
            return web.Response(text="<html>hello</html>")
        return None

    def _confuse(self, fault: str, answers: list[dict[str, Any]]) -> None:
        """Ids of an earlier request, or ids that are right as a set but of one audit too many."""
        if fault == "wrong_ids" and self._others:
            answers[0]["id"] = self._others[0]
        else:
            answers.append(dict(answers[0]))


def answer_to(audit: dict[str, Any], judge: str) -> dict[str, Any]:
    return {"id": audit["id"], "audit": {"is_error": True, "judge": judge, "reason": content_of(audit)}}


async def _cut_off(request: web.Request, body: bytes) -> web.StreamResponse:
    """Headers that promise the whole body, and half of it."""
    response = web.StreamResponse(headers={"Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    assert request.transport is not None
    request.transport.abort()
    return response


def rates(faults: dict[str, float], seed: int = 0, sound: int = 0) -> Callable[[], str | None]:
    """Each fault at its rate, the same ones at every run, after so many sound answers."""
    rng = random.Random(seed)
    numbers = itertools.count()

    def draw() -> str | None:
        if next(numbers) < sound:
            return None
        point = rng.random()
        for fault, rate in faults.items():
            if (point := point - rate) < 0:
                return fault
        return None

    return draw


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--fault", action="append", default=[], metavar="KIND=RATE")
    options = parser.parse_args()
    faults = {kind: float(rate) for kind, _, rate in (fault.partition("=") for fault in options.fault)}
    stub = Stub(rates(faults), options.delay)
    web.run_app(stub.app(), host="127.0.0.1", port=options.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
