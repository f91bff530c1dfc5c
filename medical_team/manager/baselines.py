"""What the policies do on average, over the newest steps: the baselines that the games of a step are scored with.

They change between steps only, by the games that the step trains on, in deal order: so a step's rewards do not depend
on who answered first, and a resumed run scores as the first one would have.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from medical_team.rewards.announced import announced_verdict
from medical_team.rewards.scoring import found, located
from medical_team.types import NOTHING_MEASURED, Baselines, Game, Outcome, Role, Verdict

# Each mean is over the newest steps that hold so many cases of it: to within a few hundredths, and young.
ENOUGH_CASES = 128

# For longer nothing is remembered. Of a verdict that a policy hardly says any more, the rate is an old one
# then: were it forgotten at once, the other verdict would not be charged any more, and nothing would lead back.
KEPT_STEPS = 32

# What the start values count for: little beside a step, enough for a rate of a handful of cases to mean something.
START_CASES = 4

Step = Mapping[str, float]
"""Sums, by name; ``<name> cases`` is how many a sum is over."""


class RunningBaselines:
    """Feed ``add`` with the games of a step and call ``end_step`` once; ``current`` holds until then."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque(maxlen=KEPT_STEPS)
        self._step: defaultdict[str, float] = defaultdict(float)
        self.current = NOTHING_MEASURED

    def add(self, game: Game, trained: Collection[Role]) -> None:
        """A finished game, and whose turns in it the step trains on: what is averaged is what is rewarded."""
        _count(self._step, game, trained)

    def end_step(self) -> Baselines:
        self._steps.append(dict(self._step))
        self._step = defaultdict(float)
        self.current = _means(self._steps)
        return self.current

    def state(self) -> list[Step]:
        """JSON-able; a few numbers a step. Taken between steps."""
        return list(self._steps)

    def restore(self, state: Sequence[Mapping[str, Any]]) -> None:
        self._steps = deque(map(dict, state), maxlen=KEPT_STEPS)
        self._step = defaultdict(float)
        self.current = _means(self._steps)


def _count(step: defaultdict[str, float], game: Game, trained: Collection[Role]) -> None:
    for name, value in _observations(game, trained):
        step[name] += value
        step[f"{name} cases"] += 1


def _observations(game: Game, trained: Collection[Role]) -> Iterator[tuple[str, float]]:
    turn = game.turn(Role.ASSESSOR)
    if Role.ASSESSOR in trained and turn is not None:
        announced = game.assessment.verdict if game.assessment else announced_verdict(turn.generation.text)
        if announced is not None:
            yield _malformed_name(announced), float(game.assessment is None)
    if game.outcome is not Outcome.COUNTED:
        return
    if Role.ASSESSOR in trained and found(game):
        yield "hit_rate", float(located(game))
    if Role.ATTACKER in trained and game.audit is not None and game.audit.realism is not None:
        yield "realism", game.audit.realism


def _means(steps: Sequence[Step]) -> Baselines:
    def mean(name: str, start: float) -> float:
        total = cases = 0.0
        for step in reversed(steps):
            total, cases = total + step.get(name, 0.0), cases + step.get(f"{name} cases", 0.0)
            if cases >= ENOUGH_CASES:
                break
        return (total + START_CASES * start) / (cases + START_CASES)

    return Baselines(
        hit_rate=mean("hit_rate", NOTHING_MEASURED.hit_rate),
        realism=mean("realism", NOTHING_MEASURED.realism),
        malformed_harmful=mean(_malformed_name(Verdict.HARMFUL), NOTHING_MEASURED.malformed_harmful),
        malformed_safe=mean(_malformed_name(Verdict.SAFE), NOTHING_MEASURED.malformed_safe),
    )


def _malformed_name(verdict: Verdict) -> str:
    return f"malformed_{verdict.lower()}"
