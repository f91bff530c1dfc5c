"""Watches how often the judge contradicts the construction, and stops a run in which it does so too often.

Such games are rewarded to nobody, so that one of them does no harm. Many of them say that judge and construction do
not speak of the same thing: what is left to train on is then what the two happen to agree about.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from medical_team.errors import QuarantineLimit
from medical_team.manager.tally import GameTally, Question
from medical_team.manager.window import forget_oldest
from medical_team.types import GameType

# With fewer, bad luck alone would stop runs of small steps: at a true share of 0.3, more than half of 32 is seen once
# in two hundred times.
ENOUGH_AUDITS = 32

Step = Mapping[str, tuple[int, int]]
"""Audited games and contradicted ones, by game type."""


class QuarantineWatch:
    """Over the newest steps: as few as hold enough audits, so that a large step is looked at alone.

    An audit that cannot tell is no contradiction: it says something about the judge's knowledge, not about who is
    right. It counts among the audited games.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._steps: deque[Step] = deque()

    def add(self, games: GameTally) -> None:
        """The audits of one finished step."""
        self._steps.append({str(kind): counts for kind in GameType if (counts := _counts(games, kind))[0]})
        forget_oldest(self._steps, _audited, ENOUGH_AUDITS)

    def check(self) -> None:
        """Whether the share is within the limit, as far as there are enough audits to say.

        Raises:
            QuarantineLimit: It is not.
        """
        audited = sum(map(_audited, self._steps))
        contradicted = sum(count for step in self._steps for _, count in step.values())
        if audited >= ENOUGH_AUDITS and contradicted > self._limit * audited:
            raise QuarantineLimit(
                f"the judge contradicts the construction in {contradicted} of {audited} audited games "
                f"({self._by_type()}), more than judge.max_quarantine = {self._limit:g} of them: look at these games "
                "and at the judge; with another judge or limit, run.resume=auto goes on before this step"
            )

    def state(self) -> list[Step]:
        """JSON-able; a few numbers a step."""
        return list(self._steps)

    def restore(self, state: Sequence[Mapping[str, Sequence[int]]]) -> None:
        self._steps = deque({kind: (audited, no) for kind, (audited, no) in step.items()} for step in state)

    def _by_type(self) -> str:
        parts = []
        for kind in GameType:
            counts = [step[kind] for step in self._steps if kind in step]
            if counts:
                parts.append(f"{kind} {sum(no for _, no in counts)} of {sum(audited for audited, _ in counts)}")
        return ", ".join(parts)


def _counts(games: GameTally, kind: GameType) -> tuple[int, int]:
    answers = [games.opinions[kind, Question.IS_ERROR, answer] for answer in (True, False, None)]
    return sum(answers), answers[1]


def _audited(step: Step) -> int:
    return sum(audited for audited, _ in step.values())
