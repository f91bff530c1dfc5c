"""Canaries: a few probes asked again within the run, and a judge that has changed for the worse set aside.

A judge behind an endpoint may be replaced, reconfigured or overloaded while a run goes on. The canaries are probes
that it answered rightly twice at admission, so that a wrong answer is a change and not a hard question. Where too many
are answered wrongly these are asked once more, and only those that are wrong again count: a judge that gives one probe
in twenty another answer would be set aside by chance within ten looks otherwise, with 69%. With 16 canaries and
thresholds of 0.8 that is 0.4% now where any of its answers may change, and 3% where all of it comes of a few probes
about which it tosses a coin. A judge that is wrong about every other probe from one day on is set aside at the first
look with 99.9%; one that tosses a coin about all of them with 87%, and within two looks with 98%.

A judge that is set aside is replaced by one that is better than it, or the run saves and ends. Better is a judge that
was admitted by the same probes and that, asked the same canaries, reaches the thresholds and is right at least as often
in either class, of what it decides. What is set aside stays aside, also after a resume. Whoever remembers its audits is
told to forget them (``on_distrust``).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from medical_team.config import AdmissionConfig
from medical_team.errors import JudgeSetAside
from medical_team.judge.admission.asking import AS_USUAL, Asking, Said, ask
from medical_team.judge.admission.figures import Judged, decided_shares, is_wrong, shares
from medical_team.judge.admission.probes import Probe
from medical_team.judge.protocol import AuditRequest, Judge, JudgeFailure
from medical_team.types import Audit

logger = logging.getLogger(__name__)


class WatchedJudge:
    """The Judge protocol over a judge while it keeps to its thresholds, and over ``substitute`` afterwards."""

    def __init__(
        self, judge: Judge, substitute: Judge | None, thresholds: AdmissionConfig, how: Asking = AS_USUAL
    ) -> None:
        self._judge = judge
        self._substitute = substitute
        self._thresholds = thresholds
        self._how = how
        self._canaries: tuple[Probe, ...] = ()
        self._set_aside: str | None = None
        self._on_distrust: Callable[[str], None] = lambda name: None

    @property
    def name(self) -> str:
        return self.auditing.name

    @property
    def judge(self) -> Judge:
        """The judge that is watched, set aside or not."""
        return self._judge

    @property
    def substitute(self) -> Judge | None:
        """Who stands in when the judge is set aside; ``None`` where nobody does."""
        return self._substitute

    @property
    def auditing(self) -> Judge:
        """Who audits now: the judge, or what stands in for it."""
        return self._substitute if self.is_set_aside and self._substitute is not None else self._judge

    @property
    def is_set_aside(self) -> bool:
        return self._set_aside is not None

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        return await self.auditing.audit(requests, deadline_s)

    def drop_substitute(self) -> None:
        """Nobody stands in: the substitute was not admitted."""
        self._substitute = None

    def watch(self, canaries: Sequence[Probe]) -> None:
        """Ask these from now on."""
        self._canaries = tuple(canaries)

    def on_distrust(self, forget: Callable[[str], None]) -> None:
        """Have ``forget`` called with the judge's name when it is found out: since when it is wrong nobody knows."""
        self._on_distrust = forget

    def distrust(self) -> None:
        """Say that what the judge said so far is not to be believed."""
        self._on_distrust(self._judge.name)

    async def look(self, step: int) -> dict[str, float]:
        """Ask the canaries where the step is due, and set the judge aside if it fails them twice.

        Returns:
            Metrics of the step: ``judge/set_aside`` always, where the canaries were asked the figures of the first
            asking.

        Raises:
            JudgeSetAside: There is no better judge. The run asks this one anew when it resumes.
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
        judged = await self._ask(self._judge, self._canaries)
        sensitivity, specificity = shares(judged)
        if self._is_below(sensitivity, specificity):
            await self._ask_again(judged)
        # A failure to answer is no wrong answer: retries, pauses and counts of failed audits deal with it.
        failed = sum(answer.said is Said.FAILED for _, answer in judged) / len(judged)
        figures = {"sensitivity": sensitivity, "specificity": specificity, "failed": failed}
        return {f"judge/canary_{name}": value for name, value in figures.items() if not math.isnan(value)}

    async def _ask_again(self, judged: Sequence[Judged]) -> None:
        """Ask the canaries that were answered wrongly once more; set the judge aside if too many are wrong again."""
        later = iter(await self._ask(self._judge, [probe for probe, answer in judged if is_wrong(probe, answer)]))
        sensitivity, specificity = shares([next(later) if is_wrong(*one) else one for one in judged])
        if self._is_below(sensitivity, specificity):
            await self._give_up(sensitivity, specificity)
        else:
            logger.info("judge %s took back wrong answers on canaries when it was asked again", self._judge.name)

    async def _ask(self, judge: Judge, probes: Sequence[Probe]) -> list[Judged]:
        answers = await ask(judge, [probe.request for probe in probes], self._how)
        return list(zip(probes, answers, strict=True))

    def _is_below(self, sensitivity: float, specificity: float) -> bool:
        return sensitivity < self._thresholds.min_sensitivity or specificity < self._thresholds.min_specificity

    async def _give_up(self, sensitivity: float, specificity: float) -> None:
        self.distrust()
        found = (
            f"on {len(self._canaries)} probes that it answered rightly before, and the wrong ones asked again, its "
            f"sensitivity is now {sensitivity:.2f} and its specificity {specificity:.2f}"
        )
        if self._substitute is None or not await self._is_better(self._substitute, sensitivity, specificity):
            raise JudgeSetAside(
                f"judge {self._judge.name} is no longer to be trusted: {found}; no better judge is at hand. Mend it, "
                "or choose another one (judge.name), and resume"
            )
        self._set_aside = self._judge.name
        logger.warning(
            "judge %s is set aside: %s; %s audits from here on", self._judge.name, found, self._substitute.name
        )

    async def _is_better(self, substitute: Judge, sensitivity: float, specificity: float) -> bool:
        """Whether it reaches the thresholds on the canaries and is right as often as the judge that failed them."""
        theirs = decided_shares(await self._ask(substitute, self._canaries))
        if any(math.isnan(share) for share in theirs) or self._is_below(*theirs):
            return False
        return theirs[0] >= sensitivity and theirs[1] >= specificity
