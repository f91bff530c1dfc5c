"""Concepts found in a sentence, and how two of them are related."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from functools import cache

from medical_team.data.lexicon.entries import Concept, read_shipped
from medical_team.data.lexicon.terms import Word, is_abbreviation, key_of, word_set, words_of
from medical_team.data.synthetic.table import CONDITIONS
from medical_team.types import ErrorType, Note

_INTERVENTIONS = frozenset({ErrorType.MANAGEMENT, ErrorType.TREATMENT, ErrorType.PHARMACOTHERAPY})
# What stands around a term in a sentence.
_BETWEEN_NAMES = word_set(
    "a an the is was are were be been has have had he she his her him patient diagnosed diagnosis diagnose suspected "
    "suspicion confirmed confirm confirms indicate indicated consistent presentation finding result test culture grew "
    "administered adminstered given prescribed performed ordered done obtained scheduled recommended initiated started "
    "required begun provided planned advised treated measured checked "
    "of with to for in on at by from and or but as after before because due following based when while during until "
    "not no without oral topical intravenous iv intramuscular therapy treatment infection left right"
)
_LONGEST_GOLD_TERM = 6


class Relation(StrEnum):
    """What is known of two concepts."""

    SAME = "same"
    """One thing under two names."""
    OTHER = "other"
    """Two things of one kind, neither of which can stand for the other."""
    UNKNOWN = "unknown"
    """One is more general, they may stand for each other, or are of different kinds."""


@dataclass(frozen=True, slots=True)
class Found:
    """A term in a text, from its word ``start`` to before ``end``, and the concepts that it may stand for."""

    start: int
    end: int
    concepts: tuple[Concept, ...]


@dataclass(frozen=True, slots=True)
class _Term:
    key: tuple[str, ...]
    concept: Concept
    is_abbreviation: bool


class Lexicon:
    """Concepts by their terms; the longest term that a text contains counts."""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self._terms: dict[str, list[_Term]] = {}
        self._named: dict[tuple[str, ...], Concept] = {}
        for concept in concepts:
            for name in (concept.name, *concept.same):
                self._add(concept, name)
        for terms in self._terms.values():
            terms.sort(key=lambda term: -len(term.key))

    def _add(self, concept: Concept, name: str) -> None:
        key = key_of(name)
        self._named.setdefault(key, concept)
        self._terms.setdefault(key[0], []).append(_Term(key, concept, is_abbreviation(name)))

    @classmethod
    def with_gold(cls, notes: Sequence[Note]) -> Lexicon:
        """The shipped lexicon, and terms from the gold pairs of notes.

        A term that only the gold annotation of one twin group has is not known for the notes of that group: what the
        lexicon decides there is no copy of the annotation.
        """
        known = shipped()
        return cls((*read_shipped(), *gold_concepts(notes, known)))

    def find(self, text: Sequence[Word], group: str = "") -> list[Found]:
        """Concepts from left to right, the longest first and none inside another; for a note of that twin group."""
        found: list[Found] = []
        place = 0
        while place < len(text):
            terms = list(self._at(text, place, group))
            if not terms:
                place += 1
                continue
            end = place + len(terms[0].key)
            longest = tuple(term.concept for term in terms if len(term.key) == len(terms[0].key))
            found.append(Found(place, end, longest))
            place = end
        return found

    def _at(self, text: Sequence[Word], place: int, group: str) -> Iterator[_Term]:
        for term in self._terms.get(text[place].text, ()):
            words = text[place : place + len(term.key)]
            fits = tuple(word.text for word in words) == term.key
            if fits and (words[0].is_capital or not term.is_abbreviation) and term.concept.groups != {group}:
                yield term

    def knows(self, term: str) -> bool:
        return key_of(term) in self._named

    def relation(self, before: Found, after: Found) -> Relation:
        """How two terms are related, whatever they stand for where they may stand for more than one thing."""
        relations = {self._related(one, other) for one in before.concepts for other in after.concepts}
        if Relation.SAME in relations:
            return Relation.SAME
        doubtful = any(_may_be_alike(one, other) for one in before.concepts for other in after.concepts)
        return Relation.OTHER if Relation.OTHER in relations and not doubtful else Relation.UNKNOWN

    def _related(self, one: Concept, other: Concept) -> Relation:
        if one.name == other.name:
            return Relation.SAME
        if not _are_one_kind(one, other) or _may_be_alike(one, other):
            return Relation.UNKNOWN
        if frozenset((one.name, other.name)) in alternatives():
            return Relation.UNKNOWN
        above_one, above_other = self._broader(one), self._broader(other)
        if key_of(one.name) in above_other or key_of(other.name) in above_one:
            return Relation.UNKNOWN
        if above_one & above_other and _are_drugs(one, other):
            return Relation.UNKNOWN  # of one group of drugs: either may be right
        # A class may be an entry of its own: "a beta blocker" is the more general name of each of its members.
        class_of_one, class_of_other = (key_of(which.choice or "") for which in (one, other))
        shared = bool(class_of_one) and class_of_one == class_of_other
        if shared or class_of_one in above_other | {key_of(other.name)}:
            return Relation.UNKNOWN
        if class_of_other in above_one | {key_of(one.name)}:
            return Relation.UNKNOWN
        return Relation.OTHER

    def _broader(self, concept: Concept) -> set[tuple[str, ...]]:
        """The names of everything more general."""
        above: set[tuple[str, ...]] = set()
        open_names = [key_of(name) for name in concept.broader]
        while open_names:
            name = open_names.pop()
            if name not in above:
                above.add(name)
                known = self._named.get(name)
                more = (known.name, *known.broader) if known is not None else ()
                open_names += [key_of(one) for one in more]
        return above

    def words(self) -> frozenset[str]:
        """Every word of every term, in small letters."""
        return frozenset(word for key in self._named for word in key if word.isalpha())


def _are_one_kind(one: Concept, other: Concept) -> bool:
    return bool(one.kinds & other.kinds) or (
        not one.kinds.isdisjoint(_INTERVENTIONS) and not other.kinds.isdisjoint(_INTERVENTIONS)
    )


def _are_drugs(one: Concept, other: Concept) -> bool:
    return ErrorType.PHARMACOTHERAPY in one.kinds & other.kinds


def _may_be_alike(one: Concept, other: Concept) -> bool:
    """Whether one name is part of the other or its initials: a more general concept, or an unknown synonym."""
    shipped_both = not one.groups and not other.groups  # the files say of their entries what is more general
    names, others = (
        [key_of(name) for name in ((which.name,) if shipped_both else (which.name, *which.same))]
        for which in (one, other)
    )
    return any(
        set(name) <= set(another) or set(another) <= set(name) or _initials(name, another) or _initials(another, name)
        for name in names
        for another in others
    )


def _initials(short: tuple[str, ...], full: tuple[str, ...]) -> bool:
    return len(short) == 1 and len(full) > 1 and short[0] == "".join(word[0] for word in full)


def gold_concepts(notes: Sequence[Note], known: Lexicon) -> list[Concept]:
    """Terms that gold errors and their corrections put for each other, by kind; none that is known already."""
    groups: dict[tuple[str, ...], set[str]] = {}
    kinds: dict[tuple[str, ...], set[ErrorType]] = {}
    for note in notes:
        if note.error_sentence_id is None or note.corrected_sentence is None or note.error_type is None:
            continue
        for key in _contrast(note.corrected_sentence, note.sentences[note.error_sentence_id]):
            groups.setdefault(key, set()).add(note.group)
            kinds.setdefault(key, set()).add(note.error_type)
    return [
        Concept(" ".join(key), frozenset(kinds[key]), groups=frozenset(of_group))
        for key, of_group in groups.items()
        if not known.knows(" ".join(key))
    ]


def _contrast(right: str, wrong: str) -> list[tuple[str, ...]]:
    """The two terms of a gold pair, where its sentences differ in one place: the whole phrases that differ."""
    before, after = ([word.text for word in words_of(text)] for text in (right, wrong))
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changes = [code for code in codes if code[0] != "equal"]
    if len(changes) != 1 or changes[0][0] != "replace":
        return []
    _, start, end, other_start, other_end = changes[0]
    terms = [_phrase(before, start, end), _phrase(after, other_start, other_end)]
    return terms if all(0 < len(term) <= _LONGEST_GOLD_TERM for term in terms) else []


def _phrase(words: Sequence[str], start: int, end: int) -> tuple[str, ...]:
    """The words and their neighbours, up to the next that is part of the sentence and not of a name."""
    while start > 0 and words[start - 1] not in _BETWEEN_NAMES:
        start -= 1
    while end < len(words) and words[end] not in _BETWEEN_NAMES:
        end += 1
    while start < end and words[start] in _BETWEEN_NAMES:
        start += 1
    while start < end and words[end - 1] in _BETWEEN_NAMES:
        end -= 1
    phrase = tuple(words[start:end])
    return () if any(word in _BETWEEN_NAMES or not word.isalnum() for word in phrase) else phrase


@cache
def shipped() -> Lexicon:
    """The lexicon that comes with the package."""
    return Lexicon(read_shipped())


@cache
def alternatives() -> frozenset[frozenset[str]]:
    """Pairs of concepts: the table of facts accepts one for a condition, and accepts the other there or leaves it open.

    Either may be right for a patient, so that one in the place of the other is not called an error.
    """
    pairs: set[frozenset[str]] = set()
    for condition in CONDITIONS:
        for kind in condition.kinds():
            fact = condition.fact(kind)
            if fact is not None:
                accepted = {name for term in fact.accepted for name in _named_in(term)}
                open_too = accepted | {name for term in fact.unclear for name in _named_in(term)}
                pairs |= {frozenset((one, other)) for one in accepted for other in open_too}
    return frozenset(pairs)


def _named_in(term: str) -> set[str]:
    return {concept.name for found in shipped().find(words_of(term)) for concept in found.concepts}


@cache
def vocabulary() -> frozenset[str]:
    """Every word of the shipped lexicon, in small letters and the singular."""
    return shipped().words()
