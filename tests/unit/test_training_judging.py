"""A run's judge before the first step: let in, refused, or not asked at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from medical_team.config import Config, load_config
from medical_team.data.synthetic.compose import compose_notes
from medical_team.errors import JudgeNotAdmitted, RewardLintError
from medical_team.judge import AuditRequest, JudgeFailure
from medical_team.judge.admission.probes import build_probes
from medical_team.judge.exact import ExactJudge
from medical_team.training.judging import (
    REPORT_NAME,
    RunJudge,
    admit_to_run,
    is_put_to_admission,
    open_run_judge,
    watched_judge,
)
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


@pytest.mark.parametrize("override", ["judge.name=rule", "judge.name=exact", "judge.name=panel"])
def test_every_judge_is_asked_unless_there_are_no_probes(override: str):
    assert is_put_to_admission(run_config(override))
    assert not is_put_to_admission(run_config(override, "judge.admission.probes=0"))


def test_a_judge_made_of_code_has_nothing_behind_it_and_an_opinion_has():
    assert watched_judge(run_config("judge.name=rule"), Opinion()).substitute is None
    substitute = watched_judge(run_config(), Opinion()).substitute
    assert substitute is not None and substitute.name == "exact-1", "the table decides about synthetic notes"


def test_what_is_not_admitted_does_not_stand_in(tmp_path: Path):
    watched = admit(run_config("judge.admission.min_decided=0.9"), Opinion(), tmp_path)
    assert watched.substitute is None, "the table says nothing of doses, sides and negations"


def test_where_the_run_has_set_its_judge_aside_what_stands_in_is_asked(tmp_path: Path):
    judge = Opinion()
    watched = watched_judge(run_config(), judge)
    watched.restore({"set_aside": "opinion-1"})
    asyncio.run(admit_to_run(run_config(), watched, NOTES, tmp_path))
    assert judge.asked == 0 and json.loads((tmp_path / REPORT_NAME).read_text())["judge"] == "exact-1"


class Changeable(Opinion):
    """Answers in a run's steps with what it is, and the canaries and probes too."""

    def __init__(self) -> None:
        super().__init__()
        self.drifted = False

    def _known(self, request: AuditRequest) -> Audit:
        audit = super()._known(request)
        return replace(audit, is_error=not audit.is_error) if self.drifted else audit


def drifting_config(tmp_path: Path) -> Config:
    return run_config(f"run.dir={tmp_path}", "judge.admission.canary_every=1")


async def verdict_on(judge: RunJudge, request: AuditRequest) -> bool | None:
    (audit,) = await judge.audit([request], 1.0)
    assert isinstance(audit, Audit)
    return audit.is_error


async def admitted(config: Config, judge: RunJudge, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    await admit_to_run(config, judge.watched, NOTES, folder)


async def test_what_a_judge_said_before_it_was_set_aside_is_not_said_again_by_a_mended_one(tmp_path: Path):
    config, opinion = drifting_config(tmp_path), Changeable()
    error = build_probes(NOTES, 2, seed=1)[0].request
    async with open_run_judge(config, {"vllm": opinion}) as judge:
        await admitted(config, judge, tmp_path)
        opinion.drifted = True
        assert await verdict_on(judge, error) is False
        before_the_look = judge.state()
        await judge.look(1)
        assert judge.watched.is_set_aside

    mended = Changeable()
    async with open_run_judge(config, {"vllm": mended}) as judge:
        judge.restore(before_the_look)
        await admitted(config, judge, tmp_path)
        assert await verdict_on(judge, error) is True


async def test_nor_what_it_said_before_its_admission_failed(tmp_path: Path):
    config, opinion = drifting_config(tmp_path), Changeable()
    error = build_probes(NOTES, 2, seed=1)[0].request
    opinion.drifted = True
    async with open_run_judge(config, {"vllm": opinion}) as judge:
        assert await verdict_on(judge, error) is False
    async with open_run_judge(config, {"vllm": opinion}) as judge:
        with pytest.raises(JudgeNotAdmitted):
            await admitted(config, judge, tmp_path)
    async with open_run_judge(config, {"vllm": Changeable()}) as judge:
        await admitted(config, judge, tmp_path)
        assert await verdict_on(judge, error) is True


async def test_a_resume_finds_what_a_judge_in_good_standing_said(tmp_path: Path):
    config, opinion = drifting_config(tmp_path), Changeable()
    error = build_probes(NOTES, 2, seed=1)[0].request
    async with open_run_judge(config, {"vllm": opinion}) as judge:
        await admitted(config, judge, tmp_path)
        assert await verdict_on(judge, error) is True
        await judge.look(1)
    resumed = Changeable()
    async with open_run_judge(config, {"vllm": resumed}) as judge:
        await admitted(config, judge, tmp_path)
        asked = resumed.asked
        assert await verdict_on(judge, error) is True
    assert resumed.asked == asked
