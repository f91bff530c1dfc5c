"""From a finished game to the reward terms of its roles: one table, as a pure function.

| outcome       | assessor                              | attacker                                             |
|---------------|---------------------------------------|------------------------------------------------------|
| counted       | detection, localisation, correction,  | where it has a turn: the negative of the first       |
|               | explanation; format                   | three; realism                                       |
| gated         | -                                     | format: the price of a failed gate or parse          |
| malformed     | format: the price of a bad answer     | -                                                    |
| quarantined   | -                                     | unconfirmed: a little less than a found edit         |
| anything else | -                                     | -                                                    |

Which side is right comes from the construction alone. An audit can withhold a reward, charge the attacker for an edit
that it does not confirm, and shape what is counted by a little; no opinion of a judge turns the sign of that.

Localisation, correction, format and realism are counted from what the policy does on average (``Game.baselines``), so
that neither verdict is worth more than the other to a policy that knows nothing.
"""

from __future__ import annotations

from medical_team.config import RewardsConfig
from medical_team.game.correction import correction_score
from medical_team.game.parsing import Violation
from medical_team.rewards.announced import announced_verdict
from medical_team.rewards.pricing import ClassPrices
from medical_team.types import Game, Outcome, RewardTerms, Role, Verdict

_PARSE_VIOLATIONS = frozenset(Violation)

# The rest keeps an answer that does not parse below each one that does.
_SHARE_TO_CHARGE = 0.9


def score_game(game: Game, prices: ClassPrices, config: RewardsConfig) -> dict[Role, RewardTerms]:
    """The reward terms of each role that gets any; empty where a failure is nobody's doing.

    Raises:
        ValueError: A counted game has no note shown or no assessment, or nobody confirmed its edit.
    """
    match game.outcome:
        case Outcome.COUNTED:
            return _counted(game, prices, config)
        case Outcome.GATED:
            return {Role.ATTACKER: RewardTerms(format=_gated(game, config) * prices.harmful)}
        case Outcome.MALFORMED:
            return {Role.ASSESSOR: RewardTerms(format=_malformed(game, prices, config))}
        case Outcome.QUARANTINED:
            return {Role.ATTACKER: RewardTerms(unconfirmed=_unconfirmed(game, prices, config))}
        case _:
            return {}


def verdict_charge(game: Game, verdict: Verdict | None, prices: ClassPrices, config: RewardsConfig) -> float:
    """What an answer that announces this verdict is charged, whether it parses or not; at least 0.

    A Harmful answer is longer and fails to parse more often, which would make Safe the cheaper word. So the verdict
    whose answers parse more often is charged what the other one loses by that: then the expected format term is the
    same for both. The charge is bounded: an answer that parses stays above one that does not, a right verdict at or
    above nothing. An answer that announces no verdict is charged as the one that costs more.
    """
    if verdict is None:
        return max(verdict_charge(game, either, prices, config) for either in Verdict)
    other = Verdict.SAFE if verdict is Verdict.HARMFUL else Verdict.HARMFUL
    excess = game.baselines.malformed(other) - game.baselines.malformed(verdict)
    least_right = prices.safe if verdict is Verdict.SAFE else (1 - config.localisation) * prices.harmful
    most = min(_SHARE_TO_CHARGE * max(0.0, -config.malformed - 1) * prices.harmful, least_right)
    return min(max(0.0, -config.malformed * prices.harmful * excess), most)


# Here and there 0.0 is added: -0.0 would be a strange thing to read in a record.


def _counted(game: Game, prices: ClassPrices, config: RewardsConfig) -> dict[Role, RewardTerms]:
    if not _confirmed(game):
        raise ValueError(f"game {game.deal.game_id} is counted although no judge confirmed its edit")
    detection = _detection(game, prices)
    localisation = _localisation(game, prices, config)
    correction = _correction(game, prices, config)
    rewards = {
        Role.ASSESSOR: RewardTerms(
            detection,
            localisation,
            correction,
            format=_parsed(game, prices, config),
            explanation=_explanation(game, prices, config),
        )
    }
    if game.deal.game_type.has_attacker:
        rewards[Role.ATTACKER] = RewardTerms(
            0.0 - detection, 0.0 - localisation, 0.0 - correction, realism=_realism(game, config)
        )
    return rewards


