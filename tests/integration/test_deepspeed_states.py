"""An engine that goes on from its saved states learns what it would have learnt, at every ZeRO stage on offer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

PROGRAM = Path(__file__).parents[1] / "deepspeed_states.py"


@pytest.mark.parametrize(("stage", "files"), [(0, 1), (1, 2), (2, 2), (3, 2)])
def test_states_are_written_beside_the_training_and_read_without_unpickling(
    tmp_path: Path, stage: int, files: int
) -> None:
    (tmp_path / "actor").mkdir()
    environment = os.environ | {"PYTHONPATH": str(PROGRAM.parents[1])}
    command = [sys.executable, str(PROGRAM), str(stage), str(tmp_path / "actor")]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)

    assert done.returncode == 0, done.stderr[-3000:]
    assert len([line for line in done.stdout.splitlines() if line.endswith(".pt")]) == files
