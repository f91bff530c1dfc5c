"""The reward lint with the judge in it: what simple policies are worth when a judge decides which games count.

``lint`` takes construction at its word: an edit that passes the gates makes the note wrong. A judge stands behind
that word; where it confirms edits that change nothing, right notes are counted as wrong ones. Its measured confusion
matrix says how often, and from it follow expected values.

What a judge does *not* move is the share of the classes in what is trained on. A quarantined game fills no slot of
the assessor's: another game is dealt, and once the budget of deals is spent a vanilla game of the same class stands in
(``manager.quotas``, ``manager.batch``). So constant verdicts keep the value that ``lint`` gives them, whatever the
judge; what moves is what a knowing answer is worth, and that is their bound here. Refused are:

- an attacker whose harmless edits (paraphrases, synonyms, units, abbreviations, garbage) are worth as much as real
  errors that nobody finds. An edit that is not confirmed costs its fee. The harmless edit is taken to look real and the
  error not, the worst case for the realism term;
- an attacker whose edits speak to the assessor, if those that pass and are confirmed make it worth as much as real
  errors that are always found. Such edits are taken to be always overlooked;
- a constant verdict worth as much as an assessor that knows medicine, against an attacker that writes nothing but
  the kind of harmless edit that this judge confirms most: it is punished for being right in every such game.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from medical_team.config import RewardsConfig
from medical_team.rewards.imagined import CORRECTED, SAFE, Scorer
from medical_team.rewards.lint import HIT_RATES, TOLERANCE, LintReport, PolicyValue, lint_rewards
from medical_team.rewards.pricing import class_prices
from medical_team.types import Assessment, GameType, Verdict, harmful_share

_OTHER_JUDGE = "choose another judge (judge.name, judge.model)"


@dataclass(frozen=True, slots=True)
class JudgeRates:
    """How often a judge calls an edit an error, measured on probes; in [0, 1]. The rest goes to quarantine.

    Attributes:
        errors: Of real errors: its sensitivity, abstentions and all.
        harmless: Of edits that change nothing, by kind.
    """

    errors: float
    harmless: Mapping[str, float]


def lint_judged(
    config: RewardsConfig, mix: Mapping[GameType, float], judge: JudgeRates, max_deals_factor: float
) -> LintReport:
    """The policies of ``lint_rewards``, and those whose value depends on the judge.

    Args:
        config: Prices and penalties.
        mix: Weight of each game type.
        judge: What was measured of it.
        max_deals_factor: Deals a step may use over the ones it needs, before vanilla games fill it up.

    Raises:
        RewardLintError: The mix shows only one class of notes.
    """
    plain = lint_rewards(config, mix)
    shares = {kind: mix.get(kind, 0.0) / sum(mix.values()) for kind in GameType}
    scorer = Scorer(class_prices(harmful_share(shares)), config)
    return LintReport(
        (*plain.policies, *_attackers(scorer, judge), *_verdicts(scorer, shares, judge, max_deals_factor))
    )


def _attackers(scorer: Scorer, judge: JudgeRates) -> list[PolicyValue]:
    def value(rate: float, counted: float) -> float:
        return rate * counted + (1 - rate) * scorer.unconfirmed()

    unseen = value(judge.errors, scorer.attacker(SAFE, realism=0.0))
    real = scorer.attacker(SAFE, realism=1.0)
    return [
        PolicyValue(
            f"an attacker whose every edit is harmless ({kind}) and confirmed by the judge in {rate:.0%}",
            value(rate, real),
            unseen,
            f"the value of real errors that are never found, of which the judge confirms {judge.errors:.0%}",
            _OTHER_JUDGE,
        )
        for kind, rate in judge.harmless.items()
        if rate > 0
    ]


def _verdicts(
    scorer: Scorer, shares: Mapping[GameType, float], judge: JudgeRates, max_deals_factor: float
) -> list[PolicyValue]:
    mislabelled = mislabelled_share(shares, max(judge.harmless.values(), default=0.0), max_deals_factor)
    knowing = _knowing(scorer, shares, mislabelled)
    harmful = harmful_share(shares)
    constant = {"Safe": scorer.constant(harmful, Verdict.SAFE, 0.0)}
    for hit_rate in HIT_RATES:
        average = scorer.against(hit_rate=hit_rate)
        constant[f"Harmful with the right sentence in {hit_rate:.0%}"] = average.constant(
            harmful, Verdict.HARMFUL, hit_rate
        )
    return [
        PolicyValue(
            f"an assessor that always says {verdict}, while the attacker's edits are harmless",
            value,
            knowing - TOLERANCE,
            f"the value of always being right while the judge lets {mislabelled:.0%} of the attacker's games count "
            "that it should not",
            f"{_OTHER_JUDGE}, or give {GameType.VANILLA_HARMFUL} more weight in game.mix",
        )
        for verdict, value in constant.items()
    ]


def mislabelled_share(shares: Mapping[GameType, float], rate: float, max_deals_factor: float) -> float:
    """Share of the adversarial slots filled by harmless edits, if nothing else is written, in [0, 1].

    Each slot may be dealt for as often as the budget allows after the vanilla games had theirs, and each deal is
    confirmed at the judge's rate; slots left open then are filled by vanilla games.
    """
    adversarial = adversarial_share(shares)
    if adversarial <= 0:
        return 0.0
    tries = max(0.0, (max_deals_factor - (1 - adversarial)) / adversarial)
    return min(1.0, rate * tries)


def adversarial_share(shares: Mapping[GameType, float]) -> float:
    """Share of games with an attacker, all of which show an error note, in [0, 1]."""
    return sum(share for kind, share in shares.items() if kind.has_attacker)


def _knowing(scorer: Scorer, shares: Mapping[GameType, float], mislabelled: float) -> float:
    """Expected reward of an assessor that is right about every note, and called wrong where the label is."""

    def says(truth: Verdict, assessment: Assessment) -> float:
        return scorer.against(hit_rate=1.0).assessor(truth, assessment)

    wrong = adversarial_share(shares) * mislabelled
    errors = harmful_share(shares) - wrong
    return (
        errors * says(Verdict.HARMFUL, CORRECTED)
        + wrong * says(Verdict.HARMFUL, SAFE)
        + (1 - harmful_share(shares)) * says(Verdict.SAFE, SAFE)
    )
