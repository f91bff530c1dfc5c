"""What Prometheus may know of a server: counts, times and lengths of queues, under closed sets of labels."""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Callable, Iterable
from http import HTTPStatus

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from medical_team.judge.wire import AUDITS_PATH, HEALTH_PATH, METRICS_PATH, READY_PATH

_NAMESPACE = "medical_team_judge"
_PATHS = frozenset({AUDITS_PATH, HEALTH_PATH, READY_PATH, METRICS_PATH})

# From a rule's fraction of a millisecond to a language model under load.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


def known_path(path: str) -> str:
    """The path, or ``other``: what a client makes up is neither a label nor a line in the log."""
    return path if path in _PATHS else "other"


class ServerMetrics:
    """One server's; a registry of its own, so that a process may hold several."""

    def __init__(self, waiting: Callable[[], int], at_judge: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "requests", "HTTP requests.", ("path", "status"), namespace=_NAMESPACE, registry=self._registry
        )
        self._seconds = Histogram(
            "request_seconds",
            "From a request for audits to its answers.",
            namespace=_NAMESPACE,
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._audits = Counter(
            "audits", "Audits by what came of them.", ("outcome",), namespace=_NAMESPACE, registry=self._registry
        )
        self._gauge("queue_depth", "Audits that wait for the judge.", waiting)
        self._gauge("in_flight", "Audits that the judge has.", at_judge)

    def _gauge(self, name: str, meaning: str, value: Callable[[], int]) -> None:
        Gauge(name, meaning, namespace=_NAMESPACE, registry=self._registry).set_function(value)

    def request(self, path: str, status: int, seconds: float) -> None:
        self._requests.labels(known_path(path), str(status)).inc()
        if path == AUDITS_PATH and status == HTTPStatus.OK:
            self._seconds.observe(seconds)

    def audits(self, outcomes: Iterable[str]) -> None:
        """Audits came to this, each to one."""
        for outcome, count in Counts(outcomes).items():
            self._audits.labels(outcome).inc(count)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)
