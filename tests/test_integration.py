"""The quick look that everything works: the program as a user runs it, on a tiny random model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import tiny_overrides, write_tiny_model

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.integration


def launch(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "launch" / script), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)


def test_a_run_from_the_command_line_leaves_its_folder(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "model")
    done = launch("train_ppo_ray.py", *tiny_overrides(model, tmp_path, train__steps=1, model__critic_layers=1))
    assert done.returncode == 0, done.stderr[-3000:]
    run = tmp_path / "tiny"
    left = {path.name for path in run.iterdir()}
    assert {"config.yaml", "versions.json", "metrics.jsonl", "tensorboard", "games", "checkpoints", "model"} <= left
    assert "step 1/1" in done.stdout and "Assessor on 4 held-out notes" in done.stdout
    assert json.loads((run / "metrics.jsonl").read_text())["step"] == 1
    again = launch("train_ppo_ray.py", *tiny_overrides(model, tmp_path, train__steps=1))
    assert again.returncode == 2 and "run.resume=auto" in again.stderr


def test_a_warm_start_writes_a_model_that_training_can_start_from(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "model")
    output = tmp_path / "warm"
    keys = {"warm_start__base_model": model, "warm_start__output": output, "warm_start__examples": 12}
    overrides = tiny_overrides(model, tmp_path, warm_start__evaluate=1, warm_start__frozen_layers=1, **keys)
    done = launch("warm_start.py", *overrides)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "12 gold turns" in unwrapped(done.stdout)
    assert (output / "config.json").is_file() and (output / "chat_template.jinja").is_file()
    assert not list(tmp_path.glob(".warm*")) and not list(tmp_path.glob("*.trainer"))
    changed = {name.split(".mlp")[0] for name in changed_weights(model, output) if ".mlp." in name}
    assert changed == {"model.layers.1"}, "the first layer is frozen, the second is trained"
    refused = launch("warm_start.py", *overrides, "warm_start.frozen_layers=2")
    assert refused.returncode == 2
    assert "frozen_layers = 2, and the base model has 2 that are found: choose fewer" in unwrapped(refused.stderr)


def changed_weights(before: Path, after: Path) -> set[str]:
    from safetensors.torch import load_file

    old, new = (load_file(folder / "model.safetensors") for folder in (before, after))
    assert old.keys() == new.keys()
    return {name for name in old if not old[name].equal(new[name])}


def unwrapped(text: str) -> str:
    return " ".join(text.split())
