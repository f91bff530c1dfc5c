"""Watches how often the judge contradicts the construction or cannot tell, and stops a run in which it does too often.

One such game does no harm: the assessor gets nothing for it. Many contradictions say that judge and construction do not
speak of the same thing: what is left to train on is then what the two happen to agree about. Where nearly nothing can
be told, the attacker is trained on little else than the fee for that, and the assessor on vanilla games.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from medical_team.errors import QuarantineLimit, UntoldLimit
from medical_team.manager.tally import GameTally, Question
from medical_team.manager.window import forget_oldest
from medical_team.types import GameType

# With fewer, bad luck alone would stop runs of small steps: at a true share of 0.3, more than half of 32 is seen once
# in two hundred times.
ENOUGH_AUDITS = 32

Step = Mapping[str, tuple[int, int, int]]
"""Audited games, contradicted ones and those that the judge cannot tell, by game type."""

AUDITED, CONTRADICTED, UNTOLD = range(3)


class QuarantineWatch:
    """Over the newest steps: as few as hold enough audits, so that a large step is looked at alone.

    An audit that cannot tell is no contradiction: it says something about the judge's knowledge, not about who is
    right. It counts among the audited games and has a limit of its own.
    """

    def __init__(self, limit: float, untold_limit: float = 1.0) -> None:
        self._limit = limit
        self._untold_limit = untold_limit
        self._steps: deque[Step] = deque()

    def add(self, games: GameTally) -> None:
        """The audits of one finished step."""
        self._steps.append({str(kind): counts for kind in GameType if (counts := _counts(games, kind))[0]})
        forget_oldest(self._steps, _audited, ENOUGH_AUDITS)

    def check(self) -> None:
        """Whether the shares are within their limits, as far as there are enough audits to say.

        Raises:
            QuarantineLimit: The judge contradicts the construction too often.
            UntoldLimit: It cannot tell too often.
        """
        audited, contradicted, untold = (self._total(what) for what in (AUDITED, CONTRADICTED, UNTOLD))
        if audited < ENOUGH_AUDITS:
            return
        if contradicted > self._limit * audited:
            raise QuarantineLimit(
                f"the judge contradicts the construction in {contradicted} of {audited} audited games "
                f"({self._by_type(CONTRADICTED)}), more than judge.max_quarantine = {self._limit:g} of them: look at "
                "these games and at the judge; with another judge or limit, run.resume=auto goes on before this step"
            )
        if untold > self._untold_limit * audited:
            raise UntoldLimit(
                f"the judge cannot tell whether the edit is an error in {untold} of {audited} audited games "
                f"({self._by_type(UNTOLD)}), more than judge.max_untold = {self._untold_limit:g} of them: warm-start "
                "the model (model.path), so that its edits can be told, or choose a judge that knows these notes "
                "(judge.name, judge.model); with another judge or limit, run.resume=auto goes on before this step"
            )

    def state(self) -> list[Step]:
        """JSON-able; a few numbers a step."""
        return list(self._steps)

    def restore(self, state: Sequence[Mapping[str, Sequence[int]]]) -> None:
        self._steps = deque({kind: _step_of(counts) for kind, counts in step.items()} for step in state)

    def _by_type(self, what: int) -> str:
        return ", ".join(
            f"{kind} {self._total(what, kind)} of {audited}"
            for kind in GameType
            if (audited := self._total(AUDITED, kind))
        )

    def _total(self, what: int, *kinds: GameType) -> int:
        return sum(step[kind][what] for step in self._steps for kind in kinds or tuple(GameType) if kind in step)


def _counts(games: GameTally, kind: GameType) -> tuple[int, int, int]:
    answers = [games.opinions[kind, Question.IS_ERROR, answer] for answer in (True, False, None)]
    return sum(answers), answers[1], answers[2]


def _step_of(counts: Sequence[int]) -> tuple[int, int, int]:
    """An earlier version did not count what cannot be told."""
    audited, contradicted, untold = (*counts, 0)[:3]
    return audited, contradicted, untold


def _audited(step: Step) -> int:
    return sum(counts[AUDITED] for counts in step.values())
