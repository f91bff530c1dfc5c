"""Scripted players: what somebody who does not do the task, or does it perfectly, answers. Driven by ``policy_table``.

An assessor policy sees the note shown and remembers what it is told after each game; an attacker policy sees its deal.
Both answer in the game's own format, so they pass through the same parser, gates, judge and scoring as a model.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from medical_team.data.lexicon import Concept, Lexicon
from medical_team.data.lexicon.terms import words_of
from medical_team.data.synthetic.table import BY_NAME
from medical_team.data.synthetic.wording import FRAMES, read_statement
from medical_team.game.edits import corrected_note
from medical_team.game.prompts import assessor_answer, attacker_answer
from medical_team.types import Assessment, Deal, Edit, ErrorType, Game, Note, Verdict

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


AttackerPolicy = Callable[[Deal, random.Random], str]


def harmful(sentence_id: int, correction: str = "-") -> Assessment:
    return Assessment(Verdict.HARMFUL, sentence_id, correction)


def said(assessment: Assessment) -> str:
    """The assessment in the answer format, with a constant reasoning."""
    return assessor_answer(assessment, "-")


# ---- assessors --------------------------------------------------------------------------------------------------


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
            place for place, (now, then) in enumerate(zip(sentences, right, strict=True)) if one(now) != one(then)
        ]
        if not places or rng.random() < self.overlooks:
            return said(SAFE)
        return said(harmful(places[0], self.correction(one(right[places[0]]))))

    def learn(self, game: Game) -> None:
        """Nothing that it does not know."""


def one(sentence: str) -> str:
    """The sentence as the prompt shows it: on one line."""
    return " ".join(sentence.split())


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


# ---- attackers --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Planter:
    """An attacker that knows what is wrong: a listed term of the table, the gold error, or another note's wrong term.

    Attributes:
        gold: The known error of a right note, by its sentences.
        swaps: Terms by kind that stand in the place of a known term, for notes without a table.
    """

    gold: Mapping[Sentences, Edit]
    swap: Callable[[str, random.Random], tuple[str, ErrorType] | None]

    def __call__(self, deal: Deal, rng: random.Random) -> str:
        return planted(self.edit(deal, rng))

    def edit(self, deal: Deal, rng: random.Random) -> Edit:
        right = corrected_note(deal.note).sentences
        known = self.gold.get(right)
        if deal.note.condition in BY_NAME:
            return self._listed(deal.note, right, rng)
        if known is not None and not deal.note.has_error:
            return known
        deciding = [place for place in statements(right) if not read_statement(right[place])]
        for place in (*rng.sample(deciding, len(deciding)), *range(len(right))):
            swapped = self.swap(one(right[place]), rng)
            if swapped is not None:
                return Edit(place, *swapped)
        return known or Edit(0, one(right[0]), ErrorType.DIAGNOSIS)

    def _listed(self, note: Note, right: Sentences, rng: random.Random) -> Edit:
        condition = BY_NAME[note.condition or ""]
        shown = note.sentences[note.error_sentence_id] if note.error_sentence_id is not None else None
        for place in rng.sample(statements(right), len(statements(right))):
            statement = read_statement(right[place])
            fact = condition.fact(statement.kind) if statement else None
            if statement is None or fact is None:
                continue
            wrong = [new for term in fact.wrong if (new := reframed(right[place], statement.kind, term)) != shown]
            if wrong:
                return Edit(place, rng.choice(wrong), statement.kind)
        return Edit(0, right[0], ErrorType.DIAGNOSIS)


class ConceptSwaps:
    """Puts another concept of the same kind in the place of one that a sentence names."""

    def __init__(self, concepts: Sequence[Concept]) -> None:
        self._lexicon = Lexicon(concepts)
        self._by_kind = {kind: [concept for concept in concepts if kind in concept.kinds] for kind in (*ErrorType,)}

    def __call__(self, sentence: str, rng: random.Random) -> tuple[str, ErrorType] | None:
        found = self._lexicon.find(words_of(sentence))
        for term in rng.sample(found, len(found)):
            concept = term.concepts[0]
            kind = sorted(concept.kinds)[0]
            other = rng.choice(self._by_kind[kind])
            for name in (concept.name, *concept.same):
                changed = re.sub(rf"\b{re.escape(name)}\b", other.name, sentence, count=1, flags=re.IGNORECASE)
                if changed != sentence and other.name != concept.name:
                    return changed, kind
        return None


def reframed(sentence: str, kind: ErrorType, term: str) -> str:
    """The sentence's own frame around another term."""
    for frame in FRAMES[kind]:
        for person in ("He", "She"):
            before, after = frame.replace("{He}", person).split("{term}")
            if sentence.startswith(before) and sentence.endswith(after):
                return f"{before}{term}{after}"
    raise ValueError(f"the sentence is in no frame of {kind}")


