"""A whole run, its output, Ray's logs and all that it leaves: what is in the notes stays with the notes.

The notes carry a name that no other text has. The model's folder brings code along and does not get to run it. The
umask gives everything away. One run, since engines take most of the time.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tiny import tiny_overrides, write_tiny_model

from medical_team.records import read_games
from medical_team.safekeeping import MARKER

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
NAME = "Quarkheimer"
FINISHED_WITHIN_S = 280

# File suffixes that hold notes, and have to be private.
PRIVATE = {".parquet"}

COLUMNS = (
    "Text ID",
    "Text",
    "Sentences",
    "Error Flag",
    "Error Type",
    "Error Sentence ID",
    "Error Sentence",
    "Corrected Sentence",
)
# Known to the rule judge, which would not be admitted to a run of which it cannot tell anything.
DRUGS = (
    "amoxicillin",
    "warfarin",
    "insulin",
    "metoprolol",
    "levothyroxine",
    "prednisone",
    "omeprazole",
    "naloxone",
)
COMPLAINTS = ("cough", "fever", "rash", "headache", "vomiting", "dizziness", "dyspnoea", "back pain")


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What there is after the run.

    Attributes:
        output: What the driver wrote to its two streams.
        files: Everything in the folders of the run, of the data cache and of Ray's session.
        games: Folder of the recorded games.
        executed: The file that the model's own code would have written.
    """

    output: str
    files: tuple[Path, ...]
    games: Path
    executed: Path


def write_named_notes(folder: Path) -> Path:
    """Sixteen pairs of a wrong note and its right twin, in MEDEC's format, with the name in every sentence."""
    folder.mkdir()
    with open(folder / "X-TrainSet.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for number in range(32):
            pair, wrong = divmod(number, 2)
            opening = f"{NAME}, a {40 + pair}-year-old, has {COMPLAINTS[pair % 8]} for {pair + 1} days."
            right, error = (f"{NAME} is given {DRUGS[(pair + step) % 8]}." for step in (0, 1 + pair // 8))
            sentences = (opening, error if wrong else right, f"{NAME} comes back in {pair + 2} weeks.")
            text = "\n".join(f"{index} {sentence}" for index, sentence in enumerate(sentences))
            answer = (1, "management", 1, error, right) if wrong else (0, "NA", -1, "NA", "NA")
            rows.writerow((f"n{number}", " ".join(sentences), text, *answer))
    return folder


def bring_code(model: Path, executed: Path) -> None:
    """Let the folder name code of its own for whatever transformers may load from it."""
    (model / "spy.py").write_text(
        "from pathlib import Path\n"
        f"Path({str(executed)!r}).write_text('executed')\n"
        "from transformers import LlamaConfig as Config, LlamaForCausalLM as Model, LlamaModel as Body\n"
        "from transformers import PreTrainedTokenizerFast as Tokenizer\n"
    )
    names = {"AutoConfig": "Config", "AutoModelForCausalLM": "Model", "AutoModel": "Body"}
    add_keys(model / "config.json", auto_map={name: f"spy.{value}" for name, value in names.items()})
    add_keys(model / "tokenizer_config.json", auto_map={"AutoTokenizer": [None, "spy.Tokenizer"]})


def add_keys(file: Path, **keys: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | keys))


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LeftBehind]:
    folder = tmp_path_factory.mktemp("leaks")
    model, executed = write_tiny_model(folder / "model"), folder / "executed"
    bring_code(model, executed)
    overrides = tiny_overrides(
        model,
        folder / "runs",
        data__source="medec",
        data__medec_dir=write_named_notes(folder / "notes"),
        train__steps=1,
        evaluation__notes=4,
        cluster__backend="cpu",
    )
    # Below pytest's own folder the names of Ray's sockets would be longer than a socket's may be.
    ray = Path(tempfile.mkdtemp(prefix="ray-"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment |= {"RAY_TMPDIR": str(ray), "HF_MODULES_CACHE": str(folder / "modules"), "RAY_DEDUP_LOGS": "0"}
    done = subprocess.run(
        [sys.executable, "launch/train_ppo_ray.py", *overrides],
        cwd=ROOT,
        env=environment,
        umask=0,
        capture_output=True,
        text=True,
        timeout=FINISHED_WITHIN_S,
        check=False,
    )
    try:
        assert done.returncode == 0, done.stderr[-3000:]
        places = (folder / "runs", ray)
        files = tuple(path for place in places for path in place.rglob("*") if path.is_file())
        yield LeftBehind(done.stdout + done.stderr, files, folder / "runs" / "tiny" / "games", executed)
    finally:
        shutil.rmtree(ray, ignore_errors=True)


def test_the_name_is_in_the_records_and_nowhere_else(left: LeftBehind) -> None:
    (record,) = left.games.glob("*.parquet")
    rows = read_games(left.games).to_pylist()
    assert rows and all(NAME in row["source_sentences"][0] for row in rows), "the notes are the ones with the name"

    logs = [path for path in left.files if path.suffix in (".log", ".out", ".err")]
    assert len(logs) > 10 and record in left.files, "Ray's logs and the run's folder are looked at"
    assert NAME.casefold() not in left.output.casefold()
    assert not [path for path in left.files if path.suffix not in PRIVATE and says_the_name(path)]


def says_the_name(file: Path) -> bool:
    return NAME.casefold().encode() in file.read_bytes().lower()


def test_what_holds_notes_is_its_owners_alone_under_any_umask(left: LeftBehind) -> None:
    private = [path for path in left.files if path.suffix in PRIVATE]

    assert {path.parent.name for path in private} == {"games", "cache"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert stat.S_IMODE(left.games.stat().st_mode) == 0o700


def test_planted_errors_are_marked_with_where_they_are_from(left: LeftBehind) -> None:
    for row in read_games(left.games).to_pylist():
        assert (row["run"], row["data_source"]) == ("tiny", "medec-train")
        assert row["marker"] == (None if row["game_type"] == "vanilla_benign" else MARKER)


def test_the_models_own_code_is_not_executed(left: LeftBehind) -> None:
    assert not left.executed.exists()
