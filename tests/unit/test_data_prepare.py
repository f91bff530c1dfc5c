"""The entry point: numbers on the terminal, files where asked for, one sentence and code 2 otherwise."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from medical_team.data.store import read_notes

SCRIPT = Path(__file__).parents[2] / "launch" / "prepare_medical_data.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prepare_medical_data", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_synthetic_notes_are_written_and_described(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(["--synthetic", "--num-samples", "40", "--out", str(tmp_path)]) == 0
    train, held_out = read_notes(tmp_path / "train.parquet"), read_notes(tmp_path / "held_out.parquet")
    assert len(train) == 40
    shown = capsys.readouterr().out
    for word in ("causalOrganism", "twin groups", "median", "always Harmful", "pair accuracy"):
        assert word in shown
    assert not any(sentence in shown for note in (*train, *held_out) for sentence in note.sentences)


def test_no_save_writes_nothing(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert script.main(["--no-save"]) == 0
    assert list(tmp_path.iterdir()) == []


def test_medec_is_read_from_the_split_that_is_there(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = "Text ID,Text,Sentences,Error Flag,Error Type,Error Sentence ID,Error Sentence,Corrected Sentence"
    rows = [f"n-{n},t,0 Fever {n}.,0,NA,-1,NA,NA" for n in range(4)]
    (tmp_path / "X-TestSet.csv").write_text("\n".join([header, *rows, ",,,,,,,"]))
    assert script.main(["--medec", str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    assert "MEDEC test" in capsys.readouterr().out
    assert script.main(["--medec", str(tmp_path), "--split", "train", "--no-save"]) == 2
    assert "data.medec_split=test" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--medec", "absent"], ["--num-samples", "0"], ["--num-samples", "1"]])
def test_bad_input_is_one_sentence(
    script: ModuleType, capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str]
) -> None:
    code = script.main([*arguments, "--out", str(tmp_path / "out")])
    error = capsys.readouterr().err.strip()
    if arguments == ["--num-samples", "1"]:
        assert code == 0
    else:
        assert code == 2
        assert error and "\n" not in error
        assert not (tmp_path / "out").exists()


def test_help_needs_nothing_heavy() -> None:
    code = (
        "import runpy, sys\nsys.argv = ['x', '--help']\n"
        f"try:\n    runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\nexcept SystemExit:\n    pass\n"
        "assert not {'rich', 'pyarrow', 'pydantic', 'torch', 'medical_team.data'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
