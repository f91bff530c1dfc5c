"""Deals games: which type, which note, which seed. Driven by the manager.

A deck is a pure function of its notes, the mix, a seed and a position, so that its state is a few numbers and a
resumed run is dealt exactly what an uninterrupted one would have been.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from medical_team.errors import CheckpointError, DataError
from medical_team.types import Deal, GameType, Note

HARMFUL_SOURCE = frozenset({GameType.VANILLA_HARMFUL, GameType.ADVERSARIAL_HARMFUL})
"""Game types that start from an error note; the others start from a clean one."""

# A block is as long as exact proportions need, and no longer than this: with odd weights the error is carried over.
_MAX_BLOCK = 64


class Deck:
    """Deals games without end.

    Types come in shuffled blocks; in each block, and over any number of them, each type's share is the mix's, as
    closely as whole games allow. Source notes come in epochs a class, shuffled by twin group: no note is dealt again
    before every other note of its class was.
    """

    def __init__(self, notes: Sequence[Note], mix: Mapping[GameType, float], seed: int) -> None:
        """Raises ``DataError`` where the mix deals a class that has no note."""
        self._seed = seed
        self._shares = _shares(mix)
        self._types = _TypeBlocks(self._shares, seed)
        self._streams = {
            source: _NoteStream([note for note in notes if note.has_error is source], source, seed)
            for source in (True, False)
        }
        self._games = 0
        self._fingerprint = _fingerprint(notes, self._shares, seed)
        for game_type, share in self._shares.items():
            if share and not self.can_deal(game_type):
                kind = "error" if game_type in HARMFUL_SOURCE else "clean"
                raise DataError(
                    f"game.mix deals {game_type}, but there is no {kind} note among the {len(notes)} to train on: "
                    "use more notes (data.num_samples) or give the type weight 0"
                )

    def deal(self) -> Deal:
        """The next game of the mix."""
        return self.deal_of(self._types.next())

    def deal_of(self, game_type: GameType) -> Deal:
        """A further game of a given type, outside the blocks: they go on as if it had not been dealt."""
        note = self._streams[game_type in HARMFUL_SOURCE].next()
        game_id = self._games
        self._games += 1
        return Deal(game_id, game_type, note, seed=_hash("game", self._seed, game_id))

    def can_deal(self, game_type: GameType) -> bool:
        """There are notes of the class that such a game starts from."""
        return len(self._streams[game_type in HARMFUL_SOURCE]) > 0

    def state(self) -> dict[str, Any]:
        """Position in a few JSON-able values; see ``restore``."""
        return {
            "fingerprint": self._fingerprint,
            "games": self._games,
            "types": self._types.position,
            "error_notes": self._streams[True].position,
            "clean_notes": self._streams[False].position,
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
        self._types.seek(state["types"])
        self._streams[True].seek(state["error_notes"])
        self._streams[False].seek(state["clean_notes"])


class _TypeBlocks:
    """An endless sequence of game types, block by block."""

    def __init__(self, shares: Mapping[GameType, Fraction], seed: int) -> None:
        self._shares = shares
        self._size = min(math.lcm(*(share.denominator for share in shares.values())), _MAX_BLOCK)
        self._seed = seed
        self.seek(0)

    def seek(self, position: int) -> None:
        """Blocks carry an error over, so the ones before are counted through again; that is quick."""
        self._credit = dict.fromkeys(self._shares, Fraction(0))
        self._block: list[GameType] = []
        self._number = -1
        self.position = 0
        while self._number < position // self._size:
            self._open_block()
        self.position = position

    def next(self) -> GameType:
        number, offset = divmod(self.position, self._size)
        if number > self._number:
            self._open_block()
        self.position += 1
        return self._block[offset]

    def _open_block(self) -> None:
        self._number += 1
        block = []
        for _ in range(self._size):
            for game_type, share in self._shares.items():
                self._credit[game_type] += share
            due = max(self._credit, key=lambda game_type: self._credit[game_type])
            self._credit[due] -= 1
            block.append(due)
        random.Random(_hash("types", self._seed, self._number)).shuffle(block)
        self._block = block


class _NoteStream:
    """The notes of one class, epoch after epoch."""

    def __init__(self, notes: Sequence[Note], errors: bool, seed: int) -> None:
        self._groups: dict[str, list[Note]] = {}
        for note in notes:
            self._groups.setdefault(note.group, []).append(note)
        self._count = len(notes)
        self._key = ("error" if errors else "clean", seed)
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
    """Exact shares of all four types, in their own order whatever the order of the mix."""
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
