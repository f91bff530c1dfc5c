"""What an assessor's correction is worth: whether it makes the sentence with the error right again. Pure functions.

The table of facts decides on synthetic notes where it can. Elsewhere the correction is compared with the gold one, by
the words that had to change. Only a judge knows that other words mean the same: what cannot be told is worth less.
"""

from __future__ import annotations

from collections import Counter

from medical_team.data.synthetic.oracle import EditTruth, decide_edit
from medical_team.game.wording import normalise, words
from medical_team.types import Note

# Words that join or carry: they do not tell a right correction from a wrong one.
_SMALL = frozenset(words("a an the is are was were be been to of in on at for by with from as and her his he she"))

# Words that turn a statement around or leave it open. A correction has as many of them as the gold one.
_TURNING = frozenset(
    words(
        """no not nor never neither none non t cannot without except deny denies denied lacks lacked absent absence
        negative avoid avoids avoided stop stopped discontinue discontinued withhold withheld refuse refused declined
        contraindicated excluded exclude unlikely wrong incorrect inappropriate instead rather or either versus vs
        alternatively possible possibly perhaps maybe might could"""
    )
)

_LEAST_SHARED = 0.5
"""Of the words that the error leaves standing, the share that a correction repeats: it is the whole sentence."""
_LEAST_AGREEMENT = 0.25
"""Agreement below this is an accident: some of many words."""


def correction_score(shown: Note, correction: str) -> float:
    """How right a correction of the note's error is, in [0, 1]; 0 for a note without an error.

    1 for the gold correction in other case, blanks and punctuation, and for what the table of facts calls right in
    this place; 0 for what it calls wrong, and for a sentence that still says what the error does. Whatever else it is:
    the agreement with the gold correction.
    """
    place, gold = shown.error_sentence_id, shown.corrected_sentence
    if place is None or gold is None:
        return 0.0
    error = shown.sentences[place]
    wrong, right, said = (normalise(text) for text in (error, gold, correction))
    if said == wrong or (wrong in said and wrong not in right):
        return 0.0
    if said == right:
        return 1.0
    truth = decide_edit(shown, place, correction)
    if truth is not EditTruth.UNTOLD:
        return float(truth is EditTruth.STILL_RIGHT)
    return _agreement(error, gold, correction)


def _agreement(error: str, gold: str, correction: str) -> float:
    """How well the words that a correction changes are those that the gold correction changes.

    The square of their F1: naming n candidates of which one is right is worth 4 / (n + 1)^2, never more than the
    1 / n of choosing one of them. Times the share of the wrong words that are gone.
    """
    before, right, said = (Counter(words(text)) for text in (error, gold, correction))
    if _turns(right) != _turns(said) or not _repeats(before & right, said):
        return 0.0
    wanted, given = _content(right - before), _content(said - before)
    to_go, gone = _content(before - right), _content(before - said)
    if wanted:
        agreement = _f1(wanted, given)
        still_there = (to_go - gone).total()
        agreement *= agreement * (1 - still_there / to_go.total() if to_go else 1.0)
    elif given or _content(right - said):
        return 0.0
    else:  # the gold correction only takes words away, and so must this one
        agreement = _f1(to_go, gone) ** 2
    return agreement if agreement >= _LEAST_AGREEMENT else 0.0


def _turns(text: Counter[str]) -> int:
    return sum(count for word, count in text.items() if word in _TURNING)


def _repeats(standing: Counter[str], said: Counter[str]) -> bool:
    return (standing & said).total() >= _LEAST_SHARED * standing.total()


def _content(text: Counter[str]) -> Counter[str]:
    return Counter({word: count for word, count in text.items() if word not in _SMALL})


def _f1(wanted: Counter[str], given: Counter[str]) -> float:
    both = wanted.total() + given.total()
    return 2 * (wanted & given).total() / both if both else 0.0
