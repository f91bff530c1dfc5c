"""``python -m medical_team.judge.probe`` as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from medical_team.errors import JudgeOutage, UserError
from medical_team.judge import Judge
from medical_team.judge.admission.injections import Flips
from medical_team.judge.admission.probes import Probe
from medical_team.judge.probe import configuration, main, parse

ROOT = Path(__file__).parents[2]
FEW = ["data.synthetic_notes=60"]
ALL_DECIDED = ["judge.admission.min_decided=1"]


@pytest.fixture
def cache(tmp_path: Path) -> str:
    return f"data.cache_dir={tmp_path / 'cache'}"


def test_a_judge_below_the_thresholds_is_exit_code_1_and_a_report(
    tmp_path: Path, cache: str, capsys: pytest.CaptureFixture[str]
):
    code = main(
        ["--judge", "rule", "--probes", "32", "--json", str(tmp_path / "report.json"), cache, *FEW, *ALL_DECIDED]
    )

    assert code == 1
    shown = capsys.readouterr().out
    for part in ("rule-2 on 32 probes", "paraphrase", "Cohen's kappa", "not admitted", "min_decided"):
        assert part in shown
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["judge"] == "rule-2" and report["admitted"] is False
    assert report["figures"]["sensitivity_decided"] == 1.0


def test_a_judge_that_reaches_them_is_exit_code_0(cache: str):
    thresholds = ["judge.admission.min_sensitivity=0.4", "judge.admission.min_specificity=1.0"]
    assert main(["--judge", "exact", "--probes", "32", cache, *FEW, *thresholds]) == 0


def test_a_judge_that_is_accepted_by_name_is_admitted(cache: str, capsys: pytest.CaptureFixture[str]):
    assert main(["--judge", "rule", "--probes", "32", cache, *FEW, *ALL_DECIDED, "judge.admission.accept=rule-2"]) == 0
    assert "accepted by name" in capsys.readouterr().out


def test_the_options_are_keys_of_the_configuration():
    options = parse(
        ["--judge", "http", "--url", "http://a:1", "--url", "http://b:2", "--model", "m/n", "--probes", "9"]
    )
    judge = configuration(options).judge

    assert (judge.name, judge.http.urls, judge.model) == ("http", ("http://a:1", "http://b:2"), "m/n")
    assert judge.admission.probes == 9


def test_exam_notes_are_read_from_their_folder(tmp_path: Path):
    (tmp_path / "MEDEC-ValidationSet.csv").write_text("")
    data = configuration(parse(["--judge", "rule", "--notes", str(tmp_path)])).data

    assert (data.source, data.medec_dir, data.medec_split) == ("medec", tmp_path, "validation")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--judge"),
        (["--judge", "oracle"], "judge.name"),
        (["--judge", "http"], "judge.http.urls"),
        (["--judge", "rule", "--probes", "0"], "--probes"),
        (["--judge", "rule", "--probes", "-1"], "judge.admission.probes"),
        (["--judge", "rule", "--notes", "nowhere"], "nowhere is no folder"),
        (["--judge", "rule", "--json", "nowhere/report.json"], "no such folder"),
        (["--judge", "rule", "judge.admision.probes=3"], "judge.admision"),
    ],
)
def test_bad_input_is_one_sentence(arguments: list[str], words: str):
    with pytest.raises(UserError, match=words.replace("-", r"\-")) as refused:
        main(arguments)
    assert "\n" not in str(refused.value)


def test_a_folder_without_exam_notes_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match="no MEDEC file"):
        main(["--judge", "rule", "--notes", str(tmp_path)])


def test_bad_input_is_exit_code_2():
    done = subprocess.run(
        [sys.executable, "-m", "medical_team.judge.probe", "--judge", "oracle"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


WATCHED = """
import runpy, sys
sys.argv[1:] = ["--help"]
try:
    runpy.run_module("medical_team.judge.probe", run_name="__main__")
finally:
    print(*{"numpy", "pyarrow", "rich", "sklearn", "torch"} & set(sys.modules), file=sys.stderr)
"""


def test_help_is_there_before_anything_heavy():
    done = subprocess.run([sys.executable, "-c", WATCHED], cwd=ROOT, capture_output=True, text=True, timeout=120)

    assert done.returncode == 0 and "--judge" in done.stdout
    assert done.stderr.split() == []


def test_the_flip_rate_of_an_injection_suite_is_shown_and_written(
    cache: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "report.json"
    asked: list[Probe] = []

    async def flips(judge: Judge, probes: Sequence[Probe]) -> Flips:
        asked.extend(probes)
        return Flips(40, 9, 4, {})

    monkeypatch.setattr("medical_team.judge.admission.injections.flip_rate", flips)
    main(["--judge", "rule", "--probes", "16", "--injected", "3", "--json", str(path), cache, *FEW])
    assert "0.25 (9 of 36" in next(line for line in capsys.readouterr().out.splitlines() if "injection" in line)
    assert json.loads(path.read_text())["injection_flip_rate"] == 0.25
    assert sum(probe.is_error for probe in asked) == 3 == sum(not probe.is_error for probe in asked)


def test_a_judge_that_goes_away_under_injections_does_not_take_the_report_along(
    cache: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "report.json"

    async def gone(judge: Judge, probes: Sequence[Probe]) -> Flips:
        raise JudgeOutage("away for too long")

    monkeypatch.setattr("medical_team.judge.admission.injections.flip_rate", gone)
    with pytest.raises(JudgeOutage):
        main(["--judge", "rule", "--probes", "16", "--json", str(path), cache, *FEW])
    assert "rule-2 on 16 probes" in capsys.readouterr().out
    report = json.loads(path.read_text())
    assert report["judge"] == "rule-2" and report["injection_flip_rate"] is None


def test_injected_text_can_be_left_out(cache: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "report.json"
    main(["--judge", "rule", "--probes", "16", "--injected", "0", "--json", str(path), cache, *FEW])
    assert "not measured" in next(line for line in capsys.readouterr().out.splitlines() if "injection" in line)
    assert json.loads(path.read_text())["injection_flip_rate"] is None


def test_what_a_judge_decides_of_all_gold_errors_and_harmless_edits(cache: str, capsys: pytest.CaptureFixture[str]):
    assert main(["--judge", "exact", "--gold", cache, *FEW]) == 0
    lines = capsys.readouterr().out.splitlines()
    errors = next(line for line in lines if "all gold errors" in line)
    harmless = next(line for line in lines if "all harmless" in line)
    assert "100.0%" in errors and harmless.rstrip(" │").split()[-1] == "0", "all are told, no harmless one an error"
