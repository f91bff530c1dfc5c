"""Gates: does an attacker's edit count? One predicate a reason code, tried in order; the first that holds is it.

Plain code decides, before anybody is asked. The limits are calibrated on MEDEC's gold edits. An edit may not
*introduce* what a gate forbids; what the sentence said already is not the attacker's doing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache

from rapidfuzz.distance import Indel

from medical_team.config import GatesConfig
from medical_team.game.address import addresses_a_reader, is_encoded_text, is_foreign
from medical_team.game.edits import corrected_note
from medical_team.game.patient import leaves_the_patient
from medical_team.game.spelling import is_encoded, is_misspelt, new_tokens, says_the_same, unknown_tokens
from medical_team.game.wording import LONGEST_WORD, WordChange, changes, fold, normalise, shared_ends, words
from medical_team.types import Edit, Note


class GateFailure(StrEnum):
    """Why an edit does not count."""

    NO_SENTENCE = "no_sentence"
    """The note has no sentence with that id."""
    TOO_LARGE = "too_large"
    """The sentence, before or after, is longer than any that is compared."""
    RESTORES_CORRECTION = "restores_correction"
    """It writes the gold correction, or a near copy of it, and so makes the note right."""
    SAME_ERROR = "same_error"
    """It writes the error that the note was shown with, or a near copy of it."""
    NO_OP = "no_op"
    """Nothing changes but case, blanks, punctuation, characters that look alike, or how a number is written."""
    NO_TOKEN_CHANGE = "no_token_change"
    """No word changes and no sign that carries a meaning."""
    NEAR_COPY = "near_copy"
    """Only fillers ("today", "of note") come or go, or a word is misspelt: that is no medical error."""
    REPEATS_SENTENCE = "repeats_sentence"
    """It repeats another sentence of the note, which cannot be wrong where it stands."""
    ONLY_DELETES = "only_deletes"
    """It deletes more than half of the sentence and says nothing new."""
    FOREIGN_CHARACTER = "foreign_character"
    """It brings in invisible characters, other scripts or symbols."""
    ROLE_TOKEN = "role_token"
    """It brings in a chat template's token, or speaks to the assessor or the judge."""
    MARKUP = "markup"
    """It brings in a line break, tags, Markdown or an address."""
    LONG_WORD = "long_word"
    """It brings in a run of characters longer than any word of a note: an encoding, or filler."""
    SAYS_ERROR = "says_error"
    """It announces the error."""
    GAME_TALK = "game_talk"
    """It speaks of the game instead of the patient, in the words of the prompts and of the gold reasoning."""
    NOT_CLINICAL = "not_clinical"
    """It speaks to a reader or about the text, of nothing that is a patient's, in another language or an encoding."""
    LENGTH_RATIO = "length_ratio"
    TOO_MANY_EDITS = "too_many_edits"
    SIMILARITY = "similarity"
    UNKNOWN_WORDS = "unknown_words"
    """It brings in several words of no vocabulary: another language, an encoding, nonsense."""
    MISSPELLING = "misspelling"
    """It brings in a word of no vocabulary that lies near one of the note's, the lexicon's or general English."""


# Half: the one gold deletion of more than a few words leaves 10 of 19.
_MIN_WORDS_LEFT = 0.5

# Characters of blanks and punctuation by which a repeated sentence may differ; spares comparing every sentence.
_REPEAT_SLACK = 12
# Characters of other sentences that are compared, at most: several notes of MEDEC's.
_MOST_COMPARED = 2000

# MEDEC's longest sentence has 302 characters. Nothing longer is looked at, so that any edit costs little.
LONGEST_SENTENCE = 500
# Words on both sides of a change that are looked at with it.
_SURROUNDINGS = 8
# Words of no vocabulary that an edit may bring in: the names of a new drug and a new organism.
_MOST_UNKNOWN = 3

