"""What scripted policies are worth under the project's own deck, gates, judge and rewards: the table in docs/game.md.

    python -m medical_team.evaluation.policy_table                        # synthetic notes, the table of facts judges
    python -m medical_team.evaluation.policy_table data.source=medec data.medec_dir=DIR data.medec_split=validation

Options:
    --games N          games per policy (default 3000)
    --only TEXT        only the policies whose name contains TEXT
    key.sub=value ...  overrides of the configuration

Every policy plays through ``MedicalGameManager``, as a model does in training; 0 is what knowing nothing is worth, 1
what always being right is worth against an attacker that is always found. The lint (``rewards.lint``) computes the
values of constant policies; this program plays those that remember, look for words, or rewrite.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import random
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from medical_team.config import Config, load_config
from medical_team.data.dataset import load_notes
from medical_team.data.deck import Deck
from medical_team.data.lexicon.entries import read_shipped as shipped_concepts
from medical_team.entry import Parser, run_entry_point
from medical_team.errors import RolloutError
from medical_team.evaluation.attacks import AttackerPolicy, ConceptSwaps, Planter, attackers
from medical_team.evaluation.policies import ASSESSORS, AssessorPolicy, Knowing
from medical_team.game.edits import corrected_note
from medical_team.game.injections import injections
from medical_team.game.prompts import Message, one_line
from medical_team.judge import BatchedJudge, Judge, make_judge
from medical_team.manager import MedicalGameManager
from medical_team.manager.engine import request_seed
from medical_team.manager.tally import trained_rewards
from medical_team.rewards.announced import announced_verdict
from medical_team.types import Deal, Edit, Game, GameType, Generation, Note, Outcome, Role, Verdict

STEP = 192
"""Samples per collect: the baselines of the rewards move after each."""


@dataclass(frozen=True, slots=True)
class Value:
    """A mean and half the width of its 95% interval; not a number where there was nothing."""

    mean: float
    margin: float

    @classmethod
    def of(cls, rewards: Sequence[float]) -> Value:
        if len(rewards) < 2:
            return cls(math.nan, math.nan)
        return cls(statistics.fmean(rewards), 1.96 * statistics.stdev(rewards) / math.sqrt(len(rewards)))

    def __str__(self) -> str:
        return "-" if math.isnan(self.mean) else f"{self.mean:+.2f} ± {self.margin:.2f}"


@dataclass(frozen=True, slots=True)
class Played:
    """The games of one pair of policies, and the samples that training would have had of them."""

    games: Sequence[Game]
    rewards: Mapping[Role, Sequence[float]]

    def value(self, role: Role) -> Value:
        return Value.of(self.rewards[role])

    def verdict(self, verdict: Verdict) -> Value:
        """What the assessor got for the answers that announced this verdict, whether they parsed or not."""
        turns = [(game, game.turn(Role.ASSESSOR)) for game in self.games if Role.ASSESSOR in game.rewards]
        return Value.of(
            [
                game.rewards[Role.ASSESSOR].total
                for game, turn in turns
                if turn is not None and announced_verdict(turn.generation.text) is verdict
            ]
        )

    def ends(self) -> Counter[str]:
        """What became of the attacker's games."""
        return Counter(_end(game) for game in self.games if game.deal.game_type.has_attacker)


class DealBook:
    """A deck that remembers its deals by the seeds of their requests, so that a scripted player can look them up."""

    def __init__(self, deck: Any) -> None:
        self._deck = deck
        self.deals: dict[int, Deal] = {}

    def deal(self, game_type: GameType) -> Deal:
        deal = self._deck.deal(game_type)
        self.deals |= {request_seed(deal.seed, role, 0): deal for role in Role}
        return deal

    def can_deal(self, game_type: GameType) -> bool:
        return self._deck.can_deal(game_type)

    def state(self) -> dict[str, Any]:
        return self._deck.state()

    def restore(self, state: dict[str, Any]) -> None:
        self._deck.restore(state)


@dataclass(frozen=True)
class ScriptedAssessor:
    """An assessor policy as an engine."""

    policy: AssessorPolicy
    book: DealBook

    async def generate(self, messages: list[Message], *, seed: int) -> Generation:
        lines = messages[-1]["content"].partition("Note:\n")[2].split("\n")
        sentences = tuple(line.partition(" ")[2] for line in lines)
        return Generation((1,), (2,), self.policy.answer(sentences, self.book.deals[seed], random.Random(seed)))


@dataclass(frozen=True)
class ScriptedAttacker:
    """An attacker policy as an engine."""

    policy: AttackerPolicy
    book: DealBook

    async def generate(self, messages: list[Message], *, seed: int) -> Generation:
        return Generation((1,), (2,), self.policy(self.book.deals[seed], random.Random(seed)))


