"""One concept put for another of its kind where the sentence states the note's own decision.

The two sentences are compared without the terms that the lexicon knows. Where anything else differs that could carry
meaning, nothing is said. So is it where the sentence does not state what this patient has or gets now: history,
families, comparisons, alternatives, findings of a test, what was stopped or ruled out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from medical_team.data.lexicon import Found, Lexicon, Relation
from medical_team.data.lexicon.terms import Word, word_set, words_of
from medical_team.types import ErrorType

_ORDERS = word_set(
    "administered given prescribed performed ordered done obtained scheduled recommended initiated started "
    "required begun provided indicated planned undertaken needed advised"
)
_BE = frozenset({"is", "was", "are", "were"})
_ARTICLES = frozenset({"a", "an", "the"})
# What goes with one choice and not with another, and is no choice of its own beside it.
_COMPANIONS = word_set(
    "therapy treatment infection intravenous iv oral topical intramuscular subcutaneous her his patient"
)
_SITE = re.compile(
    r"\b(?:of|to) (?:head|brain|chest|abdomen|pelvis|spine|neck|thorax|heart|lung|kidney|scrotum)"
    r"(?: and (?:pelvis|neck|abdomen))?\b"
)
_PURPOSE = re.compile(
    r"\bto (?:further )?(?:evaluate|confirm|investigate)(?= |$)(?: (?:diagnosi|patient))?|\bto patient\b"
)

_DECIDES = {
    ErrorType.DIAGNOSIS: r"diagnos\w*|suspected|suspicion|consistent with|confirm\w*|indicat\w+|due to|caused by",
    ErrorType.CAUSAL_ORGANISM: r"cultures?|gr[eo]ws?|organism|pathogen|infection|suspected|confirm\w*|indicat\w+|"
    r"diagnos\w*|caused by|due to|isolated|identified|tests?|results?",
}
_GIVES = re.compile(rf"\b(?:{'|'.join(sorted(_ORDERS - {'indicated'}))}|started on|treated with|treat with)\b", re.I)
# Not this patient, not now, not alone, or not at all.
_ELSEWHERE = re.compile(
    r"\b(?:history|histories|family|mother|father|brother|sister|son|daughter|parents?|uncle|aunt|cousin|grand\w+|wife|"
    r"husband|partner|previous\w*|prior|past|ago|earlier|formerly|childhood|year-old|years? old|old|status post|"
    r"despite|because|since|after having|who|whose|takes|taking|medications?|home|currently|known|"
    r"no|not|nor|never|none|without|denies|denied|negative|absence|absent|exclude[sd]?|excluding|rules? out|ruled out|"
    r"unlikely|less likely|stop\w*|discontinu\w*|held|withheld|avoid\w*|contraindicated|declin\w*|refus\w*|allerg\w*|"
    r"instead|rather|unless|if|or|versus|vs|either|differential|include[sd]?|including|such as|like|similar|"
    r"possible|possibly|possibility|may|might|could|would|should|can|consider\w*|concern\w*|question\w*|"
    r"risk|prevent\w*|prophyla\w*|screen\w*|vaccin\w*|future|eventually|later|follow-up|"
    r"likely|probabl\w+|presumed|presumptive|apparent\w*|tentative\w*|working|initial\w*|one of|"
    r"also|additional\w*|besides|as well as|along with|together with|in addition|remote|resolved|recovered|recurrent)\b",
    re.IGNORECASE,
)
_TELLS = re.compile(r"\b(?:show|reveal|demonstrat|display|detect|visuali[sz])\w*\b", re.IGNORECASE)


def choice(before: str, after: str, others: Sequence[str], lexicon: Lexicon, group: str = "") -> bool | None:
    """Whether an edit replaces the right choice by a wrong one.

    Args:
        before: The sentence of the right note.
        after: What the edit makes of it.
        others: The other sentences of the note.
        lexicon: The terms that are known.
        group: The note's twin group, whose own annotation is not used.

    Returns:
        ``True``: another concept of the same kind stands in the place of the right one, and nothing else that carries
        meaning differs. ``False``: every concept is the same under another name. ``None``: neither is sure.
    """
    right, new = words_of(before), words_of(after)
    found, found_new = lexicon.find(right, group), lexicon.find(new, group)
    if not found or len(found) != len(found_new):
        return None
    relations = [lexicon.relation(one, other) for one, other in zip(found, found_new, strict=True)]
    if all(relation is Relation.SAME for relation in relations):
        return False if _frame(right, found) == _frame(new, found_new) else None
    changed = [place for place, relation in enumerate(relations) if relation is not Relation.SAME]
    if len(changed) != 1 or relations[changed[0]] is not Relation.OTHER:
        return None
    one, other = found[changed[0]], found_new[changed[0]]
    if _bare(_frame(right, found)) != _bare(_frame(new, found_new)) or _ELSEWHERE.search(f"{before} {after}"):
        return None
    if _names_already(other, others, lexicon, group):
        return None
    return True if _decides(before, one) and _decides(after, other) else None


def _frame(words: Sequence[Word], found: Sequence[Found]) -> str:
    """The sentence without its terms, articles and the difference between "is ordered" and "was performed"."""
    parts: list[str] = []
    ends = {one.start: one.end for one in found}
    place = 0
    while place < len(words):
        if place in ends:
            parts.append("*")
            place = ends[place]
            continue
        word = words[place].text
        if word not in _ARTICLES:
            parts.append("be" if word in _BE else "order" if word in _ORDERS else word)
        place += 1
    return " ".join(parts)


def _bare(frame: str) -> str:
    """A frame without what goes with one choice and not with another."""
    frame = _PURPOSE.sub("", _SITE.sub("", frame))
    return " ".join(word for word in frame.split() if word not in _COMPANIONS)


def _names_already(term: Found, others: Sequence[str], lexicon: Lexicon, group: str) -> bool:
    """Whether the note says of the new concept, or of one like it, something elsewhere: it may be right there too."""
    elsewhere = lexicon.find(words_of(" | ".join(others)), group)
    return any(lexicon.relation(term, one) is Relation.SAME for one in elsewhere)


def _decides(sentence: str, term: Found) -> bool:
    """Whether the sentence states a decision of the term's kind."""
    kinds = {kind for concept in term.concepts for kind in concept.kinds}
    for kind, pattern in _DECIDES.items():
        if kind in kinds and re.search(rf"\b(?:{pattern})\b", sentence, re.IGNORECASE):
            return True
    is_intervention = not kinds <= set(_DECIDES)
    return is_intervention and bool(_GIVES.search(sentence)) and not _TELLS.search(sentence)
