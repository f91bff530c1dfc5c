"""Remembers the newest edits of a run by fingerprints, to tell when an attacker repeats itself. No text is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from medical_team.game.wording import changes, normalise, words
from medical_team.types import Game

# Of two fingerprints an edit: the newest thousand edits, some 40 kB in a checkpoint.
REMEMBERED = 2048


class EditMemory:
    """The fingerprints of the newest edits, oldest first."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}

    def repeats(self, game: Game) -> bool:
        """Whether the game's edit is one that was seen before; from now on it is.

        Seen before: the same sentence written into the same note, or the same words put in the place of the same
        words of any note, both up to case, blanks and punctuation.
        """
        prints = fingerprints(game)
        seen = any(one in self._known for one in prints)
        for one in prints:
            self._known.pop(one, None)
            self._known[one] = None
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        return seen

    def state(self) -> list[str]:
        return list(self._known)

    def restore(self, state: Sequence[str]) -> None:
        self._known = dict.fromkeys(state)


def fingerprints(game: Game) -> tuple[str, str]:
    """Of an edit that passed the gates: by note and by replaced words."""
    assert game.edit is not None and game.shown is not None and game.shown.corrected_sentence is not None
    swaps = changes(words(game.shown.corrected_sentence), words(game.edit.replacement))
    on_note = (game.deal.note.note_id, normalise(game.edit.replacement))
    return _digest("note", *on_note), _digest("words", *(f"{swap.before}{swap.after}" for swap in swaps))


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(errors="surrogatepass"), digest_size=6).hexdigest()