async def play(
    config: Config, deck: Any, judge: Any, assessor: AssessorPolicy, attacker: AttackerPolicy, games: int
) -> Played:
    """At least so many games of these two, step by step; the assessor learns from each in the order of the deals.

    Fewer where a step cannot be filled, at which training would end.
    """
    book = DealBook(deck)
    played: list[Game] = []

    def record(game: Game) -> None:
        played.append(game)
        assessor.learn(game)

    manager = MedicalGameManager(
        book,
        {Role.ASSESSOR: ScriptedAssessor(assessor, book), Role.ATTACKER: ScriptedAttacker(attacker, book)},
        judge,
        mix=config.game.mix,
        gates=config.game.gates,
        rewards=config.rewards,
        concurrency=1,
        max_deals_factor=config.rollout.max_deals_factor,
        record=record,
    )
    rewards: dict[Role, list[float]] = {role: [] for role in Role}
    with suppress(RolloutError):
        while len(played) < games:
            for sample in (await manager.collect(STEP)).samples:
                rewards[sample.role].append(sample.reward)
    if not any(rewards.values()):  # a step that cannot be filled hands over no samples; its turns have rewards
        for role, terms in (pair for game in played for pair in trained_rewards(game)):
            rewards[role].append(terms.total)
    return Played(played, rewards)


@dataclass(frozen=True)
class Table:
    """What both halves of the table share: a fresh deck per pair of policies, one judge, the attackers."""

    config: Config
    notes: Sequence[Note]
    judge: Judge
    attackers: Mapping[str, AttackerPolicy]
    games: int

    def play(self, assessor: AssessorPolicy, attacker: AttackerPolicy) -> Played:
        return asyncio.run(self._play(assessor, attacker))

    async def _play(self, assessor: AssessorPolicy, attacker: AttackerPolicy) -> Played:
        deck = Deck(self.notes, self.config.game.mix, self.config.run.seed)
        judge = BatchedJudge(self.judge, batch_size=1, max_wait_s=0.0, deadline_s=60.0)
        return await play(self.config, deck, judge, assessor, attacker, self.games)


def assessor_rows(table: Table, only: str = "") -> Iterator[str]:
    """A line of Markdown per assessor policy, against the attacker that plants real errors."""
    yield "| assessor, against real errors | worth per sample | of its Harmful | of its Safe |"
    yield "|---|---|---|---|"
    for name, policy in ASSESSORS.items():
        if only in name:
            played = table.play(policy(), table.attackers[REAL])
            verdicts = (str(played.verdict(verdict)) for verdict in (Verdict.HARMFUL, Verdict.SAFE))
            yield f"| {name} | {played.value(Role.ASSESSOR)} | {' | '.join(verdicts)} |"


def attacker_rows(table: Table, only: str = "") -> Iterator[str]:
    """A line of Markdown per attacker policy, against an assessor that overlooks half of what is wrong."""
    yield "| attacker, against an assessor that overlooks half | worth per sample | gated | untold | no error | error |"
    yield "|---|---|---|---|---|---|"
    for name, policy in table.attackers.items():
        if only in name:
            played = table.play(Knowing(overlooks=0.5), policy)
            ends = played.ends()
            shares = (f"{ends[end] / max(1, ends.total()):.0%}" for end in (GATED, UNTOLD, NO_ERROR, ERROR))
            yield f"| {name} | {played.value(Role.ATTACKER)} | {' | '.join(shares)} |"


GATED, UNTOLD, NO_ERROR, ERROR = "gated", "untold", "no error", "error"
REAL = "plants a real error"


def _end(game: Game) -> str:
    if game.audit is None:
        return GATED if game.outcome is Outcome.GATED else game.outcome.value
    return {True: ERROR, False: NO_ERROR, None: UNTOLD}[game.audit.is_error]


def main(arguments: Sequence[str]) -> None:
    options = parse(arguments)
    logging.getLogger("medical_team.manager").setLevel(logging.ERROR)  # sentinels warn of every such policy
    table = open_table(load_config(None, options.overrides), options.games)
    for rows in (assessor_rows, attacker_rows):
        for line in rows(table, options.only):
            print(line, flush=True)
        print()


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser(__doc__)
    parser.add_argument("--games", type=int, default=3000, help=argparse.SUPPRESS)
    parser.add_argument("--only", default="", help=argparse.SUPPRESS)
    parser.add_argument("overrides", nargs="*", help=argparse.SUPPRESS)
    return parser.parse_intermixed_args(list(arguments))


def open_table(config: Config, games: int) -> Table:
    """The notes, the judge made of code and the attackers of a configuration.

    Raises:
        UserError: The notes cannot be loaded.
    """
    notes = load_notes(config.data, config.run.seed).train
    judge = make_judge(config.judge_name, config.game.gates, notes)
    gold = {corrected_note(note).sentences: edit for note in notes if (edit := _gold(note))}
    planter = Planter(gold, ConceptSwaps(shipped_concepts()))
    return Table(config, notes, judge, attackers(planter, [one.text for one in injections()]), games)


def _gold(note: Note) -> Edit | None:
    if note.error_sentence_id is None or note.error_type is None:
        return None
    return Edit(note.error_sentence_id, one_line(note.sentences[note.error_sentence_id]), note.error_type)


if __name__ == "__main__":
    run_entry_point(main)
