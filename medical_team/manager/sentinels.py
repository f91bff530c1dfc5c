"""Runtime sentinels: signs that a policy has found a way to be paid without playing.

The manager feeds them with every finished game and reads them once a step. They watch and warn; they reward nothing
and stop nothing. Each is a number in which more is worse, over a window of the newest steps.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from medical_team.game.gates import GateFailure
from medical_team.manager.edit_memory import EditMemory
from medical_team.manager.window import forget_oldest
from medical_team.types import ErrorType, Game, Outcome, Role, Verdict

# The window: steps enough for a trend, and games enough for a share to mean something where steps are small.
STEPS, GAMES = 8, 256

# A share of fewer cases is left out.
ENOUGH = 16


class Sentinel(StrEnum):
    """What is watched."""

    ONE_VERDICT = "one_verdict"
    """How often the assessor says the same of both classes: the share of its favourite verdict in the class in which
    it says it less often. A perfect assessor has 0, a coin 0.5, a constant answer 1, whatever the mix."""
    NO_OP = "no_op"
    """Share of the attacker's answers that change nothing."""
    TYPE_COLLAPSE = "type_collapse"
    """1 - H / log 5, with H the entropy of the error types of the edits: 0 when all are as common, 1 when it is one."""
    EXPLANATION_WORDS = "explanation_words"
    """Words of an explanation of the assessor's, on average."""
    EXPLANATION_DRIFT = "explanation_drift"
    """By which factor explanations grew or shrank from the older half of the window to the newer one; 1 at least."""
    DUPLICATE_EDITS = "duplicate_edits"
    """Share of the edits that repeat an earlier one."""
    REWARD_GAP = "reward_gap"
    """How much more the assessor gets on notes it is trained on than on held-out ones; read by each evaluation."""
    UNTOLD = "untold"
    """Share of the judged edits of which the judge cannot tell whether they are errors."""


LIMITS = {
    # An assessor that reads anything at all differs by more than one note in twenty.
    Sentinel.ONE_VERDICT: 0.95,
    # A copy costs more than an edit that is found: who keeps copying does not learn from that.
    Sentinel.NO_OP: 0.3,
    # Nine edits in ten of one type: 0.71 where the tenth is spread over the other four, 0.8 where it is of one.
    Sentinel.TYPE_COLLAPSE: 0.7,
    # Gold explanations have five to ten words; forty are written for the judge and not for a reader.
    Sentinel.EXPLANATION_WORDS: 40.0,
    # Twice or half as long within a few steps is no learning of medicine.
    Sentinel.EXPLANATION_DRIFT: 2.0,
    # Notes of a kind invite the same swap now and then, but not in most edits.
    Sentinel.DUPLICATE_EDITS: 0.5,
    # Of 2 between always right and always wrong. An evaluation of 200 notes tells 0.2 from nothing.
    Sentinel.REWARD_GAP: 0.3,
    # A small model begins at about two thirds; who is trained on it goes below that.
    Sentinel.UNTOLD: 0.75,
}
"""Above these there is a warning."""


