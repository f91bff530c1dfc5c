"""The reward lint: what simple policies are worth under a configuration, before anything is trained on it.

The policies are played through ``score_game`` itself, so that a term added there is linted too. Constant verdicts are
counted from the averages that they would have themselves, better answers from the start values. Refused are:

- a constant verdict worth more or less than nothing (always Safe; always Harmful at any rate of naming the right
  sentence), or worth more than the other one because its answers parse more often, whatever the sentence;
- remembering notes, where the notes of a vignette are not shown as often with an error as the mix shows notes;
- an empty correction worth nearly as much as a right one (``CORRECTION_GAIN``);
- ``malformed`` at or above the value of Safe when there certainly is an error. A note that the assessor keeps losing
  must not be lost more cheaply by breaking the format. (A false alarm may cost more than that; whoever believes a note
  clean has Safe to say, which gains, so it is no reason for a higher penalty.)
- an edit that the judge cannot tell worth as much as one that is always found, located and corrected and looks unreal:
  not playing must not be better than playing and losing;
- ``gate_failed`` at or above the value of an edit that the judge cannot tell;
- ``attacker_malformed`` above ``gate_failed``: breaking the format must not be the cheaper way past the gates.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medical_team.config import RewardsConfig
from medical_team.errors import RewardLintError
from medical_team.game.gates import GateFailure
from medical_team.game.parsing import Violation
from medical_team.rewards.imagined import CORRECTED, ELSEWHERE, LOCATED, SAFE, Scorer
from medical_team.rewards.pricing import class_prices
from medical_team.types import GameType, Outcome, Verdict, harmful_share

TOLERANCE = 1e-9

# No error sentence, one at random in ten, one by a cue word (83% on MEDEC), every one.
HIT_RATES = (0.0, 0.1, 0.83, 1.0)

PARSE_FAILURES = ((0.0, 0.0), (0.1, 0.02), (0.3, 0.05))
"""Shares of Harmful and of Safe answers that do not parse: of a warm-started model, and of a small one at its start."""

MEMORY_GAIN = 0.05
"""What remembering vignettes may be worth: shares measured over finite decks are never exact."""

CORRECTION_GAIN = 0.05
"""What right corrections must add to a game's value at least: with less, nobody would learn to write them."""

# With fewer error notes one that is right about a clean note would lose by the charge, which is therefore cut.
_SHARE_FOR_FULL_CHARGE = 1 / 3


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """A simple policy and its expected reward a game.

    Attributes:
        policy: What it always does.
        value: Expected total reward a game, under the mix.
        must_stay_below: The value it must be strictly below.
        because: What that bound is.
        remedy: What puts it right, with the configuration key.
        must_stay_above: The value it must be strictly above; it has the same reason.
    """

    policy: str
    value: float
    must_stay_below: float
    because: str
    remedy: str
    must_stay_above: float = -math.inf

    @property
    def gains(self) -> bool:
        return self.value >= self.must_stay_below

    @property
    def loses(self) -> bool:
        return self.value <= self.must_stay_above


@dataclass(frozen=True, slots=True)
class LintReport:
    """Every policy that was tried."""

    policies: tuple[PolicyValue, ...]

    @property
    def refused(self) -> tuple[PolicyValue, ...]:
        return tuple(policy for policy in self.policies if policy.gains or policy.loses)

    def check(self) -> None:
        """Refuse a configuration under which a simple policy gains, or one verdict loses.

        Raises:
            RewardLintError: Names the first such policy, its value, its bound and the key to change.
        """
        for policy in self.refused:
            side, bound = ("below", policy.must_stay_below) if policy.gains else ("above", policy.must_stay_above)
            raise RewardLintError(
                f"{policy.policy} is worth {policy.value:.3f} a game and must stay {side} {bound:.3f}, "
                f"{policy.because}: {policy.remedy}"
            )


def lint_rewards(
    config: RewardsConfig,
    mix: Mapping[GameType, float],
    *,
    parse_failures: Sequence[tuple[float, float]] = PARSE_FAILURES,
    error_shares: Sequence[float] = (),
) -> LintReport:
    """The values of simple policies.

    Args:
        config: Prices and penalties.
        mix: Weight of each game type, in any unit.
        parse_failures: Shares of Harmful and of Safe answers that do not parse, as measured or to be reckoned with.
        error_shares: The share of games that show an error, per kind of note that somebody could remember; where it
            is given, memory is linted, too.

    Raises:
        RewardLintError: The mix shows only one class of notes.
    """
    share = harmful_share(mix)
    if not 0 < share < 1:
        raise RewardLintError("game.mix shows only one class of notes, so one constant verdict is always right")
    scorer = Scorer(class_prices(share), config)
    return LintReport(
        (
            *_constant_verdicts(scorer, share),
            *_verdicts_that_break(scorer, share, parse_failures),
            *([memory(scorer, error_shares)] if error_shares else []),
            *_careless_answers(scorer, share),
            *_attackers(scorer),
        )
    )


def memory(scorer: Scorer, error_shares: Sequence[float]) -> PolicyValue:
    """Of knowing which vignette a note is of, and how often that one is shown with an error, and nothing else."""

    def best(error_share: float) -> float:
        average = scorer.against(hit_rate=0.0)
        return max(average.constant(error_share, verdict, hit_rate=0.0) for verdict in Verdict)

    return PolicyValue(
        "an assessor that remembers how often each vignette is shown with an error",
        sum(map(best, error_shares)) / len(error_shares),
        MEMORY_GAIN,
        "since nothing of a note has been read",
        "change game.mix, so that every vignette is shown as often with an error as without",
    )


