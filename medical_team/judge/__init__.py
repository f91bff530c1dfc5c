"""Judges: second opinions about an attacker's edit, never the only source of truth.

``protocol`` is the contract, one file a judge, ``batching`` is what the manager talks to, ``opening`` makes a judge of
a configuration. A new judge of plain code is a file and a line in ``JUDGES``. A language model is ``llm.LlmJudge`` over
something that runs it, several judges are ``panel.PanelJudge``; ``http`` and ``server`` are the two ends of the wire.
``probes``, ``asking``, ``figures`` and ``admission`` find out what a judge knows, ``watch`` whether it still does.
"""

from __future__ import annotations

from collections.abc import Callable

from medical_team.config import GatesConfig
from medical_team.errors import ConfigError
from medical_team.judge.batching import BatchedJudge
from medical_team.judge.protocol import AuditRequest, FailureKind, Judge, JudgeFailure
from medical_team.judge.rule import RuleJudge


def _exact(gates: GatesConfig) -> Judge:
    from medical_team.judge.exact import ExactJudge  # the table of facts is read only by those who use it

    return ExactJudge()


JUDGES: dict[str, Callable[[GatesConfig], Judge]] = {"rule": RuleJudge, "exact": _exact}


def make_judge(name: str, gates: GatesConfig | None = None) -> Judge:
    """The judge of that name (``Config.judge_name`` resolves ``auto``).

    Raises:
        ConfigError: There is none.
    """
    if name not in JUDGES:
        raise ConfigError(f"judge.name: there is no judge {name!r}; there are {', '.join(JUDGES)}")
    return JUDGES[name](gates or GatesConfig())


__all__ = ["JUDGES", "AuditRequest", "BatchedJudge", "FailureKind", "Judge", "JudgeFailure", "make_judge"]
