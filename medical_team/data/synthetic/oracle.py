"""The exact reference: what the table of facts says about an edit of a synthetic note. Driven by the exact judge.

Only statements of a fact in the table's own frames and terms are ever decided. Everything else, however wrong it may
look, is ``UNTOLD``: the reference is never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from medical_team.data.synthetic.facts import Condition, Setting
from medical_team.data.synthetic.scope import SCOPE
from medical_team.data.synthetic.table import BY_NAME, CONDITIONS
from medical_team.data.synthetic.wording import Statement, Words, canonical, read_statement
from medical_team.types import ErrorType, Note


class EditTruth(StrEnum):
    """What an edit did to a note."""

    WRONG = "wrong"
    """The edited sentence states something that is wrong for this patient."""
    STILL_RIGHT = "still_right"
    """It says the same in other words, or names another correct choice."""
    UNTOLD = "untold"
    """The table does not say."""


# Kinds that say what is done for the patient.
_DONE = frozenset({ErrorType.PHARMACOTHERAPY, ErrorType.TREATMENT, ErrorType.MANAGEMENT})
# Two diagnoses that share a word beyond these ("lobar pneumonia", "atypical pneumonia") may overlap in use: such a
# pair is only decided where the table lists it.
_WEAK_WORDS = frozenset({"acute", "disease", "syndrome", "severe", "primary", "with", "of", "early", "state", "viral"})


def decide_edit(note: Note, sentence_id: int, replacement: str) -> EditTruth:
    """Decide what replacing a sentence does to the note.

    ``note`` is the note before the edit. At the place of its gold error, the replacement is compared with the gold
    correction, elsewhere with the sentence that is there. Only a statement in the place of another one of its kind
    is decided: a statement written over a finding, or over another kind of statement, takes away what the note said,
    and may contradict a statement that stays. A note without a condition is never decided.
    """
    before = _right_sentence(note, sentence_id)
    if before is None:
        return EditTruth.UNTOLD
    if canonical(before) == canonical(replacement):
        return EditTruth.STILL_RIGHT
    condition = BY_NAME.get(note.condition or "")
    old, new = read_statement(before), read_statement(replacement)
    if condition is None or old is None or new is None or old.kind is not new.kind:
        return EditTruth.UNTOLD
    return _decide_statement(condition, new)


def knows(note: Note, replacement: str) -> bool:
    """Whether a sentence states a fact in the table's own words, right or wrong: then it reads like the notes do."""
    statement = read_statement(replacement)
    return note.condition in BY_NAME and statement is not None and statement.term in _KNOWN[statement.kind]


def explain_error(note: Note) -> str | None:
    """Why the gold error of a synthetic note is wrong, in a few words; ``None`` for other notes."""
    condition = BY_NAME.get(note.condition or "")
    if condition is None or note.error_sentence_id is None or note.error_type is None:
        return None
    statement = read_statement(note.sentences[note.error_sentence_id])
    fact = condition.fact(note.error_type)
    if statement is None or fact is None:
        return None
    return next((why for term, why in fact.wrong.items() if canonical(term) == statement.term), None)


def _right_sentence(note: Note, sentence_id: int) -> str | None:
    if not 0 <= sentence_id < len(note.sentences):
        return None
    return note.corrected_sentence if sentence_id == note.error_sentence_id else note.sentences[sentence_id]


def _decide_statement(condition: Condition, statement: Statement) -> EditTruth:
    """Whether a statement is right for the patient."""
    fact, term = condition.fact(statement.kind), statement.term
    if fact is not None and term in _words(fact.accepted):
        return EditTruth.STILL_RIGHT
    if fact is not None and term in _words((*fact.wrong, *fact.also_wrong)):
        return EditTruth.WRONG
    if fact is not None and term in _words(fact.unclear):
        return EditTruth.UNTOLD
    excluded = _excluded(condition, statement) or _misplaced(condition, statement)
    return EditTruth.WRONG if excluded else EditTruth.UNTOLD


def _misplaced(condition: Condition, statement: Statement) -> bool:
    """Whether a term cannot be of the kind it is used as: a drug is no diagnosis, a disease is no organism.

    What is done for a patient overlaps (a drug is a treatment, a treatment a step): within it nothing is misplaced.
    A term that shares a word with the right one ("influenza" for its virus) may be loose wording.
    """
    kind, term = statement.kind, statement.term
    elsewhere = {other for other in ErrorType if term in _KNOWN[other]}
    if not elsewhere or kind in elsewhere or (kind in _DONE and elsewhere & _DONE):
        return False
    return not _akin(term, condition)


def _excluded(condition: Condition, statement: Statement) -> bool:
    """Whether an unlisted term is wrong all the same: another disease or organism, or a use out of its scope."""
    if statement.kind is ErrorType.CAUSAL_ORGANISM:
        return statement.term in _KNOWN[statement.kind]
    if statement.kind is ErrorType.DIAGNOSIS:
        known = statement.term in _KNOWN[statement.kind] - _OVERLAPPING
        return known and not _akin(statement.term, condition)
    if not condition.bacterial and statement.term in _ANTIBACTERIALS:
        return statement.kind is ErrorType.PHARMACOTHERAPY
    if statement.kind is ErrorType.MANAGEMENT and statement.term in _ELSEWHERE[condition.setting]:
        return True
    return statement.term in _NARROW[statement.kind]


def _akin(term: Words, condition: Condition) -> bool:
    """Whether a term shares a word of weight with the patient's disease or its organism."""
    facts = (condition.diagnosis, condition.organism)
    own = {word for fact in facts if fact is not None for name in _words(fact.accepted) for word in name}
    return bool((own - _WEAK_WORDS) & set(term))


def _words(terms: Iterable[str]) -> frozenset[Words]:
    return frozenset(map(canonical, terms))


def _known_terms() -> Mapping[ErrorType, frozenset[Words]]:
    known: dict[ErrorType, set[Words]] = {kind: set() for kind in ErrorType}
    for condition in CONDITIONS:
        for kind in condition.kinds():
            fact = condition.fact(kind)
            known[kind] |= _words(fact.terms()) if fact else set()
    return {kind: frozenset(terms) for kind, terms in known.items()}


_ANTIBACTERIALS = _words(SCOPE.antibacterials)
_ELSEWHERE = {Setting.EMERGENCY: _words(SCOPE.clinic_only), Setting.CLINIC: _words(SCOPE.emergency_only)}
_OVERLAPPING = _words(SCOPE.overlapping)
_NARROW = {kind: _words(terms) for kind, terms in SCOPE.narrow.items()}
_KNOWN = _known_terms()
"""Every term of the table by kind, whichever condition it belongs to."""
