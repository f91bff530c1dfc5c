"""A server as a process: its port, its signals, its end."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
from types import FrameType
from typing import NoReturn

import uvicorn
from fastapi import FastAPI

from medical_team.errors import MachineError
from medical_team.judge.server.connection import patient_protocol
from medical_team.judge.server.settings import ServerSettings

# Connections that the kernel holds while the event loop is busy; more than clients of a training run open.
_BACKLOG = 512

logger = logging.getLogger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """The listening socket; taken before a judge is loaded, so that a port in use costs nobody a minute.

    Raises:
        MachineError: The address cannot be had.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise MachineError(
            f"cannot listen on port {port} of {host} ({(error.strerror or str(error)).lower()}): "
            "stop what listens there, or choose another by --port and --host"
        ) from None


def serve(app: FastAPI, settings: ServerSettings, listener: socket.socket) -> NoReturn:
    """Serve until SIGTERM or SIGINT, finish what is held within the grace time, and exit with code 0.

    Told to stop while the judge is being loaded, it ends at once, with the processes that the loading has started.

    Raises:
        Exception: Loading the judge raised it, or the judge's own end.
    """
    standing = app.state.standing

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        """For a signal that comes while uvicorn does not run, and the one that it raises again when it has finished."""
        if standing.judge is None:
            _end_loading()
        sys.exit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    server = uvicorn.Server(_config(app, settings))
    standing.on_failure = lambda: setattr(server, "should_exit", True)
    host, port = listener.getsockname()[:2]
    logger.info("judge %s at http://%s:%d", settings.judge, f"[{host}]" if ":" in host else host, port)
    server.run(sockets=[listener])
    assert standing.failure is not None, "without a signal the server only ends when its judge failed"
    raise standing.failure


def _end_loading() -> NoReturn:
    """A thread that loads a model cannot be stopped; a regular exit would wait for it and for what it has started."""
    for child in multiprocessing.active_children():
        child.kill()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _config(app: FastAPI, settings: ServerSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=patient_protocol(settings.read_timeout),
        ws="none",
        lifespan="on",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=settings.max_connections,
        timeout_keep_alive=settings.keep_alive,
        timeout_graceful_shutdown=settings.grace,
    )
