"""The names of metrics as docs/metrics.md has them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from medical_team.types import GameType, Role

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
ONE_OF = {"role": "|".join(Role), "type": "|".join(GameType)}


def unnamed(names: Iterable[str]) -> list[str]:
    """Those that no row of the page names; its ``<role>`` and ``<type>`` are just these, other ``<words>`` any word."""
    rows = [row.split("|")[1] for row in PAGE.read_text().splitlines() if row.startswith("| `")]
    patterns = [_pattern(name) for row in rows for name in re.findall(r"`([^`]+)`", row)]
    return [name for name in names if not any(re.fullmatch(pattern, name) for pattern in patterns)]


def _pattern(name: str) -> str:
    parts = re.split(r"<(\w+)>", name)
    return "".join(
        f"(?:{ONE_OF.get(part, '[a-z_]+')})" if odd % 2 else re.escape(part) for odd, part in enumerate(parts)
    )
