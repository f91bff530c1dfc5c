"""Rewriting a sentence by a table of rules: what most families are made of."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from medical_team.game.edits import corrected_note
from medical_team.judge.admission.probes.base import Change, change_of
from medical_team.types import ErrorType, Note


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern, and what its first match in a sentence becomes."""

    pattern: re.Pattern[str]
    becomes: str | Callable[[re.Match[str]], str]

    def rewrite(self, sentence: str) -> str | None:
        """The sentence with the rule applied once, ``None`` where it does not match; capitals stay where they were."""
        found = self.pattern.search(sentence)
        if found is None:
            return None
        new = found.expand(self.becomes) if isinstance(self.becomes, str) else self.becomes(found)
        opens = found.start() == 0 and sentence[0].isupper()
        if opens or found[0].strip()[:2].istitle():  # not CT or IV, whose capitals are not a sentence's
            new = new[:1].upper() + new[1:]
        written = with_article(sentence[: found.start()], new) + new + sentence[found.end() :]
        return written if written != sentence else None


_ARTICLE = re.compile(r"\b(a)n?(?= $)", re.IGNORECASE)
_SPELT = re.compile(r"[A-Z](?:[A-Z\d]|\.)")
# "a unit, a urinary": what begins with a vowel and does not sound so; "an 8": what is a digit and does.
_VOWEL = re.compile(r"(?!uni|uri|use|ute|eu|one)[aeiou]|x-|8|1[18](?!\d)", re.IGNORECASE)


def with_article(before: str, word: str) -> str:
    """What stands before a word, an indefinite article at its end fitted to the word: a BMI, an ECG."""
    is_an = word[0] in "AEFHILMNORSX" if _SPELT.match(word) else _VOWEL.match(word)
    return _ARTICLE.sub(r"\1n" if is_an else r"\1", before)


def rule(pattern: str, becomes: str | Callable[[re.Match[str]], str]) -> Rule:
    """A rule that ignores case."""
    return Rule(re.compile(pattern, re.IGNORECASE), becomes)


def words(before: str, after: str) -> Rule:
    """A rule for whole words, or a phrase of them, but not where the other one stands beside it in brackets."""
    one, other = re.escape(before), re.escape(after)
    return rule(rf"(?<![\w-])(?<!{other} \(){one}(?![\w-])(?! \({other})", after)


def both_ways(*pairs: tuple[str, str]) -> tuple[Rule, ...]:
    """Rules for phrases that stand for each other."""
    return tuple(one for before, after in pairs for one in (words(before, after), words(after, before)))


def reworded(
    note: Note,
    rng: random.Random,
    rules: Sequence[Rule],
    *,
    kind: ErrorType = ErrorType.DIAGNOSIS,
    unless: re.Pattern[str] | None = None,
) -> Change | None:
    """One sentence of the right note, drawn from those to which a rule applies, rewritten by one of its rules.

    Sentences that match ``unless`` are left alone.
    """
    base = corrected_note(note)
    places = list(range(len(base.sentences)))
    rng.shuffle(places)
    for place in places:
        sentence = base.sentences[place]
        if unless is not None and unless.search(sentence):
            continue
        choices = [written for one in rules if (written := one.rewrite(sentence)) is not None]
        if choices:
            return change_of(base, place, rng.choice(choices), kind)
    return None
