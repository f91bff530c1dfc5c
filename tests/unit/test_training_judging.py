"""A run's judge before the first step: let in, refused, or not asked at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from medical_team.config import Config, load_config
from medical_team.data.synthetic.compose import compose_notes
from medical_team.errors import JudgeNotAdmitted, RewardLintError
from medical_team.judge import AuditRequest, JudgeFailure
from medical_team.judge.exact import ExactJudge
from medical_team.training.judging import REPORT_NAME, admit_to_run, is_put_to_admission, watched_judge
from medical_team.types import Audit

NOTES = compose_notes(120, seed=3)


class Opinion:
    """Says of every edit what it is told, or what is right where it is told nothing."""

    name = "opinion-1"

    def __init__(self, always: bool | None = None) -> None:
        self._always = always
        self.asked = 0

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        self.asked += len(requests)
        if self._always is not None:
            return [Audit(self._always, self.name, "always") for _ in requests]
        return [self._known(request) for request in requests]

    def _known(self, request: AuditRequest) -> Audit:
        # Probes alternate between errors and harmless edits; exchanged pairs keep the number of an error.
        restores = not request.note.has_error and ExactJudge().decide(request).is_error is False
        return Audit(request.game_id % 2 == 0 and not restores, self.name, "known")


def run_config(*overrides: str) -> Config:
    return load_config(None, ["judge.name=vllm", "judge.admission.probes=64", *overrides])


def admit(config: Config, judge: Opinion, folder: Path):
    watched = watched_judge(config, judge)
    asyncio.run(admit_to_run(config, watched, NOTES, folder))
    return watched


def test_a_judge_that_knows_is_let_in_and_watched(tmp_path: Path):
    judge = Opinion()
    watched = admit(run_config("judge.admission.canary_every=1"), judge, tmp_path)

    before = judge.asked
    asyncio.run(watched.look(1))
    assert judge.asked == before + 16
    assert json.loads((tmp_path / REPORT_NAME).read_text())["admitted"] is True


def test_a_judge_that_does_not_is_refused_and_the_report_kept(tmp_path: Path):
    with pytest.raises(JudgeNotAdmitted, match=r"judge\.admission\.accept=opinion-1"):
        admit(run_config(), Opinion(always=True), tmp_path)
    assert json.loads((tmp_path / REPORT_NAME).read_text())["missed"][0]["key"] == "min_specificity"


def test_a_judge_that_is_accepted_by_name_is_let_in(tmp_path: Path):
    admit(run_config("judge.admission.accept=opinion-1"), Opinion(always=True), tmp_path)


def test_low_thresholds_do_not_let_a_policy_gain(tmp_path: Path):
    with pytest.raises(RewardLintError, match="harmless"):
        admit(run_config("judge.admission.min_specificity=0"), Opinion(always=True), tmp_path)


@pytest.mark.parametrize("override", ["judge.name=rule", "judge.name=exact", "judge.admission.probes=0"])
def test_construction_is_not_asked_nor_is_anybody_without_probes(override: str):
    config = run_config(override)
    assert not is_put_to_admission(config, watched_judge(config, Opinion()))


def test_a_panel_with_an_opinion_in_it_is_asked():
    config = run_config("judge.name=panel", "judge.panel.members=[rule,vllm]")
    assert is_put_to_admission(config, watched_judge(config, Opinion()))


def test_a_judge_that_the_run_has_set_aside_is_not_asked():
    watched = watched_judge(run_config(), Opinion())
    assert is_put_to_admission(run_config(), watched)
    watched.restore({"set_aside": "opinion-1"})
    assert not is_put_to_admission(run_config(), watched)
