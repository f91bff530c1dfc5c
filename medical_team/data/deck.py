"""Deals games: which note, which seed, which number. Driven by the manager, whose quotas choose the type.

What is dealt is a pure function of the notes, the seed and the types asked for so far, so that a deck's state is a few
numbers and a resumed run is dealt exactly what an uninterrupted one would have been.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from medical_team.errors import CheckpointError, DataError
from medical_team.types import Deal, GameType, Note, Verdict

_CLASS = {Verdict.HARMFUL: "error", Verdict.SAFE: "clean"}


class Deck:
    """Deals games without end.

    Source notes come in epochs a class, shuffled by twin group: no note is dealt again before every other note of its
    class was.
    """

    def __init__(self, notes: Sequence[Note], mix: Mapping[GameType, float], seed: int) -> None:
        """Raises ``DataError`` where the mix has a type that starts from a class without notes."""
        self._seed = seed
        self._streams = {
            truth: _NoteStream([note for note in notes if note.truth is truth], truth, seed) for truth in Verdict
        }
        self._games = 0
        shares = _shares(mix)
        self._fingerprint = _fingerprint(notes, shares, seed)
        for game_type, share in shares.items():
            if share and not self.can_deal(game_type):
                kind = _CLASS[game_type.source_truth]
                raise DataError(
                    f"game.mix deals {game_type}, but there is no {kind} note among the {len(notes)} to train on: "
                    "use more notes (data.num_samples) or give the type weight 0"
                )

    def deal(self, game_type: GameType) -> Deal:
        """The next game, of that type."""
        note = self._streams[game_type.source_truth].next()
        game_id = self._games
        self._games += 1
        return Deal(game_id, game_type, note, seed=_hash("game", self._seed, game_id))

    def can_deal(self, game_type: GameType) -> bool:
        """There are notes of the class that such a game starts from."""
        return len(self._streams[game_type.source_truth]) > 0

    def state(self) -> dict[str, Any]:
        """Position in a few JSON-able values; see ``restore``."""
        return {
            "fingerprint": self._fingerprint,
            "games": self._games,
            "error_notes": self._streams[Verdict.HARMFUL].position,
            "clean_notes": self._streams[Verdict.SAFE].position,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where ``state`` was taken.

        Raises:
            CheckpointError: The state belongs to a deck of other notes, another mix or another seed.
        """
        if state.get("fingerprint") != self._fingerprint:
            raise CheckpointError(
                "the checkpoint's deck was dealt from other notes, another game.mix or another run.seed"
            )
        self._games = state["games"]
        self._streams[Verdict.HARMFUL].seek(state["error_notes"])
        self._streams[Verdict.SAFE].seek(state["clean_notes"])


class _NoteStream:
    """The notes of one class, epoch after epoch."""

    def __init__(self, notes: Sequence[Note], truth: Verdict, seed: int) -> None:
        self._groups: dict[str, list[Note]] = {}
        for note in notes:
            self._groups.setdefault(note.group, []).append(note)
        self._count = len(notes)
        self._key = (_CLASS[truth], seed)
        self._epoch = -1
        self._order: list[Note] = []
        self.position = 0

    def __len__(self) -> int:
        return self._count

    def seek(self, position: int) -> None:
        self.position = position

    def next(self) -> Note:
        epoch, offset = divmod(self.position, self._count)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._shuffled(epoch)
        self.position += 1
        return self._order[offset]

    def _shuffled(self, epoch: int) -> list[Note]:
        groups = list(self._groups.values())
        random.Random(_hash("notes", *self._key, epoch)).shuffle(groups)
        return [note for group in groups for note in group]


def _shares(mix: Mapping[GameType, float]) -> dict[GameType, Fraction]:
    """Exact shares of all types, in their own order whatever the order of the mix."""
    weights = {game_type: Fraction(str(mix.get(game_type, 0))) for game_type in GameType}
    total = sum(weights.values())
    return {game_type: weight / total for game_type, weight in weights.items()}


def _hash(*parts: str | int) -> int:
    """A stable number of 63 bits."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def _fingerprint(notes: Sequence[Note], shares: Mapping[GameType, Fraction], seed: int) -> str:
    text = repr((seed, sorted((str(kind), str(share)) for kind, share in shares.items())))
    digest = hashlib.blake2b(text.encode(), digest_size=16)
    for note in notes:
        digest.update(repr((note.note_id, note.group, note.sentences, note.error_sentence_id)).encode())
    return digest.hexdigest()
