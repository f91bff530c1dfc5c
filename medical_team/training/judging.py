"""The judge of a run: opened, asked what is known before the first step, watched and remembered. Driven by ``run``."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from medical_team.config import Config
from medical_team.judge import make_judge
from medical_team.judge.actor import RestartingJudge
from medical_team.judge.admission import AdmissionReport, put_to_admission
from medical_team.judge.admission.asking import Asking
from medical_team.judge.admission.watch import WatchedJudge
from medical_team.judge.cache import CachedJudge
from medical_team.judge.opening import open_judge
from medical_team.judge.protocol import AuditRequest, Judge, JudgeFailure
from medical_team.rewards import JudgeRates, lint_judged
from medical_team.types import Audit, Note

logger = logging.getLogger(__name__)

REPORT_NAME = "judge-admission.json"
CACHE_NAME = "audits.sqlite"
CODE = frozenset({"rule", "exact"})
"""Names of the judges that are made of code."""


class RunJudge:
    """The judge of a run as manager and trainer have it: watched, and an opinion that was given is remembered."""

    def __init__(
        self, watched: WatchedJudge, cache: CachedJudge | None = None, restarting: Sequence[RestartingJudge] = ()
    ) -> None:
        self.watched = watched
        self._cache = cache
        self._restarting = restarting

    @property
    def name(self) -> str:
        return self.watched.name

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        return await (self._cache or self.watched).audit(requests, deadline_s)

    async def look(self, step: int) -> dict[str, float]:
        """Metrics of the watch and of the cache, before a step is played."""
        remembered = {"judge/cache_hit_rate": self._cache.hit_rate} if self._cache else {}
        return await self.watched.look(step) | remembered

    def faults(self) -> dict[str, float]:
        """Metrics of what went wrong in the whole run so far."""
        return {"faults/judge_restarts": float(sum(judge.restarts for judge in self._restarting))}

    def state(self) -> dict[str, Any]:
        return self.watched.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        self.watched.restore(state)


@asynccontextmanager
async def open_run_judge(
    config: Config, started: Mapping[str, Judge], notes: Sequence[Note] = ()
) -> AsyncIterator[RunJudge]:
    """The configured judge over the ones that are ``started``, with a judge made of code behind it.

    ``notes`` are the training notes, whose gold pairs a judge made of code learns terms from.
    The cache lies outside the watch: canaries that are answered from memory would show no change. It forgets a judge
    that fails them, or its admission: under the same name a mended one would else answer with what the other one said.
    """
    async with open_judge(config.judge_names, config.judge, config.game.gates, started, notes) as judge:
        watched = watched_judge(config, judge, notes)
        restarting = [judge for judge in started.values() if isinstance(judge, RestartingJudge)]
        if is_code(config):
            yield RunJudge(watched, restarting=restarting)
            return
        cache = CachedJudge(watched, config.run_dir / CACHE_NAME)
        watched.on_distrust(cache.forget)
        try:
            yield RunJudge(watched, cache, restarting)
        finally:
            cache.close()


def watched_judge(config: Config, judge: Judge, notes: Sequence[Note] = ()) -> WatchedJudge:
    """The judge with one made of code behind it, watching nothing yet."""
    return WatchedJudge(judge, _substitute(config, notes), config.judge.admission, Asking.of(config.judge))


def _substitute(config: Config, notes: Sequence[Note]) -> Judge | None:
    """The judge made of code that knows most about the run's notes; none where the run's judge is made of code."""
    if is_code(config):
        return None
    return make_judge("exact" if config.data.source == "synthetic" else "rule", config.game.gates, notes)


def is_code(config: Config) -> bool:
    """Whether plain code judges, which always gives the same answer: not worth remembering."""
    return CODE.issuperset(config.judge_names)


def is_put_to_admission(config: Config) -> bool:
    return config.judge.admission.probes > 0


async def admit_to_run(config: Config, watched: WatchedJudge, notes: Sequence[Note], folder: Path) -> None:
    """Put the judge to admission, keep the report in the run's folder, lint the rewards with it, choose canaries.

    What stands in for it is put to the same probes, and dropped where it is not admitted. Where the judge was set aside
    it alone is asked. What an attempt before remembers of a judge that is refused for wrong answers is forgotten.

    Raises:
        JudgeNotAdmitted: It is below a threshold, and not accepted by name.
        RewardLintError: By what was measured of it, a simple policy would gain.
        DataError: The notes do not give probes of both classes.
    """
    auditing = watched.auditing
    report = await put_to_admission(auditing, config, notes)
    (folder / REPORT_NAME).write_text(json.dumps(report.to_json(), indent=1, allow_nan=False))
    if not report.admitted and report.is_wrong:
        watched.distrust()
    report.check()
    if not report.missed:  # one that is accepted by name was known to let such policies gain
        check_rewards(config, report)
    logger.info("judge %s answered %d probes and is admitted", report.judge, report.figures.probes)
    if watched.is_set_aside:
        return
    watched.watch(report.canaries(config.judge.admission.canaries))
    substitute = watched.substitute
    if substitute is not None and (await put_to_admission(substitute, config, notes)).missed:
        watched.drop_substitute()


def check_rewards(config: Config, report: AdmissionReport) -> None:
    """The reward lint with the judge's measured rates in it.

    Raises:
        RewardLintError: A simple policy would gain; with the numbers.
    """
    rates = JudgeRates(report.figures.sensitivity, report.confirms())
    lint_judged(config.rewards, config.game.mix, rates, config.rollout.max_deals_factor).check()
