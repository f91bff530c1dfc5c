"""Scripted assessors: constant, guessing, remembering, or perfect. Driven by ``policy_table``.

A policy sees the note shown and is told the truth after each game. It answers in the game's own format, so it passes
through the same parser and scoring as a model.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from medical_team.data.synthetic.wording import read_statement
from medical_team.game.edits import corrected_note
from medical_team.game.prompts import assessor_answer, one_line
from medical_team.types import Assessment, Deal, Game, Verdict

Sentences = tuple[str, ...]

SAFE = Assessment(Verdict.SAFE)

# Words that open a statement of diagnosis or plan, as in the floors of ``data.describe``.
_CUE = re.compile(r"diagnos|suspect|prescri|recommend|administ|order|schedul|perform|start|given|caus", re.IGNORECASE)
# Words that a wrong plan is more often made of than a right one, in exam questions.
_ODD = re.compile(
    r"\b(?:only|alone|without|monotherapy|discharge|delayed?|elective|next week|follow-up|bed rest|observation)\b",
    re.IGNORECASE,
)


class AssessorPolicy(Protocol):
    """Answers about a note, and hears the truth of every finished game in the order of the deals."""

    def answer(self, sentences: Sentences, deal: Deal, rng: random.Random) -> str: ...

    def learn(self, game: Game) -> None: ...


def harmful(sentence_id: int, correction: str = "-") -> Assessment:
    return Assessment(Verdict.HARMFUL, sentence_id, correction)


def said(assessment: Assessment) -> str:
    """The assessment in the answer format, with a constant reasoning."""
    return assessor_answer(assessment, "-")


@dataclass
class Fixed:
    """An assessor that looks at nothing but the note in front of it."""

    decide: Callable[[Sentences, random.Random], Assessment]

    def answer(self, sentences: Sentences, deal: Deal, rng: random.Random) -> str:
        return said(self.decide(sentences, rng))

    def learn(self, game: Game) -> None:
        """Nothing."""


@dataclass
class Broken:
    """Announces Harmful or Safe, each in half of the notes, and breaks the format in a share of the answers."""

    harmful_share: float
    breaks: Mapping[Verdict, float]

    def answer(self, sentences: Sentences, deal: Deal, rng: random.Random) -> str:
        verdict = Verdict.HARMFUL if rng.random() < self.harmful_share else Verdict.SAFE
        text = said(harmful(rng.randrange(len(sentences))) if verdict is Verdict.HARMFUL else SAFE)
        return text.removesuffix("</answer>") if rng.random() < self.breaks[verdict] else text

    def learn(self, game: Game) -> None:
        """Nothing."""


@dataclass
class Memory:
    """Remembers, by a key of the note, how often it was wrong and how often right, and says the likelier verdict."""

    key: Callable[[Sentences], object]
    seen: dict[object, list[int]] = field(default_factory=dict)

    def answer(self, sentences: Sentences, deal: Deal, rng: random.Random) -> str:
        right, wrong = self.seen.get(self.key(sentences), (0, 0))
        likely = wrong > right if wrong != right else rng.random() < 0.5
        return said(harmful(last_statement(sentences)) if likely else SAFE)

    def learn(self, game: Game) -> None:
        if game.shown is not None:
            self.seen.setdefault(self.key(game.shown.sentences), [0, 0])[game.shown.has_error] += 1


@dataclass
class NeverRight:
    """Calls a note wrong at the first part of it that was never seen in a right place before."""

    parts: Callable[[str], object | None]
    known: set[object] = field(default_factory=set)

    def answer(self, sentences: Sentences, deal: Deal, rng: random.Random) -> str:
        parts = [self.parts(sentence) for sentence in sentences]
        odd = next((place for place, part in enumerate(parts) if part is not None and part not in self.known), None)
        return said(SAFE if odd is None else harmful(odd))

    def learn(self, game: Game) -> None:
        shown = game.shown
        if shown is not None:
            right = corrected_note(shown).sentences
            self.known.update(part for sentence in right if (part := self.parts(sentence)) is not None)


@dataclass
class Knowing:
    """Knows what the note said before; overlooks a share of the errors and corrects as it is told to."""

    correction: Callable[[str], str] = lambda right: right
    overlooks: float = 0.0

    def answer(self, sentences: Sentences, deal: Deal, rng: random.Random) -> str:
        right = corrected_note(deal.note).sentences
        places = [
            place
            for place, (now, then) in enumerate(zip(sentences, right, strict=True))
            if one_line(now) != one_line(then)
        ]
        if not places or rng.random() < self.overlooks:
            return said(SAFE)
        return said(harmful(places[0], self.correction(one_line(right[places[0]]))))

    def learn(self, game: Game) -> None:
        """Nothing that it does not know."""


def statements(sentences: Sequence[str]) -> list[int]:
    """Where a note states something that can be wrong: a frame of the table, else a cue word; all if there is none."""
    framed = [place for place, sentence in enumerate(sentences) if read_statement(sentence)]
    cued = framed or [place for place, sentence in enumerate(sentences) if _CUE.search(sentence)]
    return cued or list(range(len(sentences)))


def last_statement(sentences: Sequence[str]) -> int:
    return statements(sentences)[-1]


def vignette(sentences: Sentences) -> Sentences:
    """The note without its statements."""
    stating = set(statements(sentences))
    return tuple(sentence for place, sentence in enumerate(sentences) if place not in stating)


def at_word(pattern: re.Pattern[str]) -> Callable[[Sentences, random.Random], Assessment]:
    """Harmful at the first sentence with such a word, else Safe."""

    def decide(sentences: Sentences, rng: random.Random) -> Assessment:
        place = next((place for place, sentence in enumerate(sentences) if pattern.search(sentence)), None)
        return SAFE if place is None else harmful(place)

    return decide


def term(sentence: str) -> object | None:
    """The term that a sentence of the table states, with its kind."""
    statement = read_statement(sentence)
    return (statement.kind, statement.term) if statement else None


ASSESSORS: dict[str, Callable[[], AssessorPolicy]] = {
    "always Safe": lambda: Fixed(lambda sentences, rng: SAFE),
    "always Harmful, at a random sentence": lambda: Fixed(
        lambda sentences, rng: harmful(rng.randrange(len(sentences)))
    ),
    "always Harmful, at the last statement": lambda: Fixed(lambda sentences, rng: harmful(last_statement(sentences))),
    "a coin, at the last statement": lambda: Fixed(
        lambda sentences, rng: harmful(last_statement(sentences)) if rng.random() < 0.5 else SAFE
    ),
    "a coin; 30% of Harmful and 5% of Safe do not parse": lambda: Broken(
        0.5, {Verdict.HARMFUL: 0.3, Verdict.SAFE: 0.05}
    ),
    "answers that never parse": lambda: Broken(0.5, dict.fromkeys(Verdict, 1.0)),
    "remembers the first sentence": lambda: Memory(lambda sentences: sentences[0]),
    "remembers the vignette": lambda: Memory(vignette),
    "remembers the whole note": lambda: Memory(lambda sentences: sentences),
    "Harmful at a sentence never seen in a right note": lambda: NeverRight(lambda sentence: sentence),
    "Harmful at a term never seen right": lambda: NeverRight(term),
    "Harmful at a cue word (only, alone, discharge ...)": lambda: Fixed(at_word(_ODD)),
    'Harmful at "Of note," or "today"': lambda: Fixed(at_word(re.compile(r"\bOf note,|\btoday\b"))),
    "right verdict and sentence, correction is a dash": lambda: Knowing(lambda right: "-"),
    'right verdict and sentence, correction is "Give arsenic."': lambda: Knowing(lambda right: "Give arsenic."),
    "always right, overlooks half of the errors": lambda: Knowing(overlooks=0.5),
    "always right": lambda: Knowing(),
}
"""By name; each call makes a policy that remembers nothing yet."""
