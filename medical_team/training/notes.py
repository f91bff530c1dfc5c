"""What a run asks of its notes, and the ones it is evaluated on."""

from __future__ import annotations

import logging

from medical_team.config import Config
from medical_team.data.dataset import NoteSplits
from medical_team.data.deck import CORRECTED, Deck
from medical_team.data.fresh import FreshNotes
from medical_team.errors import DataError
from medical_team.manager.quotas import EvenSequence
from medical_team.planning.batches import games_a_step
from medical_team.rewards import lint_rewards
from medical_team.types import Note, Verdict

logger = logging.getLogger(__name__)

REHEARSED = 1200
"""Games dealt to see what a note's class says of the note shown: shares to within a few hundredths."""

OFTEN = 20
"""Deals of a note over a run above which there is a warning: what is seen so often is remembered instead of read."""


def check_notes_for(config: Config, notes: NoteSplits) -> None:
    """The notes serve this run; nothing is written yet.

    Raises:
        RewardLintError: Remembering which notes have an error of their own would be worth something.
        DataError: The mix deals a class that has no note, or there is no held-out twin pair to evaluate on.
    """
    lint_rewards(config.rewards, config.game.mix, error_shares=_error_shares(config, notes.train)).check()
    _warn_of_repetition(config, notes.train)
    asked = config.evaluation.notes // 2 * 2
    found = len(whole_pairs(notes.held_out, asked))
    if found < asked:
        logger.warning(
            "evaluation.notes = %d, but of %d held-out notes %d come as twin pairs: the evaluation is of these",
            config.evaluation.notes,
            len(notes.held_out),
            found,
        )
    if asked and not found:
        raise DataError(
            f"none of the {len(notes.held_out)} held-out notes come as a twin pair to evaluate on: set "
            "evaluation.notes=0 and evaluation.every=0, or raise data.held_out"
        )


def _error_shares(config: Config, train: tuple[Note, ...]) -> list[float]:
    """Of a rehearsal of the deck: per game, the share of games on notes of its class that show an error."""
    deck, types = Deck(tuple(train), config.game.mix, config.run.seed), EvenSequence(config.game.mix)
    deals = [deck.deal(types.next()) for _ in range(REHEARSED)]
    shown: dict[bool, list[bool]] = {True: [], False: []}
    for deal in deals:
        of_error_note = deal.note.has_error or deal.note.note_id.endswith(CORRECTED)
        shown[of_error_note].append(deal.game_type.shown_truth is Verdict.HARMFUL)
    return [sum(errors) / len(errors) for errors in shown.values() for _ in errors]


def _warn_of_repetition(config: Config, train: tuple[Note, ...]) -> None:
    deals = games_a_step(config) * config.train.steps / len(train)
    if deals > OFTEN and not isinstance(train, FreshNotes):
        logger.warning(
            "each of the %d notes is dealt about %.0f times in train.steps = %d, and text that is seen more than %d "
            "times is remembered instead of read: use more notes or fewer steps, and watch evaluation/reward_gap",
            len(train),
            deals,
            config.train.steps,
            OFTEN,
        )


def whole_pairs(notes: tuple[Note, ...], count: int) -> tuple[Note, ...]:
    """The first ``count`` notes that come as twin pairs, error and clean, in the order they have."""
    groups: dict[str, dict[bool, Note]] = {}
    for note in notes:
        groups.setdefault(note.group, {}).setdefault(note.has_error, note)
    pairs = [tuple(pair.values()) for pair in groups.values() if len(pair) == 2]
    return tuple(note for pair in pairs for note in pair)[: count // 2 * 2]
