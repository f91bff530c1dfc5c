"""What the host of a GPU node holds: what is offloaded or sleeps there, and in a save the copy of all states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from medical_team.planning.memory import Moment, Place


@dataclass(frozen=True, slots=True)
class NodeHost:
    """Attributes:
    kept: Bytes that lie there all the time: what is offloaded, and what goes there to sleep.
    copied: Bytes beside them from a save's begin until it is written.
    room: Bytes that a plan may fill; 0 where the node's memory is not known.
    """

    kept: float
    copied: float
    room: float = 0.0

    @property
    def in_a_save(self) -> float:
        return self.kept + self.copied

    @property
    def is_too_small(self) -> bool:
        return 0 < self.room < self.in_a_save


def fullest_node(places: Sequence[Place], gpus_a_node: int, room: float = 0.0) -> NodeHost:
    """The node whose host holds most in a save, when nodes are filled in the order of the places."""
    ends = list(accumulate(place.count for place in places))
    spans = [(range(end - place.count, end), place) for end, place in zip(ends, places, strict=True)]
    edges = {edge // gpus_a_node for gpus, _ in spans for edge in (gpus.start, gpus.stop - 1)}
    # Between a place's first node and its last all are alike: one of them is enough.
    looked_at = {edge + step for edge in edges for step in (-1, 0, 1)}
    nodes = [range(node * gpus_a_node, (node + 1) * gpus_a_node) for node in looked_at]
    return max((_host_of(node, spans, room) for node in nodes), key=lambda host: host.in_a_save)


def _host_of(node: range, spans: Sequence[tuple[range, Place]], room: float) -> NodeHost:
    kept = copied = 0.0
    for gpus, place in spans:
        here = max(0, min(node.stop, gpus.stop) - max(node.start, gpus.start))
        kept += here * sum(process.host for process in place.processes)
        copied += here * sum(process.passing(Moment.SAVE) for process in place.processes)
    return NodeHost(kept, copied, room)