def _constant_verdicts(scorer: Scorer, share: float) -> list[PolicyValue]:
    def value(policy: str, amount: float, remedy: str) -> PolicyValue:
        return PolicyValue(policy, amount, TOLERANCE, "which is nothing", remedy, -TOLERANCE)

    return [
        value("an assessor that always says Safe", scorer.constant(share, Verdict.SAFE, 0.0), "change game.mix"),
        *(
            value(
                f"an assessor that always says Harmful and names the right sentence in {hit_rate:.0%}",
                scorer.against(hit_rate=hit_rate).constant(share, Verdict.HARMFUL, hit_rate),
                "change rewards.localisation or game.mix",
            )
            for hit_rate in HIT_RATES
        ),
    ]


def _verdicts_that_break(scorer: Scorer, share: float, failures: Sequence[tuple[float, float]]) -> list[PolicyValue]:
    """Always Harmful and always Safe when the answers of either do not always parse: both values and their difference.

    Only the difference has a bound: what does not parse costs something, and the same under either verdict.
    """
    values = []
    for on_harmful, on_safe in failures:
        average = scorer.against(malformed_harmful=on_harmful, malformed_safe=on_safe)
        safe = average.constant(share, Verdict.SAFE, hit_rate=0.0)
        always_safe = f"always Safe, of which {on_safe:.0%} does not parse"
        values.append(_shown(f"{always_safe} (Harmful: {on_harmful:.0%})", safe))
        for hit_rate in HIT_RATES:
            harmful = average.against(hit_rate=hit_rate).constant(share, Verdict.HARMFUL, hit_rate)
            policy = f"always Harmful, right in {hit_rate:.0%}, of which {on_harmful:.0%} does not parse"
            values.append(_shown(f"{policy} (Safe: {on_safe:.0%})", harmful))
            values.append(_difference(f"{policy}, instead of {always_safe},", harmful - safe, share))
    return values


def _shown(policy: str, value: float) -> PolicyValue:
    """A value that has no bound of its own."""
    return PolicyValue(policy, value, math.inf, "which is for comparison", "")


def _difference(policy: str, value: float, share: float) -> PolicyValue:
    bound = TOLERANCE if share >= _SHARE_FOR_FULL_CHARGE else math.inf
    return PolicyValue(
        policy,
        value,
        bound,
        "since knowing nothing is worth the same under either verdict",
        "lower rewards.malformed, or warm-start the model so that both verdicts parse as often",
        -bound,
    )


def _corners(scorer: Scorer) -> list[Scorer]:
    """The same rewards, counted from every combination of extreme averages."""
    names = ("hit_rate", "realism", "malformed_harmful", "malformed_safe")
    return [
        scorer.against(**dict(zip(names, ends, strict=True)))
        for ends in itertools.product((0.0, 1.0), repeat=len(names))
    ]


def _careless_answers(scorer: Scorer, share: float) -> list[PolicyValue]:
    never_parses = max(_corners(scorer), key=_gain_of_breaking_the_format)
    return [
        PolicyValue(
            "an assessor that finds every error and writes no correction",
            scorer.expected(share, LOCATED, SAFE),
            scorer.expected(share, CORRECTED, SAFE) - CORRECTION_GAIN,
            f"the value of right corrections less {CORRECTION_GAIN}",
            "raise rewards.correction",
        ),
        PolicyValue(
            "an assessor that says Harmful where there is an error, of another sentence",
            scorer.expected(share, ELSEWHERE, SAFE),
            scorer.expected(share, LOCATED, SAFE) - TOLERANCE,
            "the value of the right sentence with a wrong correction",
            "raise rewards.localisation",
        ),
        PolicyValue(
            "an assessor whose answers never parse",
            _best_malformed(never_parses),
            min(never_parses.assessor(Verdict.HARMFUL, SAFE), -TOLERANCE),
            "the loss of overlooking an error",
            "lower rewards.malformed",
        ),
    ]


def _best_malformed(scorer: Scorer) -> float:
    return max(scorer.malformed(announced) for announced in (*Verdict, None))


def _gain_of_breaking_the_format(scorer: Scorer) -> float:
    return _best_malformed(scorer) - scorer.assessor(Verdict.HARMFUL, SAFE)


def _attackers(scorer: Scorer) -> list[PolicyValue]:
    corners = _corners(scorer)
    untold = max(corners, key=lambda corner: corner.unconfirmed() - least_attack(corner))
    copies = scorer.uncounted(Outcome.GATED, GateFailure.NO_OP)
    return [
        PolicyValue(
            "an attacker whose edits the judge cannot tell",
            untold.unconfirmed(),
            least_attack(untold),
            "the value of an edit that is always found, located and corrected and looks unreal",
            "raise rewards.unconfirmed or lower rewards.realism",
        ),
        PolicyValue(
            "an attacker that copies the note",
            copies,
            min(corner.unconfirmed() for corner in corners),
            "the least value of an edit that the judge cannot tell",
            "lower rewards.gate_failed",
        ),
        PolicyValue(
            "an attacker whose answers never parse",
            scorer.uncounted(Outcome.GATED, Violation.NO_THINK),
            copies + TOLERANCE,
            "the value of copying the note",
            "lower rewards.attacker_malformed",
        ),
    ]


def least_attack(scorer: Scorer) -> float:
    """The least that an edit can get that is counted."""
    return min(scorer.attacker(CORRECTED, realism) for realism in (0.0, 1.0, None))
