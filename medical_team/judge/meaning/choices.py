"""Another concept in the place of the note's own decision.

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
    "administered adminstered given prescribed performed ordered done obtained scheduled recommended initiated started "
    "required begun provided planned undertaken needed advised conducted requested "
    "measured checked taken inserted reviewed sent"
)
_BE = word_set("is was are were be been")
_ARTICLES = word_set("a an the")
# What goes with one choice and not with another, and is no choice of its own beside it.
_COMPANIONS = word_set(
    "be order therapy treatment infection intravenous iv oral topical intramuscular subcutaneous her his he she "
    "patient for to of on use trial further immediate urgent emergent emergency repeat regular diagnostic "
    "suggested continued continue level serum test testing scan procedure "
    "brain head abdominal pelvic thoracic renal testicular contrast urine acute chronic normal"
)
_SITE = re.compile(
    r"\b(?:of|to) (?:his |her )?(?:head|brain|chest|abdomen|pelvis|spine|neck|thorax|heart|lung|kidney|scrotum)"
    r"(?: and (?:pelvis|neck|abdomen))?\b"
)
_PURPOSE = re.compile(r"\bto (?:further )?(?:evaluate|confirm|investigate)\b(?: (?:diagnosis|patient))?")

_CONFIRMED = r"suspected|confirm\w*|indicat\w+|caused by|due to|consistent with|diagnos\w*|experiencing"
_DECIDES = {
    ErrorType.DIAGNOSIS: re.compile(rf"\b(?:{_CONFIRMED})\b", re.IGNORECASE),
    ErrorType.CAUSAL_ORGANISM: re.compile(
        rf"\b(?:{_CONFIRMED}|gr[eo]ws?|organism|pathogen|infection|isolated|identified|determined)\b", re.IGNORECASE
    ),
}
_GIVES = re.compile(
    rf"\b(?:{'|'.join(sorted(_ORDERS))}|started on|(?:is|was|are|were) treated with|treat with|prescribes)\b", re.I
)
# Not this patient, not now, not alone, or not at all.
_ELSEWHERE = re.compile(
    r"\b(?:history|histories|family|mother|father|brother|sister|son|daughter|parents?|uncle|aunt|cousin|grand\w+|wife|"
    r"husband|partner|previous\w*|prior|past|ago|earlier|formerly|childhood|old|ages?|had|status post|despite|"
    r"because|since|after|following|during|while|when|before|who|whose|takes|taking|medications?|home|currently|known|"
    r"no|not|nor|never|none|without|denies|denied|negative|absence|absent|exclude[sd]?|excluding|rules? out|ruled out|"
    r"unlikely|less likely|stop\w*|discontinu\w*|held|withheld|avoid\w*|contraindicated|declin\w*|refus\w*|allerg\w*|"
    r"instead|rather|unless|if|or|versus|vs|either|differential|include[sd]?|including|such as|like|similar|"
    r"possible|possibly|possibility|may|might|could|would|should|can|consider\w*|concern\w*|question\w*|"
    r"risk|prevent\w*|prophyla\w*|screen\w*|vaccinated|future|eventually|later|follow-up|"
    r"(?<!most )likely|probabl\w+|presumed|presumptive|apparent\w*|tentative\w*|working|initial\w*|one of|"
    r"also|additional\w*|besides|as well as|along with|together with|remote|resolved|recovered|recurrent)\b",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(
    r"\b(?:but|however|although|instead|rul\w+ out|excluded|stopped|discontinued|refus\w+|declin\w+|unlikely)\b", re.I
)
_TELLS = re.compile(r"\b(?:show|reveal|demonstrat|display|detect|visuali[sz])\w*\b", re.IGNORECASE)
# "After the examination, ..." says when, and "..., showing no masses" what came of it: neither says of what.
_OPENING = re.compile(r"^(?:after|following|based on|upon|once|given|on|at|in addition to|\w+ \w+ later)\b[^,]*,", re.I)
_CLOSING = re.compile(
    r"[,;:.]|\b(?:after|following|based on|because|when|as|since|due to|prior to|before|given that|"
    r"to \w+ \w+|without)\b"
)
_SUSPECTED = re.compile(r"\bwith (?:an? )?suspected (?:\w+ ){0,2}$", re.IGNORECASE)
_MOST_CHANGES = 2
_MOST_MODIFIERS = 3
_JOINS = word_set("and plus with or than")


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
    pairs = list(zip(found, found_new, strict=True))
    changed = [pair for pair in pairs if lexicon.relation(*pair) is not Relation.SAME]
    if not changed:
        return False if _frame(right, found) == _frame(new, found_new) else None
    if len(changed) > _MOST_CHANGES or any(lexicon.relation(*pair) is not Relation.OTHER for pair in changed):
        return None
    if not _differ_in_the_choice_alone(_bare(_frame(right, found)), _bare(_frame(new, found_new))):
        return None
    elsewhere = [*lexicon.find(words_of(" | ".join(others)), group), *found]
    if any(lexicon.relation(new_one, one) is Relation.SAME for _, new_one in changed for one in elsewhere):
        return None  # the note names it already: it may be right here, too, or was only moved
    statements = _statement(before, after), _statement(after, before)
    decided = all(_decides(statement, pair) for statement in statements for pair in changed)
    return True if decided else None


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


def _differ_in_the_choice_alone(frame: str, other: str) -> bool:
    """Whether two bare frames are alike but for a few words beside the term: "of the site", "wedge"."""
    one, two = frame.split(), other.split()
    while one and two and one[0] == two[0]:
        one, two = one[1:], two[1:]
    while one and two and one[-1] == two[-1]:
        one, two = one[:-1], two[:-1]
    return all(len(rest) <= _MOST_MODIFIERS and _JOINS.isdisjoint(rest) for rest in (one, two))


def _statement(sentence: str, other: str) -> str | None:
    """The part of a sentence that speaks of what differs from the other; ``None`` where that is not here and now."""
    first = _shared(sentence, other)
    last = min(_shared(sentence[::-1], other[::-1]), min(len(sentence), len(other)) - first)
    start, middle, end = sentence[:first], sentence[first : len(sentence) - last], sentence[len(sentence) - last :]
    start = re.split(r"(?<=[\w)][.;:]) (?=[A-Z\"])", start)[-1]
    start = _OPENING.sub("", start, count=1)
    closing = _CLOSING.search(end)
    near = end[: closing.start()] if closing else end
    is_suspected = _SUSPECTED.search(start) is not None
    if _ELSEWHERE.search(f"{'' if is_suspected else start}|{middle}|{near}") or _TAKEN_BACK.search(end):
        return None
    return f"{start}{middle}{near}"


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, pair in pairs if pair[0] != pair[1]), min(len(one), len(other)))


def _decides(statement: str | None, pair: tuple[Found, Found]) -> bool:
    """Whether it states a decision of the kind that the terms are of."""
    if statement is None:
        return False
    kinds = {kind for term in pair for concept in term.concepts for kind in concept.kinds}
    if any(pattern.search(statement) for kind, pattern in _DECIDES.items() if kind in kinds):
        return True
    is_intervention = not kinds <= set(_DECIDES)
    return is_intervention and bool(_GIVES.search(statement)) and not _TELLS.search(statement)
