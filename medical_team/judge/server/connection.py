"""uvicorn's HTTP connection, with the two time limits it lacks: for a header that trickles, and for a slow reader.

The body has its own limit (``body.read_body``), an idle connection uvicorn's keep-alive. Parsing is h11's, which comes
with every uvicorn and bounds the length of a header.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


def patient_protocol(limit_s: float) -> type[asyncio.Protocol]:
    """A protocol class for uvicorn that waits for its client at most so many seconds at a time."""

    class PatientProtocol(H11Protocol):
        _reading: asyncio.TimerHandle | None = None
        _writing: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._reading = self.loop.call_later(limit_s, transport.abort)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._reading = _cancel(self._reading)
            elif self._reading is None:
                # A part of a header; or what is left of a body that was refused, which is read so that the client,
                # still sending, gets to see the refusal.
                self._reading = self.loop.call_later(limit_s, self.transport.abort)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._writing = self.loop.call_later(limit_s, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._writing = _cancel(self._writing)

        def connection_lost(self, exc: Exception | None) -> None:
            self._reading, self._writing = _cancel(self._reading), _cancel(self._writing)
            super().connection_lost(exc)

    return PatientProtocol


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
