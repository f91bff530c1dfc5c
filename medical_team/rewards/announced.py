"""The verdict that an answer announces although it does not parse: for the accounts of the format, never for truth."""

from __future__ import annotations

import re

from medical_team.types import Verdict

_THINK_CLOSE = "</think>"
_VERDICT = re.compile(r"verdict\W{0,8}(safe|harmful)\b", re.IGNORECASE)


def announced_verdict(text: str) -> Verdict | None:
    """What stands behind "verdict" after the reasoning; ``None`` where nothing does, or both."""
    after = text.rpartition(_THINK_CLOSE)[2]
    said = {Verdict(match.group(1).capitalize()) for match in _VERDICT.finditer(after)}
    return said.pop() if len(said) == 1 else None
