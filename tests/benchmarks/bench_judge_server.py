"""The judge server's own cost a request, over a judge that costs nothing, beside an echo of plain uvicorn.

    python tests/benchmarks/bench_judge_server.py [--requests 1000] [--runs 7]

Both servers are processes of their own and parse HTTP with h11; the client keeps one connection and asks one request
after the other, so what it sees is all that lies between a request and its answer, its own sockets included. The echo
is Starlette's: it reads the body and answers with as many bytes as an audit has. Runs alternate between the two.
Printed, as the median over the runs and their range: the median time a request, and the server's processor time a
request, which other programs on the machine do not lengthen.
"""

from __future__ import annotations

import argparse
import http.client
import logging
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes import make_note

from medical_team.judge import AuditRequest, JudgeFailure
from medical_team.judge.wire import AUDITS_PATH, WireBatch, WireRequest
from medical_team.types import Audit, Edit, ErrorType, GameType

HEADERS = {"Content-Type": "application/json"}
WARM_UP = 100
BATCH = 32


class FreeJudge:
    """Says the same of everything, at once."""

    name = "free-1"

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        return [Audit(True, self.name, "free")] * len(requests)


def serve_judge() -> None:
    from medical_team.judge.server.app import make_app
    from medical_team.judge.server.serve import listen, serve
    from medical_team.judge.server.settings import ServerSettings

    # As the entry point logs, but to nowhere: a line a request is part of its cost.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", filename=os.devnull)
    settings = ServerSettings(judge="free")
    listener = listen("127.0.0.1", 0)
    print(listener.getsockname()[1], flush=True)
    serve(make_app(lambda: nullcontext(FreeJudge()), settings), settings, listener)


def serve_echo() -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from medical_team.judge.server.serve import listen

    async def echo(request: Request) -> Response:
        return Response((await request.body())[:160], media_type="application/json")

    app = Starlette(routes=[Route(AUDITS_PATH, echo, methods=["POST"])])
    listener = listen("127.0.0.1", 0)
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, http="h11", log_level="warning", access_log=False)).run([listener])


SERVERS = {"echo": serve_echo, "judge server": serve_judge}


@dataclass(frozen=True)
class Cost:
    """Of one request, in microseconds: what the client waits, and what the server computes."""

    wall: float
    processor: float


@contextmanager
def server(name: str) -> Iterator[tuple[int, int]]:
    """Process id and port of one of ``SERVERS``."""
    command = [sys.executable, __file__, "--serve", name]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def batch_of(audits: int) -> bytes:
    note = make_note(1, harmful=True)
    edit = Edit(0, note.sentences[0].replace("Finding", "Ketchup"), ErrorType.DIAGNOSIS)
    request = AuditRequest(1, GameType.ADVERSARIAL_HARMFUL, note, edit, note)
    asked = tuple(WireRequest.of(str(number), request) for number in range(audits))
    return WireBatch(audits=asked, deadline_s=30).model_dump_json().encode()


def measure(pid: int, port: int, body: bytes, requests: int) -> Cost:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(WARM_UP):
        ask(connection, body)
    used, waited = processor_seconds(pid), []
    for _ in range(requests):
        started = perf_counter()
        ask(connection, body)
        waited.append(perf_counter() - started)
    connection.close()
    return Cost(statistics.median(waited) * 1e6, (processor_seconds(pid) - used) / requests * 1e6)


def ask(connection: http.client.HTTPConnection, body: bytes) -> None:
    connection.request("POST", AUDITS_PATH, body, HEADERS)
    response = connection.getresponse()
    response.read()
    assert response.status == 200


def show(name: str, costs: Sequence[Cost]) -> None:
    for what, values in (("seen", [cost.wall for cost in costs]), ("processor", [cost.processor for cost in costs])):
        print(
            f"{name}, {what}: median {statistics.median(values):.0f} us a request "
            f"({min(values):.0f} to {max(values):.0f} over {len(values)} runs)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="the judge server's own cost a request")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        SERVERS[options.serve]()
        return
    with server("echo") as echo, server("judge server") as judge:
        for audits in (1, BATCH):
            body = batch_of(audits)
            pairs = [
                (measure(*echo, body, options.requests), measure(*judge, body, options.requests))
                for _ in range(options.runs)
            ]
            print(f"{audits} audits a request, {len(body)} bytes")
            show("  echo", [echo_cost for echo_cost, _ in pairs])
            show("  judge server", [judge_cost for _, judge_cost in pairs])
            over = [Cost(ours.wall - raw.wall, ours.processor - raw.processor) for raw, ours in pairs]
            show("  judge server over echo", over)


if __name__ == "__main__":
    main()
