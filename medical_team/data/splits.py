"""Who is trained on and who is kept for evaluation: whole groups, never single rows. Driven by ``dataset``."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence, Set

from medical_team.errors import DataError
from medical_team.types import ErrorType, Note

# Of so many random draws the one is taken whose error types are closest to those of all notes: with a few dozen
# conditions a single draw may leave a type out.
_DRAWS = 256


def split_by_group(
    notes: Sequence[Note], held_out: float, seed: int, cost: Callable[[Set[str]], float] = lambda kept: 0.0
) -> tuple[tuple[Note, ...], tuple[Note, ...]]:
    """Split into (train, held out), each in the order given.

    Notes of the same condition stay together where conditions are known (synthetic notes), else notes of the same
    twin group: nothing that is held out has been seen in training in another wording. ``held_out`` is the share of
    conditions or groups; both parts get at least one. ``cost`` says what else is bad about holding some of them out.

    Raises:
        DataError: There is only one condition or group.
    """
    keys = sorted({_split_key(note) for note in notes})
    if len(keys) < 2:
        raise DataError(f"{len(notes)} notes of {len(keys)} group(s) cannot be split: at least two groups are needed")
    rng = random.Random(f"split:{seed}")
    count = min(max(1, round(held_out * len(keys))), len(keys) - 1)
    draws = (set(rng.sample(keys, count)) for _ in range(_DRAWS))
    kept = min(draws, key=lambda drawn: _imbalance(notes, drawn) + cost(drawn))
    return (
        tuple(note for note in notes if _split_key(note) not in kept),
        tuple(note for note in notes if _split_key(note) in kept),
    )


def _imbalance(notes: Sequence[Note], kept: Set[str]) -> float:
    """How far the error types of the notes kept are from those of all notes; 0 for the same shares."""
    every = Counter(note.error_type for note in notes)
    some = Counter(note.error_type for note in notes if _split_key(note) in kept)
    return sum(abs(some[kind] / some.total() - every[kind] / every.total()) for kind in every)


def limit_by_group(notes: Sequence[Note], count: int, seed: int) -> tuple[Note, ...]:
    """At most ``count`` notes by whole twin groups, in the order given.

    As many error notes as clean ones as far as that goes: twins first, then what stands alone. The error types
    take turns, so that a small choice holds all of them.
    """
    if count >= len(notes):
        return tuple(notes)
    chosen: set[str] = set()
    room = count
    for group in _by_type_in_turn(_groups(notes), seed):
        if len(group) <= room:
            chosen.add(group[0].group)
            room -= len(group)
    return tuple(note for note in notes if note.group in chosen)


def _split_key(note: Note) -> str:
    return note.condition or note.group


def _groups(notes: Iterable[Note]) -> list[list[Note]]:
    groups: dict[str, list[Note]] = defaultdict(list)
    for note in notes:
        groups[note.group].append(note)
    return list(groups.values())


def _by_type_in_turn(groups: list[list[Note]], seed: int) -> list[list[Note]]:
    """Balanced groups first, each part shuffled, with the error types one after the other."""
    random.Random(f"limit:{seed}").shuffle(groups)
    turns: dict[tuple[bool, ErrorType | None], int] = defaultdict(int)
    ranked: list[tuple[bool, int, list[Note]]] = []
    for group in groups:
        errors = [note for note in group if note.has_error]
        key = (2 * len(errors) != len(group), errors[0].error_type if errors else None)
        ranked.append((key[0], turns[key], group))
        turns[key] += 1
    return [group for _, _, group in sorted(ranked, key=lambda entry: entry[:2])]
