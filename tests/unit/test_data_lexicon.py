"""The lexicon: read with one sentence for what is wrong, found in texts, and learnt from gold pairs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from medical_team.data.lexicon import Lexicon, read_entries, shipped, vocabulary
from medical_team.data.lexicon.terms import words_of
from medical_team.errors import DataError
from medical_team.types import ErrorType, Note

DIAGNOSES = frozenset({ErrorType.DIAGNOSIS})


def written(folder: Path, text: str) -> Path:
    path = folder / "diagnoses.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: x", "must be a list"),
        ("- [x", "no YAML file"),
        ("- same: [x]", "entry 1: an entry is a mapping with a name"),
        ("- {name: x, synonyms: [y]}", r"entry 1 \(x\): unknown key synonyms"),
        ("- {name: x, same: y}", "same must be a list"),
        ("- {name: x, kinds: [disease]}", "disease"),
        ("- {name: x, same: [y]}\n- {name: z, same: [Y]}", r"entry 2 \(z\): the term Y belongs to x"),
        ("- {name: '-'}", "without a letter"),
        ("- {name: x, same: ['1', 25-dihydroxy x]}", "the term '1' is without a letter"),
        ("- {name: x, class: [a]}", "class must be"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(tmp_path: Path, text: str, says: str):
    with pytest.raises(DataError, match=says) as caught:
        read_entries(written(tmp_path, text), DIAGNOSES)
    assert "\n" not in str(caught.value) and "diagnoses.yaml" in str(caught.value)


def test_the_longest_term_is_found_in_any_spelling_and_abbreviations_in_capitals(tmp_path: Path):
    text = "- {name: pneumonia}\n- {name: community-acquired pneumonia, same: [CAP]}\n- {name: Guillain-Barre syndrome}"
    lexicon = Lexicon(read_entries(written(tmp_path, text), DIAGNOSES))

    def names(sentence: str) -> list[str]:
        return [found.concepts[0].name for found in lexicon.find(words_of(sentence))]

    assert names("Community acquired pneumonias, a CAP, no cap; pneumonia.") == [
        "community-acquired pneumonia",
        "community-acquired pneumonia",
        "pneumonia",
    ]
    assert names("Guillain\N{EN DASH}Barr\N{LATIN SMALL LETTER E WITH ACUTE} syndrome") == ["Guillain-Barre syndrome"]


GOLD = Note(
    "g-1", ("He has a fever.", "Suspected of zeppelinitis."), "g", ErrorType.DIAGNOSIS, 1, "Suspected of airshipitis."
)


def test_gold_pairs_add_terms_for_the_notes_of_other_groups_alone():
    lexicon = Lexicon.with_gold([GOLD])
    text = words_of("Suspected of airshipitis.")
    assert lexicon.find(text, "another") and not lexicon.find(text, "g")
    both = Lexicon.with_gold([GOLD, replace(GOLD, note_id="h-1", group="h")])
    assert both.find(text, "g"), "another group has it, too"


def test_the_shipped_lexicon_is_read_and_has_a_vocabulary():
    assert isinstance(shipped(), Lexicon) and shipped() is shipped()
    assert all(word == word.lower() for word in vocabulary())