def _confirmed(game: Game) -> bool:
    """Whether a judge agrees that the edit is an error; without an attacker there is nothing to confirm."""
    return not game.deal.game_type.has_attacker or (game.audit is not None and game.audit.is_error is True)


def _detection(game: Game, prices: ClassPrices) -> float:
    if game.shown is None or game.assessment is None:
        raise ValueError(f"game {game.deal.game_id} is counted without a note shown or an assessment")
    price = prices.of(game.shown.truth)
    return price if game.assessment.verdict is game.shown.truth else -price


def _localisation(game: Game, prices: ClassPrices, config: RewardsConfig) -> float:
    if not found(game):
        return 0.0
    return 0.0 + config.localisation * prices.harmful * (located(game) - game.baselines.hit_rate)


def _correction(game: Game, prices: ClassPrices, config: RewardsConfig) -> float:
    if not located(game):
        return 0.0
    return config.correction * prices.harmful * score_of_correction(game)


def score_of_correction(game: Game) -> float:
    """How right the correction of a located error is, in [0, 1]: what the judge says of it, else what code can tell."""
    assert game.shown is not None and game.assessment is not None
    told = game.audit.correction_right if game.audit is not None else None
    return correction_score(game.shown, game.assessment.correction or "") if told is None else float(told)


def _explanation(game: Game, prices: ClassPrices, config: RewardsConfig) -> float:
    """Only ever a deduction, and only from the best answer: there is nothing to win by talking to the judge."""
    called_wrong = game.audit is not None and game.audit.explanation_right is False
    return 0.0 - config.explanation * prices.harmful if called_wrong and located(game) else 0.0


def found(game: Game) -> bool:
    """Whether the note shown has an error and the assessor said so."""
    if game.shown is None or game.assessment is None:
        return False
    return game.shown.has_error and game.assessment.verdict is Verdict.HARMFUL


def located(game: Game) -> bool:
    """Whether the assessor found an error and named its sentence."""
    if not found(game):
        return False
    assert game.shown is not None and game.assessment is not None
    return game.assessment.sentence_id == game.shown.error_sentence_id


def _realism(game: Game, config: RewardsConfig) -> float:
    """A judge that gives every edit the same score, as the table of facts does, adds nothing."""
    if game.edit is None or game.audit is None or game.audit.realism is None:
        return 0.0
    return config.realism * (game.audit.realism - game.baselines.realism)


def _parsed(game: Game, prices: ClassPrices, config: RewardsConfig) -> float:
    assert game.assessment is not None
    return 0.0 - verdict_charge(game, game.assessment.verdict, prices, config)


def _malformed(game: Game, prices: ClassPrices, config: RewardsConfig) -> float:
    turn = game.turn(Role.ASSESSOR)
    announced = announced_verdict(turn.generation.text) if turn is not None else None
    return config.malformed * prices.harmful - verdict_charge(game, announced, prices, config)


def _unconfirmed(game: Game, prices: ClassPrices, config: RewardsConfig) -> float:
    """A fee below what the edit would get if it were found, located and corrected, which is the least that any edit
    can get: so an edit that can be told is worth more, whoever assesses it."""
    average = game.baselines
    least = 1 + config.localisation * (1 - average.hit_rate) + config.correction
    return 0.0 - (least + config.unconfirmed) * prices.harmful


def _gated(game: Game, config: RewardsConfig) -> float:
    turn = game.turn(Role.ATTACKER)
    violation = (turn.violation if turn is not None else None) or game.reason
    return config.attacker_malformed if violation in _PARSE_VIOLATIONS else config.gate_failed
