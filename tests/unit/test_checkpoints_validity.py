"""Nothing of a checkpoint that changed is read: any byte, any file, any right."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medical_team.checkpoints import CheckpointStore, TrainerState
from medical_team.checkpoints.validity import verify, whole_steps
from medical_team.errors import CheckpointError

MODELS = {"actor/state/rank-0.pt": bytes(range(256)), "actor/state/rank-1.pt": b"", "critic/weights": b"critic"}
ALL = (*MODELS, "trainer.json", "manifest.json")


def write_models(folder: Path) -> None:
    for name, content in MODELS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = CheckpointStore(tmp_path_factory.mktemp("run") / "checkpoints", keep=1)
    return store.save(TrainerState(7, {"deck": [1, 2]}, 0.5, {"run.seed": 17}), write_models)


@pytest.fixture
def saved(original: Path, tmp_path: Path) -> Path:
    return copy_of(original, tmp_path)


def copy_of(original: Path, folder: Path) -> Path:
    target = folder / original.name
    shutil.rmtree(target, ignore_errors=True)
    return shutil.copytree(original, target)


def test_a_copy_of_it_is_valid(saved: Path):
    assert set(verify(saved, 7).files) == {*MODELS, "trainer.json"}


@given(data=st.data())
def test_any_change_to_any_byte_is_refused(
    original: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    saved = copy_of(original, tmp_path_factory.getbasetemp())
    path = saved / data.draw(st.sampled_from([name for name in ALL if MODELS.get(name) != b""]))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)

    with pytest.raises(CheckpointError):
        verify(saved, 7)


@given(data=st.data())
def test_any_file_that_is_shorter_or_longer_is_refused(
    original: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    saved = copy_of(original, tmp_path_factory.getbasetemp())
    path = saved / data.draw(st.sampled_from(ALL))
    content = path.read_bytes()
    length = data.draw(st.integers(0, len(content) + 5).filter(lambda length: length != len(content)))
    path.write_bytes(content[:length].ljust(length, b"\n"))

    with pytest.raises(CheckpointError):
        verify(saved, 7)


@pytest.mark.parametrize("name", ALL)
def test_a_file_that_is_gone_is_refused(saved: Path, name: str):
    (saved / name).unlink()

    with pytest.raises(CheckpointError, match=r"missing|no manifest"):
        verify(saved, 7)


@pytest.mark.parametrize("name", ["surplus", "actor/state/rank-2.pt", "manifest.json.bak", "new/manifest.json"])
def test_a_file_more_is_refused(saved: Path, name: str):
    (saved / name).parent.mkdir(exist_ok=True)
    (saved / name).write_bytes(b"")

    with pytest.raises(CheckpointError, match=f"{name} is not in its manifest"):
        verify(saved, 7)


@pytest.mark.parametrize("name", ["actor", "critic/weights", "trainer.json"])
def test_a_link_is_refused_whatever_it_names(saved: Path, tmp_path: Path, name: str):
    (saved / name).rename(tmp_path / "elsewhere")
    (saved / name).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(CheckpointError, match=f"{name} is a symbolic link"):
        verify(saved, 7)


def test_a_checkpoint_that_is_a_link_is_refused(saved: Path):
    moved = saved.rename(saved.parent / "elsewhere")
    saved.symlink_to(moved)

    with pytest.raises(CheckpointError, match="it is not a folder"):
        verify(saved, 7)


def test_a_pipe_is_refused_and_not_waited_for(saved: Path):
    (saved / "critic/weights").unlink()
    os.mkfifo(saved / "critic/weights")

    with pytest.raises(CheckpointError, match="critic/weights is neither file nor folder"):
        verify(saved, 7)


@pytest.mark.parametrize("name", ["critic/weights", "actor", ".", "manifest.json", ".."])
@pytest.mark.parametrize("rights", [0o020, 0o002])
def test_what_others_can_write_is_refused(saved: Path, name: str, rights: int):
    path = saved / name
    before = path.stat().st_mode
    path.chmod(before | rights)
    try:
        with pytest.raises(CheckpointError, match="can be written by other users: chmod -R go-w"):
            verify(saved, 7)
    finally:
        path.chmod(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("name", ["critic/weights", "actor", "."])
def test_what_belongs_to_another_user_is_refused(saved: Path, name: str):
    os.chown(saved / name, 12345, -1)

    with pytest.raises(CheckpointError, match=r"belongs to another user \(uid 12345\)"):
        verify(saved, 7)


def test_a_checkpoint_under_another_name_is_refused(saved: Path):
    with pytest.raises(CheckpointError, match="its manifest is of step 7"):
        verify(saved, 8)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 2}', "[" * 100_000, '{"format": 2, "files": 1}'])
def test_a_damaged_manifest_is_one_sentence(saved: Path, content: str):
    (saved / "manifest.json").write_text(content)

    with pytest.raises(CheckpointError, match=r"^its manifest\.json is damaged$"):
        verify(saved, 7)


def test_another_format_is_named(saved: Path):
    (saved / "manifest.json").write_text('{"format": 99}')

    with pytest.raises(CheckpointError, match="format 99, and this version reads 2"):
        verify(saved, 7)


def test_the_command_names_each_and_why(saved: Path, tmp_path: Path):
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    shutil.copytree(saved, run / "checkpoints" / "step-000007")
    shutil.copytree(saved, run / "checkpoints" / "step-000009")

    asked = [sys.executable, "-m", "medical_team.checkpoints", str(run)]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60)

    assert done.returncode == 2
    valid, refused = done.stdout.splitlines()
    assert valid.startswith("step-000007  valid, 4 files")
    assert refused == "step-000009  refused: its manifest is of step 7"
    (run / "checkpoints" / "step-000009").rename(run / "checkpoints" / "step-000009.refused")
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].startswith("step-000009.refused  refused by a resume before")


def test_a_checkpoint_that_is_removed_while_steps_are_counted_is_none(saved: Path, monkeypatch: pytest.MonkeyPatch):
    assert whole_steps(saved.parent) == [7]

    def gone(_checkpoint: Path) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr("medical_team.checkpoints.validity.read_manifest", gone)
    assert whole_steps(saved.parent) == []
