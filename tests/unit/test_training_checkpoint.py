"""Checkpoints: complete or not there, rotated, and refused by another run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medical_team.config import load_config
from medical_team.data.dataset import NoteSplits
from medical_team.errors import CheckpointError
from medical_team.training.checkpoint import CheckpointStore, TrainerState, read_state
from medical_team.training.identity import identity
from medical_team.types import Note

IDENTITY: dict[str, Any] = {"run.seed": 17, "game.mix": {"vanilla_benign": 1.0, "adversarial_benign": 3.0}}
MANAGER = {"deck": {"position": 8, "carried": [0.25, -0.25]}, "quotas": {"attacker": 1}}


def state(step: int) -> TrainerState:
    return TrainerState(step, MANAGER, 0.01, IDENTITY)


def write_models(folder: Path) -> None:
    (folder / "actor").mkdir()
    (folder / "actor" / "weights").write_text("weights")


def save(store: CheckpointStore, *steps: int) -> None:
    for step in steps:
        store.save(state(step), write_models)


def contents(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(tmp_path / "checkpoints", keep=2)


def test_a_checkpoint_is_read_as_it_was_saved(store: CheckpointStore):
    saved = store.save(state(12), write_models)

    assert saved.name == "step-000012"
    assert store.newest() == saved
    assert (saved / "actor" / "weights").read_text() == "weights"
    assert read_state(saved, IDENTITY) == state(12)


def test_there_is_none_before_the_first(store: CheckpointStore):
    assert store.newest() is None
    assert store.steps() == []


def test_the_models_are_written_while_the_checkpoint_does_not_exist_yet(store: CheckpointStore):
    def look(folder: Path) -> None:
        assert store.steps() == []
        assert not (folder / "trainer.json").exists()

    store.save(state(1), look)
    assert store.steps() == [1]


def test_a_failure_leaves_no_checkpoint_and_keeps_the_old_ones(store: CheckpointStore):
    save(store, 1, 2)

    def fail(folder: Path) -> None:
        write_models(folder)
        raise RuntimeError("a rank died")

    with pytest.raises(RuntimeError, match="a rank died"):
        store.save(state(3), fail)

    assert store.steps() == [1, 2]
    assert not (store.folder / "step-000003").exists()
    assert read_state(store.newest() or Path(), IDENTITY).step == 2


def test_what_an_interrupted_save_left_is_ignored_and_cleaned(store: CheckpointStore):
    partial = store.folder / ".step-000003.partial"
    partial.mkdir(parents=True)
    (partial / "trainer.json").write_text("{}")
    (partial / "half").write_text("a rank's part")

    assert store.steps() == []
    save(store, 3)

    assert contents(store.folder) == ["step-000003"]
    assert contents(store.folder / "step-000003") == ["actor", "trainer.json"]


def test_a_folder_without_its_state_is_no_checkpoint(store: CheckpointStore):
    save(store, 1)
    (store.folder / "step-000009").mkdir()

    assert store.steps() == [1]


def test_a_step_that_is_saved_again_replaces_its_checkpoint(store: CheckpointStore):
    (store.save(state(1), write_models) / "stale").write_text("of the first time")
    save(store, 1)

    assert contents(store.folder / "step-000001") == ["actor", "trainer.json"]


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_rotation_keeps_the_newest(tmp_path: Path, keep: int):
    store = CheckpointStore(tmp_path, keep)
    save(store, 2, 4, 10, 100)

    assert store.steps() == [2, 4, 10, 100][-keep:]
    assert contents(tmp_path) == [f"step-{step:06d}" for step in store.steps()]


def test_old_ones_are_removed_only_after_the_new_one_is_complete(tmp_path: Path):
    store = CheckpointStore(tmp_path, keep=1)
    save(store, 1)

    store.save(state(2), lambda folder: pytest.fail("no old one") if store.steps() != [1] else None)

    assert store.steps() == [2]


def test_another_run_is_refused_key_by_key(store: CheckpointStore):
    saved = store.save(state(4), write_models)
    changed = IDENTITY | {"run.seed": 18, "data.source": "medec"}

    with pytest.raises(CheckpointError) as refused:
        read_state(saved, changed)

    message = str(refused.value)
    assert "run.seed was 17, is 18" in message
    assert "data.source was None, is 'medec'" in message
    assert "game.mix" not in message
    assert "run.name" in message


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 1}', '{"format": 1, "step": 1, "surprise": 2}'])
def test_a_damaged_state_is_one_sentence(store: CheckpointStore, content: str):
    saved = store.save(state(4), write_models)
    (saved / "trainer.json").write_text(content)

    with pytest.raises(CheckpointError, match=r"trainer\.json cannot be read .*remove step-000004"):
        read_state(saved, IDENTITY)


def test_another_format_is_named(store: CheckpointStore):
    saved = store.save(state(4), write_models)
    written = json.loads((saved / "trainer.json").read_text())
    (saved / "trainer.json").write_text(json.dumps(written | {"format": 99}))

    with pytest.raises(CheckpointError, match="format 99, this version reads 1"):
        read_state(saved, IDENTITY)


def test_the_identity_of_a_run_survives_its_checkpoint(store: CheckpointStore):
    notes = NoteSplits((Note("a", ("One.",), "g"), Note("b", ("Two.",), "g")), ())
    mix = "game.mix={vanilla_benign: 1.5, adversarial_benign: 0.1}"
    config = load_config(None, [mix])
    before = identity(config, notes)
    saved = store.save(TrainerState(1, {}, 0.0, before), write_models)

    assert read_state(saved, identity(config, notes)).step == 1
    with pytest.raises(CheckpointError, match=r"run\.seed was 17, is 5"):
        read_state(saved, identity(load_config(None, ["run.seed=5", mix]), notes))