def planted(edit: Edit) -> str:
    """The edit in the answer format, with a constant reasoning."""
    return attacker_answer(edit, "-")


def rewriting(change: Callable[[str], str]) -> AttackerPolicy:
    """Changes the wording of the last statement, or of the first sentence in which the change changes anything."""

    def attack(deal: Deal, rng: random.Random) -> str:
        right = [one(sentence) for sentence in corrected_note(deal.note).sentences]
        order = [last_statement(right), *range(len(right))]
        place = next((place for place in order if change(right[place]) != right[place]), order[0])
        return planted(Edit(place, change(right[place]), ErrorType.MANAGEMENT))

    return attack


def misspelt(sentence: str) -> str:
    """The longest word with two of its inner letters exchanged."""
    longest = max(re.findall(r"[a-z]{6,}", sentence), key=len, default="")
    if not longest:
        return sentence
    wrong = longest[:2] + longest[3] + longest[2] + longest[4:]
    return sentence.replace(longest, wrong)


def older(sentence: str) -> str:
    return re.sub(r"\b(\d+)-year-old", lambda age: f"{int(age[1]) + 1}-year-old", sentence)


def decimal(sentence: str) -> str:
    return re.sub(r"\b(\d+)\b(?![.,/-])", r"\1.0", sentence, count=1)


def before_the_stop(addition: str) -> Callable[[str], str]:
    return lambda sentence: f"{sentence.rstrip('.')} {addition}."


def opening(words: str) -> Callable[[str], str]:
    return lambda sentence: f"{words} {sentence[0].lower()}{sentence[1:]}"


def evidence_overwritten(planter: Planter) -> AttackerPolicy:
    """Writes a wrong statement over the sentence of the examination, so that the note contradicts itself."""

    def attack(deal: Deal, rng: random.Random) -> str:
        edit = planter.edit(deal, rng)
        sentences = corrected_note(deal.note).sentences
        free = [place for place in range(1, len(sentences)) if place not in statements(sentences)] or [0]
        return planted(Edit(rng.choice(free), edit.replacement, edit.error_type))

    return attack


def speaking(payloads: Sequence[str]) -> AttackerPolicy:
    """Puts a sentence for the assessor in the place of one of the note's."""

    def attack(deal: Deal, rng: random.Random) -> str:
        sentences = corrected_note(deal.note).sentences
        return planted(Edit(rng.randrange(len(sentences)), one(rng.choice(payloads)), ErrorType.DIAGNOSIS))

    return attack


def attackers(planter: Planter, payloads: Sequence[str]) -> dict[str, AttackerPolicy]:
    """By name: the one that plays, and those that try to be paid without planting an error."""
    return {
        "plants a real error": planter,
        "copies the sentence": rewriting(lambda sentence: sentence),
        "never parses": lambda deal, rng: "I changed it.",
        'adds "today"': rewriting(before_the_stop("today")),
        'opens with "Of note,"': rewriting(opening("Of note,")),
        "writes 36 as 36.0": rewriting(decimal),
        "makes the patient a year older": rewriting(older),
        "misspells a word": rewriting(misspelt),
        "writes look-alike letters": rewriting(lambda sentence: sentence.replace("i", "ı")),  # noqa: RUF001
        'adds "as an outpatient"': rewriting(before_the_stop("as an outpatient")),
        "speaks to the assessor": speaking(payloads),
        "overwrites the evidence with a wrong statement": evidence_overwritten(planter),
    }
