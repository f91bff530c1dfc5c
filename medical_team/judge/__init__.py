"""Judges: second opinions about an attacker's edit, never the only source of truth.

``protocol`` is the contract, ``batching`` what the manager talks to, ``opening`` makes a judge of a configuration.

- ``rule``, ``exact``: judges of plain code, a file and a line in ``JUDGES`` each; ``panel``: several judges as one.
- ``language``: a language model as judge, whatever runs it.
- ``http``, ``server``: the two ends of the wire; ``wire`` is what travels, ``bearer`` the token that both read.
- ``admission``: what a judge knows, found out before it is trusted and while it is.
- ``cache``: audits that were given once. ``actor``: a judge in a process of its own.
- ``probe``, ``rejudge``: programs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from medical_team.config import GatesConfig
from medical_team.errors import ConfigError
from medical_team.judge.batching import BatchedJudge
from medical_team.judge.protocol import AuditRequest, FailureKind, Judge, JudgeFailure
from medical_team.judge.rule import RuleJudge
from medical_team.types import Note


def _rule(gates: GatesConfig, notes: Sequence[Note]) -> Judge:
    from medical_team.data.lexicon import Lexicon  # read only by those who use it

    return RuleJudge(gates, Lexicon.with_gold(notes) if notes else None)


def _exact(gates: GatesConfig, notes: Sequence[Note]) -> Judge:
    from medical_team.judge.exact import ExactJudge  # the table of facts is read only by those who use it

    return ExactJudge()


JUDGES: dict[str, Callable[[GatesConfig, Sequence[Note]], Judge]] = {"rule": _rule, "exact": _exact}


def make_judge(name: str, gates: GatesConfig | None = None, notes: Sequence[Note] = ()) -> Judge:
    """The judge of that name (``Config.judge_name`` resolves ``auto``); ``notes`` are those it may learn terms from.

    Raises:
        ConfigError: There is none.
    """
    if name not in JUDGES:
        raise ConfigError(f"judge.name: there is no judge {name!r}; there are {', '.join(JUDGES)}")
    return JUDGES[name](gates or GatesConfig(), notes)


__all__ = ["JUDGES", "AuditRequest", "BatchedJudge", "FailureKind", "Judge", "JudgeFailure", "make_judge"]
