"""The words that an edit may bring in without a question: clinical ones, the table's and general English.

A word of known parts is a word, too: "macroalbuminuria" beside "albuminuria", "tonsillitis" beside "tonsillectomy".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, lru_cache
from importlib import resources
from re import compile as pattern
from typing import Any

from spellchecker import SpellChecker

from medical_team.data.lexicon import vocabulary
from medical_team.data.synthetic.table import CONDITIONS


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Parts by which medical words differ; words that share the rest mean other things.
PREFIXES = _split(
    "ab ad ante anti auto bi brady contra counter de di dis dys ecto electro endo epi erythro eu exo extra fibro "
    "hemi hepato hydro hydroxy hyper hypo immuno in infra inter intra iso juxta leuko levo lymph lympho macro mal "
    "medroxy mega meta methyl micro mono multi myco myo nephro neuro neutro non normo oligo osteo over pan para "
    "peri poly post pre pro pseudo quadri re retro semi sub super supra tachy tetra thrombo trans tri un under uni "
    "vaso veno"
)
SUFFIXES = _split(
    "itis osis otic itic ectomy otomy ostomy emia emic aemia uria uric oma omas opathy opathies algia plasty scopy "
    "graphy gram penia cytosis philia phobia plegia paresis pnea rrhea rrhage rrhagia trophy ectasis iasis megaly "
    "centesis pexy desis lysis genic tropic cele dynia itides oses"
)
# Shorter rests say nothing: most letters after a prefix are the end of some word.
_SHORTEST_STEM = 4
_LONG_STEM = 6
_SHORT_PREFIX = 3

UNITS = frozenset(
    _split(
        "mg mcg ug ng pg kg gm ml dl cl ul fl cm mm km mmol umol nmol pmol mol meq miu iu ui hz khz mhz kcal kj kpa "
        "bpm hpf lpf msec hrs hr yrs yr yo wk wks mo mos pt pts hx fx tx rx dx sx cc tid bid qid qd qhs prn iv im sc "
        "po pr sq ekg ecg eeg emg mri ct cxr abg cbc ph pco hco bp rr wbc rbc hgb hct plt bun cr na ca hba hbs hcv "
        "hbv xray ft lb lbs deg mmhg hg doesn didn isn wasn hasn couldn wouldn aren weren hadn haven shouldn don "
    )
)
_LETTERS = pattern(r"[^\W\d_]+")


@cache
def known_words() -> frozenset[str]:
    """Clinical and general words in small letters."""
    return frozenset(_english()) | clinical_words() | UNITS


@cache
def common_english(most: int) -> frozenset[str]:
    """The most frequent words of general English."""
    return frozenset(_english()[:most])


@cache
def _english() -> tuple[str, ...]:
    """Words of general English, the most frequent first."""
    frequency = dict(SpellChecker(language="en").word_frequency.items())
    return tuple(sorted(frequency, key=frequency.__getitem__, reverse=True))


@cache
def clinical_words() -> frozenset[str]:
    """The lexicon's words, the table's, and common words of notes that a general English list lacks."""
    common = resources.files("medical_team.game").joinpath("clinical_words.txt").read_text("utf-8")
    terms = (*vocabulary(), *_texts(CONDITIONS), common)
    return frozenset(word for term in terms for word in _LETTERS.findall(term.casefold()) if len(word) > 1)


@lru_cache(maxsize=256)
def is_word(word: str) -> bool:
    """Whether a word in small letters is in the vocabulary, or made of parts that are."""
    if word in known_words() or any(form in clinical_words() for form in forms(word)):
        return True
    return any(_stem_is_known(word, prefix) for prefix in PREFIXES if word.startswith(prefix)) or any(
        _stem_has_endings(word[: -len(suffix)]) for suffix in SUFFIXES if word.endswith(suffix)
    )


def swaps_a_part(word: str, own: Collection[str]) -> bool:
    """Whether the word is one of ``own`` with another known beginning or ending, or without one."""
    rests = [word, *(word[len(prefix) :] for prefix in PREFIXES if word.startswith(prefix))]
    stems = [word[: -len(suffix)] for suffix in SUFFIXES if word.endswith(suffix)]
    return any(
        len(rest) > _SHORTEST_STEM and any(prefix + rest in own for prefix in ("", *PREFIXES)) for rest in rests
    ) or any(len(stem) >= _SHORTEST_STEM and any(stem + suffix in own for suffix in SUFFIXES) for stem in stems)


def _stem_is_known(word: str, prefix: str, depth: int = 2) -> bool:
    rest = word[len(prefix) :]
    if len(rest) <= _SHORTEST_STEM:
        return False
    # Short prefixes begin many words that are misspelt in the middle: what follows them has to be clinical.
    known = known_words() if len(prefix) > _SHORT_PREFIX else clinical_words()
    if rest in known or (len(rest) > _LONG_STEM and any(other + rest in known for other in PREFIXES)):
        return True
    return depth > 0 and any(_stem_is_known(rest, other, depth - 1) for other in PREFIXES if rest.startswith(other))


def _stem_has_endings(stem: str) -> bool:
    return len(stem) >= _SHORTEST_STEM and any(stem + suffix in known_words() for suffix in SUFFIXES)


def forms(word: str) -> Iterator[str]:
    """The word itself, and what it may be an inflection of."""
    yield word
    for ending in ("s", "es", "ed", "ing"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            yield word[: -len(ending)]
            if ending in ("ed", "ing"):
                yield word[: -len(ending)] + "e"
    if word.endswith(("ies", "ied")):
        yield word[:-3] + "y"
    if "ae" in word or "oe" in word:  # British spelling: haemorrhage, oedema
        yield word.replace("ae", "e").replace("oe", "e")


def _texts(value: Any) -> Iterable[str]:
    """Every text within a value: of data classes, mappings (keys as well) and collections."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from (*_texts(key), *_texts(inner))
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from _texts(inner)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))
