"""What each process of a run holds in the memory of its GPU, or of the host on CPU, by part and by moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Part(StrEnum):
    """What memory is for."""

    PARAMETERS = "parameters"
    GRADIENTS = "gradients"
    OPTIMIZER = "optimizer states"
    BUFFERS = "buffers"
    ACTIVATIONS = "activations"
    LOGITS = "logits"
    STEP = "optimizer step"
    COPY = "checkpoint copy"
    KV_CACHE = "KV cache"
    WORKSPACE = "engine workspace"
    RUNTIME = "runtime"


class Moment(StrEnum):
    """A moment of a step; what is held at one is not what is held at another."""

    ROLLOUT = "rollout"
    FORWARDS = "forward passes"
    CRITIC_UPDATE = "critic update"
    ACTOR_UPDATE = "actor update"
    UPDATE = "update"
    SAVE = "save"


# With sleeping, the groups take turns; without, actor and critic are updated at the same time.
IN_TURNS = (Moment.ROLLOUT, Moment.FORWARDS, Moment.CRITIC_UPDATE, Moment.ACTOR_UPDATE)
IN_TURNS_WITHOUT_CRITIC = (Moment.ROLLOUT, Moment.FORWARDS, Moment.ACTOR_UPDATE)
AT_ONCE = (Moment.ROLLOUT, Moment.FORWARDS, Moment.UPDATE)
# What a save takes is in the host's memory: on CPU that is the place itself, beside GPUs the node's.
ON_HOST = (*AT_ONCE, Moment.SAVE)

Parts = Mapping[Part, float]
"""Bytes by part."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a group, all of which are alike.

    Attributes:
        name: Its group's, as in the placement.
        always: What it holds from its start to its end.
        awake: What it holds beside that while it is awake.
        during: What comes and goes within a moment; in a save it is in the host's memory, on GPU too.
        awake_at: The moments at which it is awake; all where nobody sleeps.
        host: Bytes in the host's memory, on GPU: what is offloaded and what goes there to sleep.
        cached_sequences: Sequences of full length that its KV cache holds; ``None`` for one that is no engine.
    """

    name: str
    always: Parts
    awake: Parts = field(default_factory=dict)
    during: Mapping[Moment, Parts] = field(default_factory=dict)
    awake_at: tuple[Moment, ...] = tuple(Moment)
    host: float = 0.0
    cached_sequences: float | None = None

    def resting(self, moment: Moment) -> Parts:
        """Bytes by part that it holds throughout a moment."""
        parts = Counter(self.always)
        if moment in self.awake_at:
            parts.update(self.awake)
        return parts

    def passing(self, moment: Moment) -> float:
        """Bytes that come and go within a moment."""
        return sum(self.during.get(moment, {}).values())

    def held(self, moment: Moment) -> Parts:
        """Bytes by part at a moment, at most."""
        parts = Counter(self.resting(moment))
        parts.update(self.during.get(moment, {}))
        return parts

    def peak(self, moments: tuple[Moment, ...]) -> tuple[Moment, Parts]:
        """The moment at which it holds most, and what."""
        return max(((moment, self.held(moment)) for moment in moments), key=lambda pair: sum(pair[1].values()))


@dataclass(frozen=True, slots=True)
class Place:
    """The processes that share one GPU, or on CPU the host.

    Who shares a GPU does its forward pass when the others have done theirs and emptied their caches.

    Attributes:
        count: How many there are, all alike.
        processes: Who is there.
        moments: The moments to look at.
        forwards_in_turns: Whether forward passes wait for each other.
    """

    count: int
    processes: tuple[Process, ...]
    moments: tuple[Moment, ...]
    forwards_in_turns: bool = True

    @property
    def name(self) -> str:
        """Who is there."""
        return ", ".join(dict.fromkeys(process.name for process in self.processes))

    def held(self, moment: Moment) -> float:
        """Bytes of all processes at a moment, at most."""
        passing = [process.passing(moment) for process in self.processes]
        in_turns = self.forwards_in_turns and moment == Moment.FORWARDS
        resting = sum(sum(process.resting(moment).values()) for process in self.processes)
        return resting + (max(passing) if in_turns else sum(passing))

    def peak(self) -> tuple[Moment, float]:
        """The moment at which the place is fullest, and how full it is then."""
        return max(((moment, self.held(moment)) for moment in self.moments), key=lambda pair: pair[1])
