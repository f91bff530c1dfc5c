"""The entry point: numbers on the terminal, files where asked for. What it refuses is in test_bad_input, too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from launching import load_script

from medical_team.data.store import read_notes
from medical_team.errors import DataError, UserError

SCRIPT = Path(__file__).parents[2] / "launch" / "prepare_medical_data.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script("prepare_medical_data")


def test_synthetic_notes_are_written_and_described(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script.main(["--synthetic", "--num-samples", "40", "--out", str(tmp_path)])
    train, held_out = read_notes(tmp_path / "train.parquet"), read_notes(tmp_path / "held_out.parquet")
    assert len(train) == 40
    shown = capsys.readouterr().out
    for word in ("causalOrganism", "twin groups", "median", "always Harmful", "pair accuracy"):
        assert word in shown
    assert not any(sentence in shown for note in (*train, *held_out) for sentence in note.sentences)


def test_no_save_writes_nothing(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    script.main(["--no-save"])
    assert list(tmp_path.iterdir()) == []


def test_medec_is_read_from_the_split_that_is_there(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = "Text ID,Text,Sentences,Error Flag,Error Type,Error Sentence ID,Error Sentence,Corrected Sentence"
    rows = [f"n-{n},t,0 Fever {n}.,0,NA,-1,NA,NA" for n in range(4)]
    (tmp_path / "X-TestSet.csv").write_text("\n".join([header, *rows, ",,,,,,,"]))
    script.main(["--medec", str(tmp_path), "--out", str(tmp_path / "out")])
    assert "MEDEC test" in capsys.readouterr().out
    with pytest.raises(DataError, match=r"data\.medec_split=test"):
        script.main(["--medec", str(tmp_path), "--split", "train", "--no-save"])


def test_a_training_part_may_be_as_small_as_one_note(script: ModuleType, tmp_path: Path) -> None:
    script.main(["--num-samples", "1", "--out", str(tmp_path)])
    assert len(read_notes(tmp_path / "train.parquet")) == 1


@pytest.mark.parametrize("arguments", [["--medec", "absent"], ["--num-samples", "0"], ["--split", "test"]])
def test_what_is_refused_leaves_nothing(script: ModuleType, tmp_path: Path, arguments: list[str]) -> None:
    with pytest.raises(UserError):
        script.main([*arguments, "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_folders_may_have_any_name(script: ModuleType, tmp_path: Path) -> None:
    out = tmp_path / "notes, mine: #1 ${x}"
    script.main(["--num-samples", "10", "--out", str(out)])
    assert (out / "train.parquet").is_file()


def test_help_needs_nothing_heavy() -> None:
    code = (
        "import runpy, sys\nsys.argv = ['x', '--help']\n"
        f"try:\n    runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\nexcept SystemExit:\n    pass\n"
        "assert not {'rich', 'pyarrow', 'pydantic', 'torch', 'medical_team.data'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
