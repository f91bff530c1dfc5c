"""From a finished game to the reward terms of its roles: one table, as a pure function.

| outcome       | assessor                             | attacker                                             |
|---------------|--------------------------------------|------------------------------------------------------|
| counted       | detection, localisation, explanation | where it has a turn: the negative of the first two;  |
|               |                                      | realism                                              |
| gated         | -                                    | format: the price of a failed gate or parse          |
| malformed     | format: the price of a bad answer    | -                                                    |
| anything else | -                                    | -                                                    |

Which side is right comes from the construction alone. An audit can withhold a reward and shape it by a little; no
opinion of a judge turns its sign.
"""

from __future__ import annotations

from medical_team.config import RewardsConfig
from medical_team.game.parsing import Violation
from medical_team.rewards.pricing import ClassPrices
from medical_team.types import Game, Outcome, RewardTerms, Role, Verdict

_PARSE_VIOLATIONS = frozenset(Violation)


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
            return {Role.ASSESSOR: RewardTerms(format=config.malformed * prices.harmful)}
        case _:
            return {}


def _counted(game: Game, prices: ClassPrices, config: RewardsConfig) -> dict[Role, RewardTerms]:
    if not _confirmed(game):
        raise ValueError(f"game {game.deal.game_id} is counted although no judge confirmed its edit")
    detection = _detection(game, prices)
    localisation = _localisation(game, prices, config)
    rewards = {Role.ASSESSOR: RewardTerms(detection, localisation, explanation=_explanation(game, prices, config))}
    if game.deal.game_type.has_attacker:
        # Subtracted from 0.0, since -0.0 would be a strange thing to read in a record.
        rewards[Role.ATTACKER] = RewardTerms(0.0 - detection, 0.0 - localisation, realism=_realism(game, config))
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
    return 0.0 - config.localisation * prices.harmful if _found(game) and not _located(game) else 0.0


def _explanation(game: Game, prices: ClassPrices, config: RewardsConfig) -> float:
    """Only ever a deduction, and only from the best answer: there is nothing to win by talking to the judge."""
    called_wrong = game.audit is not None and game.audit.explanation_right is False
    return 0.0 - config.explanation * prices.harmful if called_wrong and _found(game) and _located(game) else 0.0


def _found(game: Game) -> bool:
    """Whether there is an error and the assessor said so."""
    assert game.shown is not None and game.assessment is not None
    return game.shown.has_error and game.assessment.verdict is Verdict.HARMFUL


def _located(game: Game) -> bool:
    assert game.shown is not None and game.assessment is not None
    return game.assessment.sentence_id == game.shown.error_sentence_id


def _realism(game: Game, config: RewardsConfig) -> float:
    if game.edit is None or game.audit is None or game.audit.realism is None:
        return 0.0
    return config.realism * (2 * game.audit.realism - 1)


def _gated(game: Game, config: RewardsConfig) -> float:
    turn = game.turn(Role.ATTACKER)
    violation = (turn.violation if turn is not None else None) or game.reason
    return config.attacker_malformed if violation in _PARSE_VIOLATIONS else config.gate_failed
