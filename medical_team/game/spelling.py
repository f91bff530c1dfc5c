"""Is a word misspelt, and do two sentences differ in spelling and fillers only?

A misspelling is a word of no vocabulary that lies near one that is. Two words of a vocabulary are never each other's
misspelling, however much of their letters they share.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from string import ascii_lowercase

from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

from medical_team.game.lookalikes import plain
from medical_team.game.vocabulary import is_word, known_words, swaps_a_part
from medical_team.game.wording import LONGEST_WORD, changes, contents

# From this length on, two letters may be misspelt.
_LONG = 9
_SHORTEST = 4
# Longer words are compared with the note's only: the neighbours of a word are as many as 53 times its letters.
_LONGEST_OF_ENGLISH = 14
# What has two capitals is an abbreviation up to this length (MRSA, DTaP, RBCs).
_LONGEST_ABBREVIATION = 6

_TOKEN = re.compile(r"[^\W_]+")
_LONGER = re.compile(r"[^\W_]{4,}")
_DIGIT_INSIDE = re.compile(r"[^\W\d_]\d+[^\W\d_]")
_LEET = tuple(str.maketrans("0134578", f"o{letter}eastb") for letter in "il")

# Words that differ, on both sides together; more is no copy of a sentence.
_MOST_EDITED = 40

# Letters of a note that are searched for its own words.
_MOST_OF_A_NOTE = 3000


def says_the_same(before: str, after: str) -> bool:
    """Whether two sentences differ at most in fillers, in the form of words and in misspellings."""
    old, new = contents(before), contents(after)
    if len(old) != len(new) or Indel.distance(old, new, score_cutoff=_MOST_EDITED) > _MOST_EDITED:
        return False
    return all(
        len(change.before) == len(change.after) and all(map(_same_word, change.before, change.after))
        for change in changes(old, new)
    )


def _same_word(old: str, new: str) -> bool:
    if not (old.isalpha() and new.isalpha()) or max(len(old), len(new)) > LONGEST_WORD:
        return False
    if _stem(old) == _stem(new):
        return True
    if min(len(old), len(new)) < _SHORTEST or is_word(old) == is_word(new):
        return False
    return _near(old, new) and not swaps_a_part(new, (old,))


def _stem(word: str) -> str:
    """Without what number and British spelling change: diuretic(s), pneumonia(e), (h)aemorrhage."""
    word = word.replace("ae", "e" if not word.endswith("ae") else "a").replace("oe", "e").replace("our", "or")
    if len(word) <= _SHORTEST:
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "is", "us")) else word


def new_tokens(before: str, after: str) -> tuple[str, ...]:
    """The words that a sentence brings in, look-alikes folded, capitals kept; abbreviations and numbers left out."""
    known = {token.casefold() for token in _TOKEN.findall(plain(before))}
    tokens = dict.fromkeys(_TOKEN.findall(plain(after)))
    return tuple(token for token in tokens if token.casefold() not in known and _may_be_misspelt(token))


def _may_be_misspelt(token: str) -> bool:
    letters = sum(char.isalpha() for char in token)
    if letters < len(token):
        return letters >= _SHORTEST or _DIGIT_INSIDE.search(token) is not None
    capitals = sum(char.isupper() for char in token)
    return letters > 1 and not (capitals > 1 and letters <= _LONGEST_ABBREVIATION)


def unknown_tokens(tokens: Sequence[str], sentences: tuple[str, ...]) -> tuple[str, ...]:
    """Of words brought in, those of no vocabulary and not in the note; letters read for digits count as digits."""
    strange = [token for token in tokens if token.isalpha() and not is_word(token.casefold())]
    mixed = [token for token in tokens if not token.isalpha() and len(token) >= _SHORTEST]
    if not strange and not mixed:
        return ()
    own = note_words(sentences)
    mixed = [token for token in mixed if _spelt_with_digits(token, own)]
    named = ((token, token.casefold()) for token in (*strange, *mixed))
    return tuple(token for token, word in named if word not in own and not swaps_a_part(word, own))


def is_misspelt(token: str, before: str, sentences: tuple[str, ...], stands_for: Collection[str]) -> bool:
    """Whether a word of no vocabulary lies near one of the sentence that it is put into, or of the note.

    Near one of the vocabulary is enough where it replaces nothing (``stands_for``). In the place of another word it
    says something else, if badly spelt, as some of MEDEC's gold errors do ("nyastatin" for fluconazole).
    """
    word = token.casefold()
    if not word.isalpha():
        return True
    if len(word) > LONGEST_WORD:
        return False
    nearby = (other for other in _TOKEN.findall(plain(before).casefold()) if other.isalpha())
    if any(_near(other, word) for other in nearby):
        return True
    if len(word) < _SHORTEST:
        return False
    limit = 2 if len(word) >= _LONG else 1
    if process.extractOne(word, note_words(sentences), scorer=OSA.distance, score_cutoff=limit) is not None:
        return True
    return not stands_for and _near_vocabulary(word)


def is_encoded(token: str) -> bool:
    """Whether a word of no vocabulary is one that is written backwards or with its alphabet turned by 13."""
    word = token.casefold()
    if not word.isalpha() or len(word) < _SHORTEST:
        return False
    return word[::-1] in known_words() or codecs.encode(word, "rot13") in known_words()


def _spelt_with_digits(token: str, own: Collection[str]) -> bool:
    word = token.casefold()
    return any(read in own or is_word(read) for read in (word.translate(table) for table in _LEET))


def _near(one: str, other: str) -> bool:
    limit = 2 if min(len(one), len(other)) >= _LONG else 1
    if min(len(one), len(other)) < 2 or abs(len(one) - len(other)) > limit:
        return False
    return OSA.distance(one, other, score_cutoff=limit) <= limit


@lru_cache(maxsize=128)
def _near_vocabulary(word: str) -> bool:
    return len(word) <= _LONGEST_OF_ENGLISH and not known_words().isdisjoint(_neighbours(word))


def _neighbours(word: str) -> Iterator[str]:
    """Every word at one letter's distance: one more, one less, another one, two that changed places."""
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        for letter in ascii_lowercase:
            yield head + letter + tail
        if tail:
            yield head + tail[1:]
            for letter in ascii_lowercase:
                yield head + letter + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]


@lru_cache(maxsize=8)
def note_words(sentences: tuple[str, ...]) -> frozenset[str]:
    """The words of a note, of its first few pages if it is longer."""
    text, size = [], 0
    for sentence in sentences:
        if size + len(sentence) > _MOST_OF_A_NOTE:
            break
        text.append(sentence)
        size += len(sentence)
    return frozenset(word for word in _LONGER.findall(plain(" ".join(text)).casefold()))
