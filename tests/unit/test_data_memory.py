"""What remembering is worth on the real deck: policies that know every earlier note and its truth, and no medicine."""

from __future__ import annotations

import os
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path

import pytest

from medical_team.config import DataConfig, load_config
from medical_team.data.dataset import load_notes
from medical_team.data.deck import Deck
from medical_team.data.synthetic.table import BY_NAME
from medical_team.data.synthetic.wording import FRAMES, read_statement
from medical_team.game import RULES
from medical_team.game.edits import corrected_note
from medical_team.manager.quotas import EvenSequence
from medical_team.rewards.pricing import class_prices
from medical_team.types import Deal, Edit, ErrorType, Note, Verdict, harmful_share

MIX = load_config().game.mix
PRICES = class_prices(harmful_share(MIX))
SEED = 17

Attacker = Callable[[Deal, random.Random], Edit]


def synthetic() -> Sequence[Note]:
    return load_notes(DataConfig(), SEED).train


def medec(tmp_path: Path) -> Sequence[Note]:
    if not os.environ.get("MEDEC_DIR"):
        pytest.skip("MEDEC_DIR is not set")
    config = DataConfig(
        source="medec", medec_dir=Path(os.environ["MEDEC_DIR"]), medec_split="validation", cache_dir=tmp_path
    )
    return load_notes(config, SEED).train


def put_wrong_term(deal: Deal, rng: random.Random) -> Edit:
    """A listed wrong term of the condition, in any statement."""
    base = corrected_note(deal.note)
    place = rng.choice([place for place, sentence in enumerate(base.sentences) if read_statement(sentence)])
    statement = read_statement(base.sentences[place])
    assert statement is not None
    fact = BY_NAME[base.condition or ""].fact(statement.kind)
    assert fact is not None
    frame = rng.choice(FRAMES[statement.kind]).replace("{He}", rng.choice(("He", "She")))
    return Edit(place, frame.replace("{term}", rng.choice(list(fact.wrong))), statement.kind)


def put_gold_error(notes: Sequence[Note]) -> Attacker:
    """The note's own gold error; in a clean note one of another case."""
    gold = {note.group: note for note in notes if note.has_error}
    others = list(gold.values())

    def attack(deal: Deal, rng: random.Random) -> Edit:
        donor = deal.note if deal.note.has_error else rng.choice(others)
        assert donor.error_sentence_id is not None
        place = min(donor.error_sentence_id, len(deal.note.sentences) - 1)
        return Edit(place, donor.sentences[donor.error_sentence_id], donor.error_type or ErrorType.DIAGNOSIS)

    return attack


def showings(notes: Sequence[Note], attacker: Attacker, games: int) -> Iterator[Note]:
    """The notes that the assessor sees, with their truth."""
    deck, sequence, rng = Deck(notes, MIX, SEED), EvenSequence(MIX), random.Random(SEED)
    for _ in range(games):
        game_type = sequence.next()
        deal = deck.deal(game_type)
        yield RULES[game_type].shown(deal, attacker(deal, rng) if game_type.has_attacker else None)


class Memory:
    """Verdicts by what was true of the same key before; ``value`` has the mean reward of every way to use that."""

    def __init__(self, key: Callable[[Note], Hashable]) -> None:
        self._key = key
        self._seen: dict[Hashable, Counter[Verdict]] = defaultdict(Counter)
        self._last: dict[Hashable, Verdict] = {}
        self._rewards: dict[str, float] = defaultdict(float)
        self._games = 0

    def play(self, note: Note) -> None:
        key = self._key(note)
        seen, last = self._seen[key], self._last.get(key)
        lean = seen[Verdict.HARMFUL] - seen[Verdict.SAFE]
        self._games += 1
        for default in Verdict:
            says = {
                "as last time": last == Verdict.HARMFUL if last else None,
                "the opposite of last time": last == Verdict.SAFE if last else None,
                "as most often": lean > 0 if lean else None,
                "as least often": lean < 0 if lean else None,
            }
            for way, harmful in says.items():
                verdict = default if harmful is None else Verdict.HARMFUL if harmful else Verdict.SAFE
                self._rewards[f"{way}, else {default}"] += reward(verdict, note)
        seen[note.truth] += 1
        self._last[key] = note.truth

    @property
    def value(self) -> float:
        return max(self._rewards.values()) / self._games


class Unseen:
    """Harmful where there is a part that no right sentence had before."""

    def __init__(self, parts: Callable[[str], Hashable | None]) -> None:
        self._parts = parts
        self._right: set[Hashable] = set()
        self._reward = 0.0
        self._games = 0

    def play(self, note: Note) -> None:
        parts = {self._parts(sentence) for sentence in note.sentences} - {None}
        verdict = Verdict.HARMFUL if parts - self._right else Verdict.SAFE
        self._reward += reward(verdict, note)
        self._games += 1
        self._right |= {self._parts(sentence) for sentence in corrected_note(note).sentences}

    @property
    def value(self) -> float:
        return self._reward / self._games


def reward(verdict: Verdict, note: Note) -> float:
    """Of a verdict, as if it always named the right sentence: more than any policy gets."""
    return PRICES.of(note.truth) * (1 if verdict is note.truth else -1)


def statement_of(sentence: str) -> Hashable | None:
    return sentence if read_statement(sentence) else None


def worth(notes: Sequence[Note], attacker: Attacker, games: int) -> dict[str, float]:
    policies = {
        "first sentence": Memory(lambda note: note.sentences[0]),
        "vignette": Memory(lambda note: note.group),
        "whole note": Memory(lambda note: note.sentences),
        "unseen sentence": Unseen(lambda sentence: sentence),
        "unseen statement": Unseen(statement_of),
        "unseen term": Unseen(read_statement),
    }
    for note in showings(notes, attacker, games):
        for policy in policies.values():
            policy.play(note)
    return {name: policy.value for name, policy in policies.items()}


@pytest.mark.parametrize("source", ["synthetic", "medec"])
def test_remembering_the_case_is_worth_nothing(source: str, tmp_path: Path) -> None:
    notes = synthetic() if source == "synthetic" else medec(tmp_path)
    values = worth(notes, put_wrong_term if source == "synthetic" else put_gold_error(notes), 6000)
    assert values["first sentence"] <= 0.05 and values["vignette"] <= 0.05, values
    if source == "synthetic":
        assert values["whole note"] <= 0.1 and values["unseen sentence"] <= 0.1, values


def test_a_term_that_was_never_right_before_is_no_sign_of_an_error() -> None:
    values = worth(synthetic(), put_wrong_term, 6000)
    assert values["unseen statement"] <= 0.1 and values["unseen term"] <= 0.1, values
