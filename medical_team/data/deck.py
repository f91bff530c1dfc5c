"""Deals games: which note, which seed, which number. Driven by the manager, whose quotas choose the type.

What is dealt is a pure function of the notes, the seed and the types asked for so far, so that a deck's state is a few
numbers and a resumed run is dealt exactly what an uninterrupted one would have been.

**A note says nothing about its class.** Were error notes only ever shown with an error, remembering the vignette would
be worth as much as reading it. So a clean game starts from an error note's corrected text as often as makes every
vignette's share of showings with an error that of the mix: clean notes have as many clean games as their games of
``adversarial_benign`` ask for, and the rest start from corrected error notes. Where ``vanilla_harmful`` is dealt beyond
its share, it stands in for adversarial games that could not be had, and the clean games follow.

All types that start from error notes draw from one shuffled round of them, and likewise the types of clean notes. The
type that a note meets in a round therefore does not depend on the rounds before it, and counting cards gains nothing
either. Were each note instead dealt its exact share within a fixed number of rounds, "the opposite of last time" would
be right more often than not.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from medical_team.data.fresh import FreshNotes
from medical_team.errors import CheckpointError, DataError
from medical_team.game.edits import corrected_note
from medical_team.types import Deal, GameType, Note, Verdict


class Deck:
    """Deals games without end.

    Source notes come in rounds a class: no note is dealt again before every other note of its class was. With
    ``FreshNotes`` each round has notes of its own, so that no note is dealt twice.
    """

    def __init__(self, notes: Sequence[Note], mix: Mapping[GameType, float], seed: int) -> None:
        """Raises ``DataError`` where the mix has a type that starts from error notes and there are none."""
        self._seed = seed
        self._rounds = {truth: _Rounds(notes, truth, seed) for truth in Verdict}
        self._games = 0
        self._vanilla = Counter[GameType]()
        self._untouched = 0
        shares = _shares(mix)
        self._clean_games_per_error, self._planted_share = _balance(shares)
        self._fingerprint = _fingerprint(notes, shares, seed)
        for game_type, share in shares.items():
            if share and not self.can_deal(game_type):
                raise DataError(
                    f"game.mix deals {game_type}, but there is no error note among the {len(notes)} to train on: "
                    "use more notes (data.num_samples) or give the type weight 0"
                )

    def deal(self, game_type: GameType) -> Deal:
        """The next game, of that type."""
        self._vanilla[game_type] += not game_type.has_attacker
        source = self._source_class(game_type)
        self._untouched += game_type is GameType.VANILLA_BENIGN and source is Verdict.SAFE
        note = self._rounds[source].next()
        if note.truth is not game_type.source_truth:
            note = replace(corrected_note(note), note_id=f"{note.note_id}{CORRECTED}")
        game_id = self._games
        self._games += 1
        return Deal(game_id, game_type, note, seed=_hash("game", self._seed, game_id))

    def can_deal(self, game_type: GameType) -> bool:
        """There are notes that such a game can start from; a clean one may start from a corrected error note."""
        return len(self._rounds[self._source_class(game_type)]) > 0

    def _source_class(self, game_type: GameType) -> Verdict:
        """Which notes such a game draws from now."""
        if game_type.source_truth is Verdict.HARMFUL or not len(self._rounds[Verdict.SAFE]):
            return Verdict.HARMFUL
        if game_type is not GameType.VANILLA_BENIGN or not len(self._rounds[Verdict.HARMFUL]):
            return Verdict.SAFE
        for_vanilla = self._vanilla[GameType.VANILLA_HARMFUL] * self._clean_games_per_error
        due = self._planted_share * (self._vanilla[GameType.VANILLA_BENIGN] - for_vanilla)
        return Verdict.SAFE if self._untouched < due else Verdict.HARMFUL

    def state(self) -> dict[str, Any]:
        """Position in a few JSON-able values; see ``restore``."""
        return {
            "fingerprint": self._fingerprint,
            "games": self._games,
            "vanilla": {str(kind): count for kind, count in self._vanilla.items()},
            "untouched": self._untouched,
            "error_notes": self._rounds[Verdict.HARMFUL].position,
            "clean_notes": self._rounds[Verdict.SAFE].position,
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
        self._games, self._untouched = state["games"], state["untouched"]
        self._vanilla = Counter({GameType(kind): count for kind, count in state["vanilla"].items()})
        self._rounds[Verdict.HARMFUL].position = state["error_notes"]
        self._rounds[Verdict.SAFE].position = state["clean_notes"]


CORRECTED = "-corrected"
"""Ends the id of an error note that is dealt with its correction put in."""


class _Rounds:
    """The notes of one class, round after round, each in an order of its own."""

    def __init__(self, notes: Sequence[Note], truth: Verdict, seed: int) -> None:
        self._notes = notes
        self._truth = truth
        self._seed = seed
        self._round = -1
        self._order: list[Note] = []
        self.position = 0
        self._count = sum(note.truth is truth for note in notes)

    def __len__(self) -> int:
        """Notes of the class in a round; every round has as many."""
        return self._count

    def next(self) -> Note:
        number, offset = divmod(self.position, self._count)
        if number != self._round:
            self._round, self._order = number, self._shuffled(number)
        self.position += 1
        return self._order[offset]

    def _shuffled(self, number: int) -> list[Note]:
        notes = self._notes.round(number) if isinstance(self._notes, FreshNotes) else self._notes
        order = [note for note in notes if note.truth is self._truth]
        random.Random(_hash("notes", self._truth, self._seed, number)).shuffle(order)
        return order


def _balance(shares: Mapping[GameType, Fraction]) -> tuple[Fraction, Fraction]:
    """Clean games for each game with an error; and of the adversarial games, the share that starts from clean notes."""
    clean = shares[GameType.VANILLA_BENIGN]
    planted, moved = shares[GameType.ADVERSARIAL_BENIGN], shares[GameType.ADVERSARIAL_HARMFUL]
    attacked = planted + moved
    return (clean / (1 - clean) if clean < 1 else Fraction(0)), (planted / attacked if attacked else Fraction(0))


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
    made_from = notes.made_from if isinstance(notes, FreshNotes) else ""
    text = repr((seed, sorted((str(kind), str(share)) for kind, share in shares.items()), made_from))
    digest = hashlib.blake2b(text.encode(), digest_size=16)
    for note in notes:
        digest.update(repr((note.note_id, note.group, note.sentences, note.error_sentence_id)).encode())
    return digest.hexdigest()
