"""Who audits."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from medical_team.config.base import Section


class JudgeConfig(Section):
    name: Literal["auto", "exact", "rule"] = "auto"
    """``exact``: the table of facts behind synthetic notes; ``rule``: gold and gates; ``auto``: by data source."""
    deadline_s: float = Field(default=30.0, gt=0)
    """Seconds a batch of audits may take."""
    batch_size: int = Field(default=32, ge=1)
    """Audits sent together, at most."""
    max_wait_s: float = Field(default=0.02, ge=0)
    """How long an audit waits for others to fill its batch, in seconds."""
