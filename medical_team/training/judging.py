"""The judge of a run before its first step: asked what is known, refused if it does not know. Driven by ``run``."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from medical_team.config import Config, JudgeConfig
from medical_team.judge.admission import CONSTRUCTION, AdmissionReport, admit
from medical_team.judge.asking import Asking
from medical_team.judge.probes import build_probes
from medical_team.judge.protocol import Judge
from medical_team.judge.rule import RuleJudge
from medical_team.judge.watch import WatchedJudge
from medical_team.rewards import JudgeRates, lint_judged
from medical_team.types import Note

logger = logging.getLogger(__name__)

REPORT_NAME = "judge-admission.json"


def asking(config: JudgeConfig) -> Asking:
    return Asking(config.batch_size, config.deadline_s)


def watched_judge(config: Config, judge: Judge) -> WatchedJudge:
    """The run's judge with construction behind it, watching nothing yet."""
    return WatchedJudge(judge, RuleJudge(config.game.gates), config.judge.admission, asking(config.judge))


def is_put_to_admission(config: Config, watched: WatchedJudge) -> bool:
    """Not judges that are construction, and not one that this run has set aside already."""
    opinion = not CONSTRUCTION.issuperset(config.judge_names)
    return opinion and config.judge.admission.probes > 0 and not watched.is_set_aside


async def admit_to_run(config: Config, watched: WatchedJudge, notes: Sequence[Note], folder: Path) -> None:
    """Put the judge to admission, keep the report in the run's folder, lint the rewards with it, choose canaries.

    Raises:
        JudgeNotAdmitted: It is below a threshold, and not accepted by name.
        RewardLintError: By what was measured of it, a simple policy would gain.
        DataError: The notes do not give probes of both classes.
    """
    wanted = config.judge.admission
    probes = build_probes(notes, wanted.probes, config.run.seed)
    report = await admit(watched.judge, probes, wanted, asking(config.judge), config.run.seed)
    (folder / REPORT_NAME).write_text(json.dumps(report.to_json(), indent=1, allow_nan=False))
    report.check()
    if not report.missed:  # one that is accepted by name was known to let such policies gain
        check_rewards(config, report)
    watched.watch(report.canaries(wanted.canaries))
    logger.info("judge %s answered %d probes and is admitted", report.judge, report.figures.probes)


def check_rewards(config: Config, report: AdmissionReport) -> None:
    """The reward lint with the judge's measured rates in it.

    Raises:
        RewardLintError: A simple policy would gain; with the numbers.
    """
    rates = JudgeRates(report.figures.sensitivity, report.confirms())
    lint_judged(config.rewards, config.game.mix, rates, config.rollout.max_deals_factor).check()
