"""The time in which no endpoint can be asked: told once when it begins and once when it ends, and bounded."""

from __future__ import annotations

import logging

from medical_team.errors import JudgeOutage

logger = logging.getLogger(__name__)


class Outage:
    """Of all endpoints at once. It lasts while somebody waits: a run that is learning loses nothing by it."""

    def __init__(self, budget_s: float) -> None:
        self._budget_s = budget_s
        self._since: float | None = None

    def begin(self, now: float, who: str) -> None:
        """Somebody has to wait."""
        if self._since is None:
            self._since = now
            logger.warning("the judge is away, rollouts pause: %s", who)

    def end(self, now: float, who: str) -> None:
        """An endpoint is back."""
        if self._since is not None:
            logger.warning("the judge is back after %.1f s, rollouts continue: %s", now - self._since, who)
            self._since = None

    def forget(self) -> None:
        """Nobody waits any longer."""
        self._since = None

    def over_budget(self, now: float, who: str) -> JudgeOutage | None:
        """What ends the run, once the outage has lasted too long."""
        if self._since is None or now - self._since < self._budget_s:
            return None
        return JudgeOutage(
            f"the judge has been away for {now - self._since:.0f} s, more than judge.http.outage_budget_s="
            f"{self._budget_s:g}: {who}; start it again and resume with run.resume=auto"
        )
