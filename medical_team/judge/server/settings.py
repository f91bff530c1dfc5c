"""What a server is told: limits and times. The defaults fit a language model on one GPU and clients that train."""

from __future__ import annotations

from dataclasses import dataclass, field

from medical_team.errors import ConfigError
from medical_team.judge.wire import MAX_AUDITS, MAX_BODY

_ABOVE_ZERO = (
    "max_body",
    "read_timeout",
    "keep_alive",
    "max_requests",
    "max_connections",
    "batch_size",
    "batches",
    "grace",
)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """All times are in seconds, all sizes in bytes.

    Attributes:
        judge: What ``/ready`` calls the judge before it is loaded; then its own name.
        model: The model behind it, where there is one; for ``/ready``.
        token: Bearer token that every request but ``/health`` must carry; ``None`` for none.
        max_body: Largest body of a request.
        read_timeout: For a request's header, and again for its body; also for an answer that nobody reads.
        keep_alive: How long an idle connection stays. Above what clients keep theirs, so that they close first.
        max_requests: Requests for audits held at once, of clients that carry the token; one more is told to come back
            later. Together with ``max_body`` it bounds the memory that they can take.
        max_connections: Open at once, of anybody; beyond it all are turned away, from ``/health`` too. So it is far
            above what clients hold, and below the 1,024 files that many systems allow a process.
        queue: Audits that may wait for the judge; one more is told to come back later.
        batch_size: Audits sent to the judge together, at most.
        batches: Batches at the judge at once, at most.
        grace: For finishing what is held when the server is told to stop.

    Raises:
        ConfigError: A limit is not above zero, the queue cannot hold one full request, or the judge's name cannot
            travel.
    """

    judge: str
    model: str | None = None
    token: str | None = field(default=None, repr=False)
    max_body: int = MAX_BODY
    read_timeout: float = 10.0
    keep_alive: int = 75
    max_requests: int = 256
    max_connections: int = 900
    queue: int = 1024
    batch_size: int = 8
    batches: int = 16
    grace: int = 30

    def __post_init__(self) -> None:
        for name in _ABOVE_ZERO:
            if not getattr(self, name) > 0:
                raise ConfigError(f"server: {name} is {getattr(self, name)}; it must be above 0")
        if not all("!" <= letter <= "~" for letter in self.judge):
            raise ConfigError(
                f"server: {self.judge!r} names the judge in every audit and so must be ASCII without blanks: give the "
                "model's folder another name"
            )
        if self.queue < MAX_AUDITS:
            raise ConfigError(f"server: a queue of {self.queue} cannot hold the {MAX_AUDITS} audits of one request")
