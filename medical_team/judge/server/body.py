"""A request's body: bounded while it is read, and read as what the wire format says or refused without quoting it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from fastapi import HTTPException, Request
from pydantic import ValidationError
from starlette.types import Receive

from medical_team.judge.wire import WireBatch

_CLOSE = {"Connection": "close"}


async def read_body(request: Request, *, limit: int, timeout_s: float) -> bytes:
    """The body.

    Raises:
        HTTPException: 415, it is not plain JSON; 413, it is longer than ``limit`` bytes; 408, it is not there in time.
        starlette.requests.ClientDisconnect: The client has gone.
    """
    _check_headers(request, limit)
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise _too_long(limit)
    except TimeoutError:
        raise HTTPException(408, f"the body did not arrive within {timeout_s:g} s", _CLOSE) from None
    return bytes(body)


async def read_away(receive: Receive, *, limit: int, timeout_s: float) -> None:
    """Read what a client is still sending, within bounds: where its connection is closed after an answer, it would not
    get to see the answer otherwise."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            while limit > 0 and (message := await receive()).get("more_body"):
                limit -= len(message["body"])


def _check_headers(request: Request, limit: int) -> None:
    content_type, _, _ = request.headers.get("content-type", "").partition(";")
    if content_type.strip().lower() != "application/json":
        raise HTTPException(415, "the content type must be application/json")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise HTTPException(415, "the body must not be compressed")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise _too_long(limit)


def _too_long(limit: int) -> HTTPException:
    return HTTPException(413, f"the body is longer than {limit} bytes")


def parse_batch(body: bytes) -> WireBatch:
    """What the body says.

    Raises:
        HTTPException: 400, it is no JSON or nested too deeply; 422, it is not what the wire format says.
    """
    try:
        return WireBatch.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from None


def _refusal(error: ValidationError) -> HTTPException:
    """Where and what kind the first fault is. A name that the client made up is input too, and is left out."""
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    kind = fault["type"]
    if kind == "json_invalid":
        return HTTPException(400, "the body is not valid JSON")
    unknown = kind == "extra_forbidden"
    place = ".".join(map(str, fault["loc"][:-1] if unknown else fault["loc"])) or "the body"
    # A value_error is raised by the wire format itself, in fixed words.
    what = "an unknown field" if unknown else fault["msg"] if kind == "value_error" else kind
    return HTTPException(422, f"{place}: {what}")
