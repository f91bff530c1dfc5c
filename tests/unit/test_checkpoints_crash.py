"""A save that stops at any of its file operations leaves a whole checkpoint: the old one or the new one."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medical_team.checkpoints import CheckpointStore, TrainerState, files
from medical_team.errors import CheckpointError

OPERATIONS = ("make_folder", "write", "sync", "rename", "protect", "remove")


class PowerCut(BaseException):
    """The machine is off; nothing after it happens, clean-up included."""


class Disk:
    """The operations of ``files``, of which the ``cut``-th does not happen, or only half of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cut: int, half: bool) -> None:
        self.cut, self.half = cut, half
        self.done = 0
        for name in OPERATIONS:
            monkeypatch.setattr(files, name, self._counting(name, getattr(files, name)))

    def _counting(self, name: str, operation: Callable[..., None]) -> Callable[..., None]:
        def counted(*arguments: Any) -> None:
            if self.done == self.cut and self.half and name in ("remove", "rename"):
                self._halfway(name, *arguments)
            if self.done >= self.cut:
                self.done = self.cut + 1
                raise PowerCut
            self.done += 1
            operation(*arguments)

        return counted

    @staticmethod
    def _halfway(name: str, path: Path, *more: Path) -> None:
        if name == "rename":
            path.replace(more[0])
        elif path.is_dir() and (contents := sorted(file for file in path.rglob("*") if file.is_file())):
            contents[0].unlink()


def write_models(value: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "actor").mkdir()
        (folder / "actor" / "weights").write_text(value)

    return write


def state(step: int) -> TrainerState:
    return TrainerState(step, {}, 0.0, {})


def save_until_the_power_goes(store: CheckpointStore, step: int, value: str) -> bool:
    """Whether it did not."""
    try:
        store.save(state(step), write_models(value))
    except PowerCut:
        return False
    return True


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("step", [3, 2], ids=["next", "again"])
@pytest.mark.parametrize("keep", [1, 2])
def test_a_power_cut_at_any_operation_leaves_the_old_or_the_new_one(
    tmp_path: Path, keep: int, step: int, half: bool
) -> None:
    for cut in itertools.count():
        folder = tmp_path / str(cut)
        store = CheckpointStore(folder, keep)
        store.save(state(1), write_models("of 1"))
        store.save(state(2), write_models("old"))
        with pytest.MonkeyPatch.context() as patches:
            Disk(patches, cut, half)
            survived = save_until_the_power_goes(store, step, "new")

        found = CheckpointStore(folder, keep).newest({})
        assert found is not None
        weights = (found.path / "actor" / "weights").read_text()
        assert (found.state.step, weights) in {(2, "old"), (step, "new")}
        if survived:
            assert weights == "new"
            break
        assert latest_is_whole(folder)
        CheckpointStore(folder, keep).save(state(step), write_models("again"))
        assert sorted(path.name for path in folder.iterdir())[-1] == f"step-{step:06d}"
        assert not [path for path in folder.iterdir() if path.name.endswith((".partial", ".old"))]
    assert cut > 10, "the save was cut at each of its operations"


def latest_is_whole(folder: Path) -> bool:
    named = folder / (folder / "latest").read_text().strip()
    if not named.exists():  # it may have been renamed for its successor of the same step, which is not there yet
        named = named.with_name(f"{named.name}.old")
    return (named / "manifest.json").exists()


def test_the_first_save_of_a_run_is_there_or_not(tmp_path: Path):
    for cut in itertools.count():
        store = CheckpointStore(tmp_path / str(cut), 1)
        with pytest.MonkeyPatch.context() as patches:
            Disk(patches, cut, half=False)
            survived = save_until_the_power_goes(store, 1, "new")
        found = CheckpointStore(tmp_path / str(cut), 1).newest({})
        assert found is None or found.state.step == 1
        if survived:
            break


def test_everything_is_synced_before_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Contents and names: what a rename of the whole folder stands for has reached the disk before it."""
    synced: set[tuple[int, int]] = set()
    sync = os.fsync

    def remember(descriptor: int) -> None:
        found = os.fstat(descriptor)
        synced.add((found.st_dev, found.st_ino))
        sync(descriptor)

    def check(source: Path, target: Path) -> None:
        for path in (source, *source.rglob("*")):
            assert (path.stat().st_dev, path.stat().st_ino) in synced, path.name
        rename(source, target)

    rename = files.rename
    monkeypatch.setattr(os, "fsync", remember)
    monkeypatch.setattr(files, "rename", check)

    CheckpointStore(tmp_path, 1).save(state(1), write_models("new"))


def test_old_ones_go_after_the_new_one_is_the_latest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = CheckpointStore(tmp_path, 1)
    store.save(state(1), write_models("old"))
    remove = files.remove

    def check(path: Path) -> None:
        if path.name == "step-000001":
            assert (tmp_path / "latest").read_text() == "step-000002\n"
            assert CheckpointStore(tmp_path, 1).steps() == [1, 2]
        remove(path)

    monkeypatch.setattr(files, "remove", check)
    store.save(state(2), write_models("new"))
    assert store.steps() == [2]


def test_an_old_one_that_cannot_be_removed_does_not_stop_the_run(tmp_path: Path, monkeypatch: Any, caplog: Any):
    store = CheckpointStore(tmp_path, 1)
    store.save(state(1), write_models("old"))

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "remove", refuse)
    store.save(state(2), write_models("new"))

    assert "step-000001 cannot be removed (Permission denied)" in caplog.text
    found = store.newest({})
    assert found is not None and found.state.step == 2


def test_half_removed_is_not_valid(tmp_path: Path):
    store = CheckpointStore(tmp_path, 2)
    store.save(state(1), write_models("old"))
    (tmp_path / "step-000001" / "actor" / "weights").unlink()

    with pytest.raises(CheckpointError, match="actor/weights is missing"):
        CheckpointStore(tmp_path, 2).newest({})
