"""The gates' cost for the worst edits that the parser lets through, and for larger ones that a judge's server may get.

    python tests/benchmarks/bench_gates.py [--edits 2000] [--seed 1]

Prints milliseconds an edit by kind, median and maximum of the processor's time; each edit is new to every cache. The
vocabulary is read beforehand and shown apart: a process pays for it once.
"""

from __future__ import annotations

import argparse
import random
import statistics
import string
from collections.abc import Callable
from time import process_time

from medical_team.config import GatesConfig
from medical_team.data.synthetic.compose import compose_notes
from medical_team.game.gates import check_edit
from medical_team.game.patient import speaks_of_a_patient
from medical_team.game.vocabulary import common_english, is_word, known_words
from medical_team.types import Edit, ErrorType, Note

LONGEST_VALUE = 500
Make = Callable[[random.Random], tuple[str, str]]


def _letters(rng: random.Random, length: int, alphabet: str = string.ascii_lowercase) -> str:
    return "".join(rng.choices(alphabet, k=length))


def _nonsense(rng: random.Random, count: int, length: int, alphabet: str = string.ascii_lowercase) -> str:
    return " ".join(_letters(rng, length, alphabet) for _ in range(count))[:LONGEST_VALUE]


def _unknown_words(rng: random.Random) -> tuple[str, str]:
    return "He has a cough and fever.", f"He has {_nonsense(rng, 3, rng.choice((8, 16, 23, 47)))} and fever."


WORST: dict[str, Make] = {
    "two letters, shuffled": lambda rng: (_nonsense(rng, 330, 2, "ab"), _nonsense(rng, 330, 2, "ab")),
    "one letter, shuffled": lambda rng: (_nonsense(rng, 500, 1, "ab"), _nonsense(rng, 500, 1, "ab")),
    "long words alike": lambda rng: (_nonsense(rng, 20, 47, "abc"), _nonsense(rng, 20, 47, "abc")),
    "unknown words": _unknown_words,
    "no blanks": lambda rng: (_letters(rng, LONGEST_VALUE), _letters(rng, LONGEST_VALUE)),
    "separators": lambda rng: (_nonsense(rng, 200, 4, "1.,-+<"), _nonsense(rng, 200, 4, "1.,-+<")),
    "ligatures that expand": lambda rng: (_letters(rng, 499, "\ufdfaﬃ½"), _letters(rng, 499, "\ufdfaﬃ½")),
    "accents": lambda rng: (_letters(rng, 499, "e\u0301\u0300"), _letters(rng, 499, "e\u0301\u0300")),
    "any character": lambda rng: (
        "".join(chr(rng.randrange(32, 0x2FFF)) for _ in range(499)),
        "".join(chr(rng.randrange(32, 0x2FFF)) for _ in range(499)),
    ),
    "tags": lambda rng: (_letters(rng, 499, "< a|>"), _letters(rng, 499, "< a|>/")),
    "words to a reader": lambda rng: (
        " ".join(rng.choices(("ignore", "the", "note", "no", "of", "all", "is"), k=80)),
        " ".join(rng.choices(("ignore", "the", "note", "this", "of", "all", "says"), k=80)),
    ),
    "letters apart": lambda rng: (_letters(rng, 499, "a .-"), _letters(rng, 499, "b .-1")),
    "a longer value": lambda rng: (_letters(rng, 4000, "ab "), _letters(rng, 4000, "ab ")),
}


def _edits(seed: int) -> dict[str, list[tuple[Edit, Note]]]:
    """The worst, beside one note and beside four hundred sentences, and ordinary swaps of a word."""
    rng = random.Random(seed)
    found: dict[str, list[tuple[Edit, Note]]] = {}
    for kind, make in WORST.items():
        for name, others in ((kind, 8), (f"{kind}, 400 sentences", 400)):
            found[name] = []
            for number in range(10 if others == 8 else 3):
                before, after = make(rng)
                near = tuple(_letters(rng, len(after), "abcde ") for _ in range(others))
                note = Note(f"{name}-{number}", (before, *near), "g")
                found[name].append((Edit(0, after, ErrorType.DIAGNOSIS), note))
    return found


def _ordinary(count: int, seed: int) -> list[tuple[Edit, Note]]:
    rng, notes = random.Random(seed), [note for note in compose_notes(600, seed) if not note.has_error]
    terms = [word for word in common_english(20_000) if len(word) > 4]
    edits = []
    for _ in range(count):
        note = rng.choice(notes)
        place = rng.randrange(len(note.sentences))
        words = note.sentences[place].split()
        words[rng.randrange(len(words))] = rng.choice(terms)
        edits.append((Edit(place, " ".join(words), ErrorType.DIAGNOSIS), note))
    return edits


def _show(kind: str, edits: list[tuple[Edit, Note]]) -> float:
    times = []
    for edit, note in edits:
        started = process_time()
        check_edit(edit, note, GatesConfig())
        times.append(1000 * (process_time() - started))
    print(f"{kind:45s} {len(edits):5d} edits  median {statistics.median(times):7.3f} ms  max {max(times):7.3f} ms")
    return max(times)


def main() -> None:
    parser = argparse.ArgumentParser(description="What gates cost.")
    parser.add_argument("--edits", type=int, default=2000, help="ordinary edits")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    started = process_time()
    known = len(known_words())
    is_word("macroalbuminuria")
    speaks_of_a_patient("He is well.")
    check_edit(
        Edit(0, "He has a rash ½.", ErrorType.DIAGNOSIS),
        Note("warm", ("He has a cough.", "End."), "g"),
        GatesConfig(),
    )
    print(f"vocabulary: {known} words in {process_time() - started:.2f} s")
    worst = max(_show(kind, edits) for kind, edits in _edits(asked.seed).items())
    _show("one word of a sentence, as attackers swap it", _ordinary(asked.edits, asked.seed))
    print(f"worst of all: {worst:.3f} ms")


if __name__ == "__main__":
    main()
