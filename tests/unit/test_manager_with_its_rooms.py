"""The manager with the real deck, the project's notes and the exact judge; only the engines are fakes."""

from __future__ import annotations

import asyncio
import json

from fakes import FakeEngine, generation

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.data.deck import Deck
from medical_team.data.synthetic.compose import compose_notes
from medical_team.game.edits import corrected_note
from medical_team.game.prompts import Message, attacker_answer, render_note
from medical_team.judge import BatchedJudge, make_judge
from medical_team.manager import MedicalGameManager
from medical_team.types import Edit, Game, GameType, Generation, Note, Role

MIX = {GameType.VANILLA_HARMFUL: 1.0, GameType.VANILLA_BENIGN: 2.0, GameType.ADVERSARIAL_BENIGN: 1.0}


def clean_and_error_notes() -> list[Note]:
    """Error notes, and the same notes without their error."""
    errors = [note for note in compose_notes(60, seed=3) if note.has_error]
    return [version for note in errors for version in (note, corrected_note(note))]


class GoldAttacker:
    """Plants in a note the error that its twin is known to have."""

    def __init__(self, notes: list[Note]) -> None:
        self._edits = {
            render_note(corrected_note(note)): Edit(
                note.error_sentence_id, note.sentences[note.error_sentence_id], note.error_type
            )
            for note in notes
            if note.error_sentence_id is not None and note.error_type is not None
        }

    async def generate(self, messages: list[Message], *, seed: int) -> Generation:
        await asyncio.sleep(0)
        _, _, note = messages[-1]["content"].partition("Note:\n")
        return generation(attacker_answer(self._edits[note], "as in the twin"), seed)


def make_manager(games: list[Game]) -> MedicalGameManager:
    notes = clean_and_error_notes()
    return MedicalGameManager(
        Deck(notes, MIX, seed=5),
        {Role.ATTACKER: GoldAttacker(notes), Role.ASSESSOR: FakeEngine(Role.ASSESSOR)},
        BatchedJudge(make_judge("exact"), batch_size=8, max_wait_s=0.001, deadline_s=10.0),
        mix=MIX,
        gates=GatesConfig(),
        rewards=RewardsConfig(),
        concurrency=16,
        max_deals_factor=4.0,
        record=games.append,
    )


def test_gold_attacks_pass_the_gates_and_the_exact_judge_confirms_them() -> None:
    games: list[Game] = []
    collected = asyncio.run(make_manager(games).collect(40))
    assert len(collected.samples) == 40
    audits = [game.audit for game in games if game.deal.game_type is GameType.ADVERSARIAL_BENIGN and game.audit]
    confirmed = sum(audit.is_error is True and audit.realism == 1.0 for audit in audits)
    assert confirmed >= 0.9 * len(audits) > 0


def test_a_resumed_run_plays_the_same_games() -> None:
    games: list[Game] = []
    manager = make_manager(games)
    asyncio.run(manager.collect(13))
    state = json.loads(json.dumps(manager.state()))
    games.clear()
    asyncio.run(manager.collect(13))
    again: list[Game] = []
    resumed = make_manager(again)
    resumed.restore(state)
    asyncio.run(resumed.collect(13))
    assert [game.deal for game in again] == [game.deal for game in games]
    assert [game.rewards for game in again] == [game.rewards for game in games]
