"""Canaries: a few probes asked again within the run, and a judge that has changed for the worse set aside.

A judge behind an endpoint may be replaced, reconfigured or overloaded while a run goes on. The canaries are probes
that it answered rightly at admission, so that a wrong answer is a change and not a hard question. What is set aside
stays aside, also after a resume: from then on audits come from construction alone.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

from medical_team.config import AdmissionConfig
from medical_team.judge.admission.asking import AS_USUAL, Asking, Said, ask
from medical_team.judge.admission.figures import shares
from medical_team.judge.admission.probes import Probe
from medical_team.judge.protocol import AuditRequest, Judge, JudgeFailure
from medical_team.types import Audit

logger = logging.getLogger(__name__)


class WatchedJudge:
    """The Judge protocol over a judge while it keeps to its thresholds, and over ``construction`` afterwards."""

    def __init__(self, judge: Judge, construction: Judge, thresholds: AdmissionConfig, how: Asking = AS_USUAL) -> None:
        self._judge = judge
        self._construction = construction
        self._thresholds = thresholds
        self._how = how
        self._canaries: tuple[Probe, ...] = ()
        self._set_aside: str | None = None

    @property
    def name(self) -> str:
        return self._construction.name if self.is_set_aside else self._judge.name

    @property
    def judge(self) -> Judge:
        """The judge that is watched, set aside or not."""
        return self._judge

    @property
    def is_set_aside(self) -> bool:
        return self._set_aside is not None

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        judge = self._construction if self.is_set_aside else self._judge
        return await judge.audit(requests, deadline_s)

    def watch(self, canaries: Sequence[Probe]) -> None:
        """Ask these from now on."""
        self._canaries = tuple(canaries)

    async def look(self, step: int) -> dict[str, float]:
        """Ask the canaries where the step is due, and set the judge aside if it fails them.

        Returns:
            Metrics of the step: ``judge/set_aside`` always, the canaries' figures where they were asked.
        """
        every = self._thresholds.canary_every
        due = bool(self._canaries) and every > 0 and step % every == 0 and not self.is_set_aside
        figures = await self._ask_canaries() if due else {}
        return {"judge/set_aside": float(self.is_set_aside)} | figures

    def state(self) -> dict[str, Any]:
        """What a resumed run must know; JSON-able."""
        return {"set_aside": self._set_aside}

    def restore(self, state: Mapping[str, Any]) -> None:
        """A run that resumes with another judge has reason to: only the one that was set aside stays aside."""
        if state.get("set_aside") == self._judge.name:
            self._set_aside = self._judge.name

    async def _ask_canaries(self) -> dict[str, float]:
        answers = await ask(self._judge, [probe.request for probe in self._canaries], self._how)
        sensitivity, specificity = shares(list(zip(self._canaries, answers, strict=True)))
        # A failure to answer is no wrong answer: retries, pauses and counts of failed audits deal with it.
        failed = sum(answer.said is Said.FAILED for answer in answers) / len(answers)
        if sensitivity < self._thresholds.min_sensitivity or specificity < self._thresholds.min_specificity:
            self._give_up(sensitivity, specificity)
        figures = {"sensitivity": sensitivity, "specificity": specificity, "failed": failed}
        return {f"judge/canary_{name}": value for name, value in figures.items() if not math.isnan(value)}

    def _give_up(self, sensitivity: float, specificity: float) -> None:
        self._set_aside = self._judge.name
        logger.warning(
            "judge %s is set aside: on %d probes it answered rightly before, its sensitivity is now %.2f and its "
            "specificity %.2f; audits come from construction alone (%s) from here on",
            self._judge.name,
            len(self._canaries),
            sensitivity,
            specificity,
            self._construction.name,
        )
