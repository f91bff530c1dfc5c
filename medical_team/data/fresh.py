"""Notes that are new in every round of the deck. Made by ``dataset``, dealt by ``deck``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from medical_team.types import Note


class FreshNotes(tuple[Note, ...]):
    """The notes of the first round; ``round`` has those of every other one.

    Args:
        notes: The first round.
        compose: The notes of a round, by its number; each round has as many error notes and clean ones as the first.
        made_from: Says what the later rounds depend on, for a run's fingerprint.
    """

    compose: Callable[[int], Sequence[Note]]
    made_from: str

    def __new__(cls, notes: Iterable[Note], compose: Callable[[int], Sequence[Note]], made_from: str) -> FreshNotes:
        fresh = super().__new__(cls, notes)
        fresh.compose, fresh.made_from = compose, made_from
        return fresh

    def __getnewargs__(self) -> tuple[tuple[Note, ...], Callable[[int], Sequence[Note]], str]:
        """What a copy is made of, for a judge in a process of its own."""
        return tuple(self), self.compose, self.made_from

    def round(self, number: int) -> Sequence[Note]:
        return self if number == 0 else self.compose(number)
