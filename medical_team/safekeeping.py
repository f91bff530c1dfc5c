"""What every file with the text of notes gets: an owner who alone can read it, and a mark that it is no record.

Notes with a planted error look like clinical records and are wrong on purpose; whoever meets one outside of this
program must see that. And nobody outside is told that there is a run at all.
"""

from __future__ import annotations

import os
from pathlib import Path

MARKER = "ALTERED FOR RESEARCH: NOT A CLINICAL RECORD"
"""Stands with every text that has a planted error, and in the metadata of the files that hold such texts."""

MARKER_KEY = "medical_team.marker"

NO_TELEMETRY = {"HF_HUB_DISABLE_TELEMETRY": "1", "RAY_USAGE_STATS_ENABLED": "0", "VLLM_NO_USAGE_STATS": "1"}
"""Environment in which the libraries below do not report to their makers, as all three do unless they are told."""


def open_private(path: str, flags: int) -> int:
    """An opener for ``open``: mode 0600 whatever the umask says, also where the file was there before."""
    descriptor = os.open(path, flags, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor


def make_private_folder(folder: Path) -> None:
    """Make the folder with mode 0700, or set it; missing parents are made as the umask says."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