class Sentinels:
    """Feed ``add`` with the games of a step, then call ``end_step`` and ``warnings`` once."""

    def __init__(self) -> None:
        self._steps: deque[Counter[str]] = deque()
        self._step: Counter[str] = Counter()
        self._edits = EditMemory()
        self._readings: dict[Sentinel, float] = {}
        self._above: set[Sentinel] = set()

    def add(self, game: Game) -> None:
        self._step.update(_observations(game))
        if _edit_counts(game):
            self._step["repeated edits"] += self._edits.repeats(game)

    def end_step(self) -> dict[Sentinel, float]:
        """What there is to read once the step is over; a sentinel that has seen too little is left out."""
        self._steps.append(self._step)
        self._step = Counter()
        forget_oldest(self._steps, lambda step: step["games"], GAMES, at_least=STEPS)
        readings = {sentinel: read(self._steps) for sentinel, read in READERS.items()}
        self._readings = {sentinel: value for sentinel, value in readings.items() if value is not None}
        return self._readings

    def warnings(self) -> list[str]:
        """A sentence for each sentinel that has risen above its limit with this step, not for one that stays there."""
        above = {sentinel for sentinel, value in self._readings.items() if value > LIMITS[sentinel]}
        risen, self._above = above - self._above, above
        return [
            f"sentinel {sentinel}: {self._readings[sentinel]:.2f} over the last {len(self._steps)} step(s), above "
            f"{LIMITS[sentinel]:g}; docs/judge.md says what that means"
            for sentinel in Sentinel
            if sentinel in risen
        ]

    def state(self) -> dict[str, Any]:
        """JSON-able, of bounded size, without text. Taken between steps."""
        return {"steps": [dict(step) for step in self._steps], "edits": self._edits.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self._steps = deque(Counter(step) for step in state.get("steps", ()))
        self._edits.restore(state.get("edits", ()))
        self._step = Counter()


def _observations(game: Game) -> Iterator[str]:
    """What is counted of a game, one name a case."""
    yield "games"
    if game.turn(Role.ATTACKER) is not None:
        yield "attacks"
        if game.reason == GateFailure.NO_OP:
            yield "no-ops"
    if game.edit is not None and _edit_counts(game):
        yield "edits"
        yield f"edits {game.edit.error_type}"
    if game.outcome is Outcome.QUARANTINED or game.audit is not None:
        yield "judged"
        if game.audit is None or game.audit.is_error is None:
            yield "untold"
    if game.assessment is not None and game.shown is not None:
        yield f"{game.shown.truth} called {game.assessment.verdict}"
        if game.assessment.explanation is not None:
            yield "explanations"
            yield from ["explanation words"] * len(game.assessment.explanation.split())


def _edit_counts(game: Game) -> bool:
    """Whether there is an edit that passed the gates."""
    return game.edit is not None and game.shown is not None


Steps = Sequence[Counter[str]]


def _total(steps: Steps, name: str) -> int:
    return sum(step[name] for step in steps)


def _share(steps: Steps, part: str, whole: str) -> float | None:
    total = _total(steps, whole)
    return _total(steps, part) / total if total >= ENOUGH else None


def _one_verdict(steps: Steps) -> float | None:
    said = {(truth, verdict): _total(steps, f"{truth} called {verdict}") for truth in Verdict for verdict in Verdict}
    sizes = {truth: sum(said[truth, verdict] for verdict in Verdict) for truth in Verdict}
    if min(sizes.values()) < ENOUGH:
        return None
    return max(min(said[truth, verdict] / sizes[truth] for truth in Verdict) for verdict in Verdict)


def _type_collapse(steps: Steps) -> float | None:
    total = _total(steps, "edits")
    if total < ENOUGH:
        return None
    shares = [_total(steps, f"edits {kind}") / total for kind in ErrorType]
    entropy = -sum(share * math.log(share) for share in shares if share)
    return 1 - entropy / math.log(len(ErrorType))


def _explanation_words(steps: Steps) -> float | None:
    return _share(steps, "explanation words", "explanations")


def _explanation_drift(steps: Steps) -> float | None:
    window, middle = list(steps), len(steps) // 2
    older, newer = _explanation_words(window[:middle]), _explanation_words(window[middle:])
    if not older or not newer:
        return None
    return max(newer / older, older / newer)


READERS: dict[Sentinel, Callable[[Steps], float | None]] = {
    Sentinel.ONE_VERDICT: _one_verdict,
    Sentinel.NO_OP: lambda steps: _share(steps, "no-ops", "attacks"),
    Sentinel.TYPE_COLLAPSE: _type_collapse,
    Sentinel.EXPLANATION_WORDS: _explanation_words,
    Sentinel.EXPLANATION_DRIFT: _explanation_drift,
    Sentinel.DUPLICATE_EDITS: lambda steps: _share(steps, "repeated edits", "edits"),
    Sentinel.UNTOLD: lambda steps: _share(steps, "untold", "judged"),
}
