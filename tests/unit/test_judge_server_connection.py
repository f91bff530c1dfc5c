"""The time limits of a connection, without a network: when it is given up, and when it is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

import pytest
import uvicorn
from uvicorn.server import ServerState

from medical_team.judge.server.connection import patient_protocol

LIMIT_S = 0.05
REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
LONG_S = 4 * LIMIT_S


class FakeTransport(asyncio.Transport):
    """Knows what was written and whether it was given up."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def write(self, data: Any) -> None:
        self.written += data

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def close(self) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Connection:
    """A connection to an application that answers when it is let; ends with its block."""

    async def __aenter__(self) -> Self:
        self.answer = asyncio.Event()
        config = uvicorn.Config(
            self._app, http=patient_protocol(LIMIT_S), interface="asgi3", lifespan="off", log_config=None
        )
        config.load()
        self.transport, self._state = FakeTransport(), ServerState()
        self.protocol: Any = config.http_protocol_class(config, self._state, {})
        self.protocol.connection_made(self.transport)
        return self

    async def __aexit__(self, *error: object) -> None:
        self.answer.set()
        self.protocol.connection_lost(None)
        await asyncio.gather(*self._state.tasks)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        await self.answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    async def given_up(self) -> bool:
        await asyncio.sleep(LONG_S)
        return self.transport.aborted


@pytest.fixture
async def connection() -> AsyncIterator[Connection]:
    async with Connection() as connection:
        yield connection


@pytest.mark.parametrize("sent", [b"", b"POST / HT"], ids=["nothing", "a part of a header"])
async def test_a_connection_without_a_header_is_given_up(connection: Connection, sent: bytes):
    if sent:
        connection.protocol.data_received(sent)
    assert await connection.given_up()


async def test_a_request_may_take_its_time(connection: Connection):
    connection.protocol.data_received(REQUEST)
    assert not await connection.given_up()

    connection.answer.set()
    assert not await connection.given_up()
    assert connection.transport.written.startswith(b"HTTP/1.1 200 OK")


async def test_the_next_header_has_the_same_limit(connection: Connection):
    connection.answer.set()
    connection.protocol.data_received(REQUEST)
    assert not await connection.given_up()

    connection.protocol.data_received(b"GET")
    assert await connection.given_up()


async def test_an_answer_that_nobody_reads_is_given_up(connection: Connection):
    connection.protocol.data_received(REQUEST)
    connection.protocol.pause_writing()
    assert await connection.given_up()


async def test_a_reader_that_catches_up_is_left_alone(connection: Connection):
    connection.protocol.data_received(REQUEST)
    connection.protocol.pause_writing()
    connection.protocol.resume_writing()
    assert not await connection.given_up()


async def test_a_lost_connection_leaves_no_timer():
    async with Connection() as connection:
        connection.protocol.pause_writing()
    assert not await connection.given_up()
