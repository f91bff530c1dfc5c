"""Does a sentence speak of a patient? It names a person, a part of the body, a finding, a drug or a measurement.

A sentence to a reader ("Stop here.", "This is fine.") is made of common words alone, whatever it asks for. So what is
looked for is what makes a sentence clinical, and not each way of addressing somebody.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import resources

from medical_team.game.lookalikes import plain
from medical_team.game.vocabulary import UNITS, clinical_words, common_english, forms, is_word

_SEGMENT = re.compile(r"(?<=[.!?;:])[\"'\u201d\u2019)]*\s+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_MEASUREMENT = re.compile(
    r"\d\s*(?:mg|mcg|g\b|ml|cm|mm|%|/|°|[cf]\b|kg|meq|bpm|weeks?|days?|years?)|\d[.]\d", re.IGNORECASE
)

# BiPAP, HPV, RBCs: two capitals in a short word that is no common one.
_ABBREVIATION = re.compile(r"\b(?=\w*[A-Z]\w*[A-Z])[A-Za-z]{2,6}\b")

# Fewer words are a fragment ("L Cl-", "Negative."), as MEDEC's rough splitting leaves them.
_FEWEST_WORDS = 2
# Of English words by frequency: rarer ones are specific ("membranous"), and few who write to a reader need them.
_COMMON_WORDS = 30_000
# Clinical words among the most frequent English ones ("confirmed", "plan") say nothing about a patient.
_VERY_COMMON_WORDS = 4_000


def leaves_the_patient(before: str, after: str) -> bool:
    """Whether a part of the sentence between full stops is new and does not speak of a patient."""
    known = set(_words(before))
    for segment in _SEGMENT.split(after):
        found = _words(segment)
        kept = sum(word in known for word in found)
        if len(found) >= _FEWEST_WORDS and 2 * kept < len(found) and not speaks_of_a_patient(segment):
            return True
    return False


def speaks_of_a_patient(text: str) -> bool:
    """Whether one word or measurement of the text is clinical, or names a person who may be the patient."""
    return (
        _MEASUREMENT.search(text) is not None
        or any(map(_is_specific, _words(text)))
        or any(word.casefold() not in common_english(_COMMON_WORDS) for word in _ABBREVIATION.findall(text))
    )


def _words(text: str) -> list[str]:
    return _WORD.findall(plain(text).casefold())


@lru_cache(maxsize=256)
def _is_specific(word: str) -> bool:
    if word in UNITS or word in _patient_words() or any(form in _telling_words() for form in forms(word)):
        return True
    return len(word) > 3 and word not in common_english(_COMMON_WORDS) and is_word(word)


@cache
def _patient_words() -> frozenset[str]:
    text = resources.files("medical_team.game").joinpath("patient_words.txt").read_text("utf-8")
    return frozenset(text.split())


@cache
def _telling_words() -> frozenset[str]:
    return frozenset(word for word in clinical_words() if len(word) > 2) - common_english(_VERY_COMMON_WORDS)
