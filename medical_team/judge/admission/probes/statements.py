"""Statements of synthetic notes that the table of facts knows, and how to say them otherwise."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from medical_team.data.synthetic.facts import Fact
from medical_team.data.synthetic.table import BY_NAME
from medical_team.data.synthetic.wording import FRAMES, canonical, read_statement
from medical_team.types import ErrorType, Note


@dataclass(frozen=True, slots=True)
class Stated:
    """A right statement of a note.

    Attributes:
        sentence_id: Where it stands.
        kind: What kind of fact it states.
        term: The term, as the table writes it.
        fact: What the table says about this kind for this patient.
        pronoun: Of the patient.
    """

    sentence_id: int
    kind: ErrorType
    term: str
    fact: Fact
    pronoun: str

    def said_of(self, term: str, rng: random.Random, unlike: str) -> str:
        """The same kind of statement about a term, in a frame in which it does not read like the sentence given."""
        worded = [frame.replace("{He}", self.pronoun).replace("{term}", term) for frame in FRAMES[self.kind]]
        return rng.choice([text for text in worded if canonical(text) != canonical(unlike)])


def stated_in(note: Note) -> Iterator[Stated]:
    """The right statements of a note without an error, in order; nothing for notes that were not composed here."""
    condition = BY_NAME.get(note.condition or "")
    if condition is None:
        return
    pronoun = "She" if any(word in note.sentences[0].split() for word in ("woman", "girl")) else "He"
    for place, sentence in enumerate(note.sentences):
        statement = read_statement(sentence)
        fact = condition.fact(statement.kind) if statement else None
        if statement is None or fact is None:
            continue
        term = next((one for one in fact.accepted if canonical(one) == statement.term), None)
        if term is not None:
            yield Stated(place, statement.kind, term, fact, pronoun)
