"""The plan of the demo, beside the memory that its processes really take."""

from __future__ import annotations

from pathlib import Path

import pytest
from process_memory import measured_step, planned_and_measured
from tiny import SMALL_MODEL

from medical_team.config import load_config

pytestmark = pytest.mark.integration

DEMO = Path(__file__).parents[2] / "configs/cpu_demo.yaml"


@pytest.mark.slow
def test_every_process_takes_what_was_planned_within_a_fifth(tmp_path: Path) -> None:
    place = [f"model.path={SMALL_MODEL}", f"run.dir={tmp_path}", "cluster.backend=cpu"]
    # Two answers, and no attacker, whose failed edits would be dealt anew.
    short = ["rollout.batch_size=2", "game.mix.adversarial_harmful=0", "game.mix.adversarial_benign=0"]
    config = load_config(DEMO, [*place, *short, "evaluation.notes=0"])

    rows = planned_and_measured(config, measured_step(config))

    for name in ("actor", "critic", "reference", "engines"):
        planned, measured = rows[name]
        assert planned == pytest.approx(measured, rel=0.2), name
    planned, measured = (sum(column) for column in zip(*rows.values(), strict=True))
    assert planned == pytest.approx(measured, rel=0.2)