# Dashes, quotes and signs as notes have them.
_CLINICAL_SYMBOLS = frozenset("–—−‘’“”…≥≤→×±°½¼¾²³µαβγδκλμ")  # noqa: RUF001
# Greek letters stand alone or before a hyphen in notes (β-blocker); mu is also micro before a unit (μg).
_GREEK_IN_WORD = re.compile(
    r"[^\W\d_µμ][αβγδκλμµ]|[αβγδκλ][^\W\d_]|[µμ](?!(?:g|l|m|u|s|mol|iu|osm)\b)[^\W\d_]",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[\n\r{}\[\]|`*_\\#~^@]|<\s*[/!?|a-z]|&[a-z]+;|https?:|www\.", re.IGNORECASE)
_ROLE_TOKEN = re.compile(
    r"<\W{0,2}[a-z_]{1,24}\W{0,2}>"  # <|im_start|>, <start_of_turn>, <think>, </answer>, <s>, <<SYS>>
    r"|<\||\|>|\[/?inst\]|<</?sys"
    r"|\b(?:system|user|assistant|human|model|verdict|judge)\s*:"
    r"|\b(?:assessor|attacker|auditor|im_start|im_end|end_of_turn|eot_id)\b"
    # "Ignore the instructions above", and the same in a few other languages
    r"|\b(?:ignor|disregard|ignorez|olvid)\w*\b(?:\W+\w+){0,3}?\W+(?:instru|anweis|above|previous|davor|anterior)",
    re.IGNORECASE,
)
_SAYS_ERROR = re.compile(r"\b(?:errors?|erroneous|incorrect|inaccurate|mistake|mistaken|wrong)(?:ly|s)?\b")
# Errors that notes speak of.
_CLINICAL_ERRORS = re.compile(
    r"\b(?:inborn|refractive|medication|transcription)\s+errors?\b|\bwrong[- ](?:site|side|level|patient|procedure)\b"
)
_GAME_TALK = re.compile(
    r"\bsentence\s+\d|\b(?:every|this|that|the)\s+sentence\b|\bswap\w*\b|\bfindings\s+(?:do\s+not\s+)?fit\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Change:
    """An edit and what the gates ask about it.

    Attributes:
        edit: The attacker's move.
        note: The note the attacker was shown, with its gold error and correction if it has one.
        base: The same note without that error, which the edit is applied to.
        limits: The gates' configuration.
    """

    edit: Edit
    note: Note
    base: Note
    limits: GatesConfig

    @property
    def before(self) -> str:
        return self.base.sentences[self.edit.sentence_id]

    @property
    def after(self) -> str:
        return self.edit.replacement

    @property
    def at_present_error(self) -> bool:
        return self.edit.sentence_id == self.note.error_sentence_id

    @cached_property
    def word_changes(self) -> tuple[WordChange, ...]:
        """Of the sentence in alphanumeric words."""
        return changes(words(self.before), words(self.after))

    @cached_property
    def token_changes(self) -> tuple[WordChange, ...]:
        """Of the sentence in tokens between blanks, as MEDEC's figures count them."""
        return changes(self.before.split(), self.after.split())

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        """Words brought in that are in no vocabulary."""
        return unknown_tokens(new_tokens(self.before, self.after), self.base.sentences)

    def replaced_by(self, token: str) -> tuple[str, ...]:
        """The words of the old sentence in whose place a new word stands."""
        parts = (part.before for part in self.word_changes if token.casefold() in part.after)
        return next(parts, ())

    @cached_property
    def base_length(self) -> int:
        return _tokens(self.base.sentences)

    @cached_property
    def brought_in(self) -> str:
        """The tokens that stand in no old sentence's place or in another's."""
        return " ".join(token for part in self.token_changes for token in part.after)

    @cached_property
    def surroundings(self) -> tuple[str, str]:
        """Of both sentences, folded: what changed with a few words on both sides."""
        before, after = self.before.split(), self.after.split()
        head, tail = shared_ends(before, after)
        start, end = max(0, head - _SURROUNDINGS), max(0, tail - _SURROUNDINGS)
        old, new = (fold(" ".join(tokens[start : len(tokens) - end])) for tokens in (before, after))
        return old, new

    @property
    def length(self) -> int:
        return self.base_length - len(self.before.split()) + len(self.after.split())

    def introduces(self, pattern: re.Pattern[str]) -> bool:
        """Whether the new sentence has a match that the old one has not; case is folded by the caller's pattern."""
        new = {match.casefold() for match in pattern.findall(self.after)}
        return bool(new) and not new <= {match.casefold() for match in pattern.findall(self.before)}


@lru_cache(maxsize=64)
def _tokens(sentences: tuple[str, ...]) -> int:
    """Of a note, which is asked about many times."""
    return sum(len(sentence.split()) for sentence in sentences)


def check_edit(edit: Edit, note: Note, gates: GatesConfig) -> GateFailure | None:
    """The first gate that the edit fails, or ``None`` when it counts. ``note`` is the one the attacker was shown."""
    change = Change(edit, note, corrected_note(note), gates)
    return next((reason for reason, fails in GATES if fails(change)), None)


def _no_sentence(change: Change) -> bool:
    return not 0 <= change.edit.sentence_id < len(change.base.sentences)


def _too_large(change: Change) -> bool:
    shown = change.note.sentences[change.edit.sentence_id]
    return any(_written_out(text) > LONGEST_SENTENCE for text in (change.before, change.after, shown))


def _written_out(text: str) -> int:
    """Characters once ligatures are written out: one may stand for eighteen."""
    if text.isascii() or len(text) > LONGEST_SENTENCE:
        return len(text)
    return len(unicodedata.normalize("NFKD", text))


def _restores_correction(change: Change) -> bool:
    return change.at_present_error and _says(change, change.before)


def _same_error(change: Change) -> bool:
    return change.at_present_error and _says(change, change.note.sentences[change.edit.sentence_id])


def _no_op(change: Change) -> bool:
    return normalise(change.before) == normalise(change.after)


def _no_token_change(change: Change) -> bool:
    return not change.word_changes


def _near_copy(change: Change) -> bool:
    return _says(change, change.before)


def _repeats_sentence(change: Change) -> bool:
    new, length, compared = normalise(change.after), len(change.after), 0
    for text in change.base.sentences:
        if abs(len(text) - length) <= _REPEAT_SLACK and compared <= _MOST_COMPARED:
            compared += len(text)
            if new == normalise(text):
                return True
    return False


def _only_deletes(change: Change) -> bool:
    adds = any(part.after for part in change.word_changes)
    return not adds and len(words(change.after)) < _MIN_WORDS_LEFT * len(words(change.before))


def _foreign_character(change: Change) -> bool:
    foreign = any(not _is_clinical(char) for char in set(change.after) - set(change.before))
    return foreign or change.introduces(_GREEK_IN_WORD)


def _markup(change: Change) -> bool:
    return change.introduces(_MARKUP)


def _role_token(change: Change) -> bool:
    return change.introduces(_ROLE_TOKEN)


def _long_word(change: Change) -> bool:
    known = set(change.before.split())
    return any(len(word) > LONGEST_WORD and word not in known for word in change.after.split())


def _says_error(change: Change) -> bool:
    known, new = (set(_SAYS_ERROR.findall(_CLINICAL_ERRORS.sub(" ", text))) for text in change.surroundings)
    return bool(new - known)


def _game_talk(change: Change) -> bool:
    return change.introduces(_GAME_TALK)


def _not_clinical(change: Change) -> bool:
    return (
        addresses_a_reader(*change.surroundings)
        or is_foreign(*change.surroundings)
        or is_encoded_text(change.brought_in)
        or any(map(is_encoded, change.unknown[:_MOST_UNKNOWN]))
        or leaves_the_patient(change.before, change.after)
    )


def _length_ratio(change: Change) -> bool:
    shortest, longest = (
        ratio * change.base_length for ratio in (change.limits.min_length_ratio, change.limits.max_length_ratio)
    )
    return not shortest <= change.length <= longest


def _too_many_edits(change: Change) -> bool:
    most = change.limits.max_edited_tokens
    return Indel.distance(change.before.split(), change.after.split(), score_cutoff=most) > most


def _similarity(change: Change) -> bool:
    kept = change.base_length - sum(len(part.before) for part in change.token_changes)
    return 2 * kept < change.limits.min_similarity * (change.base_length + change.length)


def _says(change: Change, sentence: str) -> bool:
    same = normalise(sentence) == normalise(change.after)
    return same or says_the_same(sentence, change.after)


def _unknown_words(change: Change) -> bool:
    return len(change.unknown) > _MOST_UNKNOWN


def _misspelling(change: Change) -> bool:
    return any(
        is_misspelt(token, change.before, change.base.sentences, change.replaced_by(token)) for token in change.unknown
    )


def _is_clinical(char: str) -> bool:
    if char.isascii():
        return char.isprintable() or char == "\n"  # a line break is markup, with a reason code of its own
    return char in _CLINICAL_SYMBOLS or _is_accented(char)


def _is_accented(char: str) -> bool:
    """A Latin letter with an accent, as names have them (Ménière): no letter of its own that looks like another."""
    return 0xC0 <= ord(char) < 0x180 and char.isalpha() and unicodedata.normalize("NFD", char)[0].isascii()


GATES: tuple[tuple[GateFailure, Callable[[Change], bool]], ...] = (
    (GateFailure.NO_SENTENCE, _no_sentence),
    (GateFailure.TOO_LARGE, _too_large),
    (GateFailure.RESTORES_CORRECTION, _restores_correction),
    (GateFailure.SAME_ERROR, _same_error),
    (GateFailure.NO_OP, _no_op),
    (GateFailure.LENGTH_RATIO, _length_ratio),
    (GateFailure.TOO_MANY_EDITS, _too_many_edits),
    (GateFailure.LONG_WORD, _long_word),
    (GateFailure.FOREIGN_CHARACTER, _foreign_character),
    (GateFailure.NO_TOKEN_CHANGE, _no_token_change),
    (GateFailure.NEAR_COPY, _near_copy),
    (GateFailure.SIMILARITY, _similarity),
    (GateFailure.REPEATS_SENTENCE, _repeats_sentence),
    (GateFailure.ONLY_DELETES, _only_deletes),
    (GateFailure.ROLE_TOKEN, _role_token),
    (GateFailure.MARKUP, _markup),
    (GateFailure.SAYS_ERROR, _says_error),
    (GateFailure.GAME_TALK, _game_talk),
    (GateFailure.UNKNOWN_WORDS, _unknown_words),
    (GateFailure.NOT_CLINICAL, _not_clinical),
    (GateFailure.MISSPELLING, _misspelling),
)
"""Every gate, in the order in which they are tried: copies first, then how large the edit is, so that what costs more
only looks at small ones."""
