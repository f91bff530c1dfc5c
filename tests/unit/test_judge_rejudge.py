"""``python -m medical_team.judge.rejudge`` as a person runs it on a folder that a run left."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import ALL_EQUAL, FakeEngine, Habits

from medical_team.config import Config, GatesConfig, RewardsConfig, load_config, to_yaml
from medical_team.data.deck import Deck
from medical_team.data.synthetic.compose import compose_notes
from medical_team.errors import UserError
from medical_team.judge import BatchedJudge, make_judge
from medical_team.judge.rejudge import changed_config, main
from medical_team.manager import MedicalGameManager
from medical_team.records import GameRecorder
from medical_team.types import Role

ROOT = Path(__file__).parents[2]
HEAVY = ["torch", "ray", "vllm", "deepspeed", "openrlhf", "transformers"]


_TEMPERATURE = re.compile(r"\btemperature is [\d.]+ C")
FEVERISH = [note for note in compose_notes(160, seed=3) if any(map(_TEMPERATURE.search, note.sentences))]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of three steps under the rule judge."""
    folder = tmp_path_factory.mktemp("runs") / "one"
    folder.mkdir()
    (folder / "config.yaml").write_text(to_yaml(load_config(None, ["judge.name=rule", "game.mix.vanilla_benign=1"])))
    recorder = GameRecorder(folder / "games")
    manager = MedicalGameManager(
        Deck(FEVERISH, ALL_EQUAL, seed=5),
        {Role.ATTACKER: FindingAttacker(), Role.ASSESSOR: FakeEngine(Role.ASSESSOR, Habits(malformed=0.1))},
        BatchedJudge(make_judge("rule"), batch_size=8, max_wait_s=0.001, deadline_s=10.0),
        mix=ALL_EQUAL,
        gates=GatesConfig(),
        rewards=RewardsConfig(),
        concurrency=16,
        max_deals_factor=8.0,
        record=recorder.append,
    )
    for step in (1, 2, 3):
        asyncio.run(manager.collect(12))
        recorder.flush(step)
    return folder


class FindingAttacker(FakeEngine):
    """Writes a temperature that nobody has: an error to the rules, untold to the table."""

    def __init__(self) -> None:
        super().__init__(Role.ATTACKER)

    def _attack(self, sentences, rng):  # type: ignore[no-untyped-def]
        from medical_team.game.prompts import attacker_answer
        from medical_team.types import Edit, ErrorType

        place = next(place for place, sentence in enumerate(sentences) if _TEMPERATURE.search(sentence))
        edit = Edit(place, _TEMPERATURE.sub("temperature is 90.3 C", sentences[place]), ErrorType.DIAGNOSIS)
        return attacker_answer(edit, "where it hurts")


def test_with_what_the_run_had_nothing_changes(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(run), "--json", str(tmp_path / "report.json")])
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["flips"], report["sign_changes"]) == (0, [])
    assert all(figure["before"] == figure["after"] for figure in report["figures"].values())
    assert "audited by rule-2; now by rule-2" in capsys.readouterr().out


def test_another_judge_is_shown_with_what_it_changes(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(run), "--judge", "exact", "--json", str(tmp_path / "report.json")])
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["judges"]["after"] == {"exact-1": sum(report["judges"]["before"].values())}
    assert report["figures"]["judge/untold_rate/all"] == {"before": 0.0, "after": 1.0, "change": 1.0}
    assert {change["after"] for change in report["sign_changes"]} == {"0", "-"}, "withheld, and a fee"
    shown = capsys.readouterr().out
    assert "quarantine_rate/adversarial_benign" in shown
    assert "90.3 C" not in shown and "90.3 C" not in json.dumps(report)


def test_another_reward_table_keeps_what_it_does_not_name(run: Path, tmp_path: Path) -> None:
    table = tmp_path / "other.yaml"
    table.write_text("rewards:\n  localisation: 0.75\n")
    recorded = load_config(run / "config.yaml")
    changed = changed_config(run, None, table, ["judge.deadline_s=5"])
    assert changed.rewards == recorded.rewards.model_copy(update={"localisation": 0.75})
    assert changed.judge.deadline_s == 5
    assert changed_config(run, "exact", None, []) == Config.model_validate(
        recorded.model_dump() | {"judge": recorded.judge.model_dump() | {"name": "exact"}}
    )


def test_what_is_wrong_with_the_input_is_one_sentence(run: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("run:\n  name: x\n")
    (tmp_path / "bad.yaml").write_text("rewards:\n  explanation: 0.2\n  localisation: 0.1\n")
    fresh = tmp_path / "fresh"
    GameRecorder(fresh / "games")
    (fresh / "config.yaml").write_text(to_yaml(Config()))
    cases = {
        (str(tmp_path / "nowhere"),): "has no config.yaml",
        (str(run), "--judge", "oracle"): "judge.name",
        (str(run), "--rewards", str(tmp_path / "empty.yaml")): "has no rewards: section",
        (str(run), "--rewards", str(tmp_path / "bad.yaml")): "rewards.explanation = 0.2",
        (str(run), "--json", str(tmp_path / "no" / "report.json")): "there is no folder",
        (str(run), "judge.nam=rule"): "unknown key 'judge.nam'",
        (str(fresh),): "holds no games yet",
        (): "required: run",
    }
    for arguments, words in cases.items():
        with pytest.raises(UserError) as caught:
            main(list(arguments))
        assert words in str(caught.value) and "\n" not in str(caught.value), arguments


def test_it_runs_as_a_module_without_the_stack(run: Path) -> None:
    program = (
        "import runpy, sys\nsys.argv[1:] = sys.argv[1:]\n"
        "try:\n    runpy.run_module('medical_team.judge.rejudge', run_name='__main__')\n"
        f"finally:\n    print('imported:', *sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(run)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "imported:"
    assert "assessor/reward" in done.stdout
