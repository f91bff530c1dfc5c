"""The judge's client beside raw aiohttp: requests a second against the same stub server, in a process of its own.

    python tests/benchmarks/bench_judge_client.py [--requests 2000] [--runs 5] [--concurrency 64] [--batch 1]
        [--delay 0]

Prints requests a second of both, median and range over the runs, and the ratio of each pair of runs; then the same of
the processor time a request, which other programs on the machine lengthen less. Raw aiohttp is
``session.post(url, json=...)`` of dictionaries made beforehand, and ``response.json()``; the client makes its bodies
from audit requests, validates every answer, and does all of its limits, retries, breakers and deadlines. Runs
alternate, so that a machine that is slow for a while is slow for both. ``--delay 0`` is the hardest case: the server
answers at once, and any waiting there hides what the client costs.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes import make_note

from medical_team.config.judge import HttpJudgeConfig
from medical_team.judge import AuditRequest
from medical_team.judge.http import HttpJudge
from medical_team.judge.wire import AUDITS_PATH, WireBatch, WireRequest
from medical_team.types import Audit, Edit, ErrorType, GameType

DEADLINE_S = 600.0
STUB = Path(__file__).parents[1] / "judge_stub.py"


def batch_of(number: int, size: int) -> list[AuditRequest]:
    note = make_note(number % 50, harmful=False)
    return [
        AuditRequest(game, GameType.ADVERSARIAL_BENIGN, note, Edit(0, f"Finding {game}.", ErrorType.DIAGNOSIS), note)
        for game in range(number * size, (number + 1) * size)
    ]


def body_of(batch: list[AuditRequest]) -> dict[str, Any]:
    audits = tuple(WireRequest.of(f"raw-{request.game_id}", request) for request in batch)
    return WireBatch(audits=audits, deadline_s=DEADLINE_S).model_dump(mode="json")


async def raw(url: str, bodies: list[dict[str, Any]], concurrency: int) -> float:
    """Requests a second of aiohttp alone."""
    waiting = iter(bodies)

    async def work(session: aiohttp.ClientSession) -> None:
        for body in waiting:
            async with session.post(url + AUDITS_PATH, json=body) as response:
                assert (await response.json())["answers"]

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        started = perf_counter()
        await asyncio.gather(*(work(session) for _ in range(concurrency)))
        return len(bodies) / (perf_counter() - started)


async def client(url: str, batches: list[list[AuditRequest]], concurrency: int) -> float:
    """Requests a second of the client."""
    waiting = iter(batches)

    async def work(judge: HttpJudge) -> None:
        for batch in waiting:
            assert all(isinstance(answer, Audit) for answer in await judge.audit(batch, DEADLINE_S))

    async with HttpJudge(HttpJudgeConfig(urls=(url,), max_concurrency=concurrency)) as judge:
        started = perf_counter()
        await asyncio.gather(*(work(judge) for _ in range(concurrency)))
        return len(batches) / (perf_counter() - started)


@dataclass(frozen=True, slots=True)
class Run:
    """Requests a second, and this process's own microseconds a request."""

    rate: float
    processor_us: float


def measure(run: Coroutine[None, None, float], requests: int) -> Run:
    started = process_time()
    rate = asyncio.run(run)
    return Run(rate, (process_time() - started) / requests * 1e6)


def wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the stub server does not start")


def show(name: str, values: list[float], form: str = ".0f") -> None:
    print(f"{name:28} median {statistics.median(values):{form}}, {min(values):{form}} to {max(values):{form}}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--delay", type=float, default=0.0)
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    batches = [batch_of(number, options.batch) for number in range(options.requests)]
    bodies = [body_of(batch) for batch in batches]
    command = [sys.executable, str(STUB), "--port", str(port), "--delay", str(options.delay)]
    server = subprocess.Popen(command)
    try:
        wait_for(port)
        url, ours, theirs = f"http://127.0.0.1:{port}", [], []
        for _ in range(options.runs):
            theirs.append(measure(raw(url, bodies, options.concurrency), len(bodies)))
            ours.append(measure(client(url, batches, options.concurrency), len(bodies)))
    finally:
        server.kill()
        server.wait(timeout=30)
    print(f"{options.requests} requests of {options.batch} audits, {options.concurrency} at once, {options.runs} runs")
    pairs = list(zip(ours, theirs, strict=True))
    show("raw aiohttp, requests/s", [run.rate for run in theirs])
    show("judge's client, requests/s", [run.rate for run in ours])
    show("client / raw", [one.rate / other.rate for one, other in pairs], ".2f")
    show("raw aiohttp, processor us", [run.processor_us for run in theirs])
    show("judge's client, processor us", [run.processor_us for run in ours])
    show("raw / client", [other.processor_us / one.processor_us for one, other in pairs], ".2f")


if __name__ == "__main__":
    main()
