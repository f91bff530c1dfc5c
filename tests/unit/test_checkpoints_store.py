"""A checkpoint is whole or not there: saved, rotated, found again, and refused by another run."""

from __future__ import annotations

import errno
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medical_team.checkpoints import CheckpointStore, TrainerState, files, store
from medical_team.checkpoints.manifest import FileEntry, entry_of, read_manifest
from medical_team.checkpoints.receipt import leave_failure, leave_receipt
from medical_team.errors import CheckpointError, CheckpointWriteError, DiskFull, StallError

IDENTITY: dict[str, Any] = {"run.seed": 17, "game.mix": {"vanilla_benign": 1.0, "adversarial_benign": 3.0}}
MANAGER = {"deck": {"position": 8, "carried": [0.25, -0.25]}, "quotas": {"attacker": 1}}


def state(step: int) -> TrainerState:
    return TrainerState(step, MANAGER, 0.01, IDENTITY, position=f"after {step}", config={"train.kl_coef": 0.01})


def write_models(folder: Path) -> None:
    (folder / "actor").mkdir()
    (folder / "actor" / "weights").write_text("weights")


def a_rank_that(writes: Callable[[Path], None]) -> Callable[[Path], dict[str, int]]:
    def copy_models(folder: Path) -> dict[str, int]:
        (folder / "actor").mkdir()
        writes(folder / "actor")
        return {"actor": 1}

    return copy_models


def save(checkpoints: CheckpointStore, *steps: int) -> None:
    for step in steps:
        checkpoints.save(state(step), write_models)


def contents(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def checkpoints(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(tmp_path / "checkpoints", keep=2)


def test_a_checkpoint_is_read_as_it_was_saved(checkpoints: CheckpointStore):
    saved = checkpoints.save(state(12), write_models)

    found = checkpoints.newest(IDENTITY)
    assert found is not None and found.path == saved and found.state == state(12)
    assert (saved / "actor" / "weights").read_text() == "weights"
    assert (checkpoints.folder / "latest").read_text() == "step-000012\n"
    assert sorted(read_manifest(saved).files) == ["actor/weights", "trainer.json"]


def test_there_is_none_before_the_first(checkpoints: CheckpointStore):
    assert checkpoints.newest(IDENTITY) is None
    assert checkpoints.steps() == []


def test_it_is_its_owners_alone(checkpoints: CheckpointStore):
    saved = checkpoints.save(state(1), write_models)

    modes = {path.stat().st_mode & 0o777 for path in saved.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (checkpoints.folder, saved, saved / "actor")} == {0o700}


def test_it_does_not_exist_while_it_is_written(checkpoints: CheckpointStore):
    save(checkpoints, 1)
    may_write = threading.Event()

    def late(folder: Path) -> None:
        def write() -> None:
            may_write.wait(60)
            (folder / "weights").write_text("of 2")
            leave_receipt(folder, 0, {folder / "weights": entry_of(folder / "weights")})

        threading.Thread(target=write).start()

    checkpoints.begin(state(2), a_rank_that(late))
    assert checkpoints.steps() == [1]
    assert (checkpoints.folder / "latest").read_text() == "step-000001\n"
    checkpoints.check()
    may_write.set()
    checkpoints.finish()

    assert checkpoints.steps() == [1, 2]
    assert contents(checkpoints.folder / "step-000002" / "actor") == ["weights"]
    assert checkpoints.longest_s > 0, "what a job's time must allow for"


@pytest.mark.parametrize(
    ("number", "error", "words"),
    [(errno.ENOSPC, DiskFull, "No space left on device.*make room"), (errno.EIO, CheckpointWriteError, "error")],
)
def test_a_rank_that_cannot_write_is_heard_of(
    checkpoints: CheckpointStore, number: int, error: type[Exception], words: str
):
    save(checkpoints, 1)

    checkpoints.begin(state(2), a_rank_that(lambda folder: leave_failure(folder, 0, OSError(number, "no"))))
    with pytest.raises(error, match=f"actor rank 0 could not write its part.*{words}"):
        checkpoints.finish()

    assert contents(checkpoints.folder) == ["latest", "step-000001"]
    save(checkpoints, 3)
    assert checkpoints.steps() == [1, 3]


def test_the_next_safe_point_hears_of_it_too(checkpoints: CheckpointStore):
    checkpoints.begin(state(2), a_rank_that(lambda folder: leave_failure(folder, 0, OSError(errno.EIO, "no"))))

    with pytest.raises(CheckpointWriteError):
        while True:
            checkpoints.check()


def test_a_rank_that_says_nothing_is_not_waited_for_for_ever(tmp_path: Path):
    checkpoints = CheckpointStore(tmp_path, keep=1, deadline_s=0.01)
    checkpoints.begin(state(2), a_rank_that(lambda folder: None))

    with pytest.raises(StallError, match="actor rank 0 did not write its part"):
        checkpoints.finish()
    assert contents(tmp_path) == []


def test_a_run_that_ends_does_not_wait_long_for_a_rank_that_died(
    checkpoints: CheckpointStore, monkeypatch: pytest.MonkeyPatch, caplog: Any
):
    monkeypatch.setattr(store, "_ENDING_S", 0.0)
    save(checkpoints, 1)
    checkpoints.begin(state(2), a_rank_that(lambda folder: None))

    checkpoints.close()

    assert "the last checkpoint was not saved: actor rank 0 did not write" in caplog.text
    assert contents(checkpoints.folder) == ["latest", "step-000001"]


def test_a_run_that_ends_anyway_is_told_and_not_stopped(checkpoints: CheckpointStore, caplog: Any):
    checkpoints.begin(state(2), a_rank_that(lambda folder: leave_failure(folder, 0, OSError(errno.EIO, "no"))))

    checkpoints.close()

    assert "the last checkpoint was not saved: actor rank 0" in caplog.text


@pytest.mark.parametrize(
    "wrong", [{"weights": FileEntry(6, "0")}, {"weights": FileEntry(7, "0"), "gone": FileEntry(1, "0")}]
)
def test_a_receipt_that_does_not_fit_is_no_checkpoint(checkpoints: CheckpointStore, wrong: dict[str, FileEntry]):
    def write(folder: Path) -> None:
        (folder / "weights").write_text("weights")
        leave_receipt(folder, 0, {folder / name: entry for name, entry in wrong.items()})

    checkpoints.begin(state(2), a_rank_that(write))
    with pytest.raises(CheckpointWriteError):
        checkpoints.finish()
    assert checkpoints.steps() == []


def test_a_failure_to_copy_keeps_the_old_ones(checkpoints: CheckpointStore):
    save(checkpoints, 1, 2)

    def fail(folder: Path) -> None:
        write_models(folder)
        raise RuntimeError("a rank died")

    with pytest.raises(RuntimeError, match="a rank died"):
        checkpoints.save(state(3), fail)

    assert contents(checkpoints.folder) == ["latest", "step-000001", "step-000002"]


def test_without_room_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    checkpoints = CheckpointStore(tmp_path, keep=1)
    save(checkpoints, 1)
    size = read_manifest(tmp_path / "step-000001").total_bytes
    monkeypatch.setattr(store.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": size - 1})())

    with pytest.raises(DiskFull, match="the ones before it are kept; make room"):
        checkpoints.begin(state(2), lambda folder: pytest.fail("asked to copy"))
    assert contents(tmp_path) == ["latest", "step-000001"]


def test_a_disk_that_fills_up_meanwhile_keeps_the_old_one(checkpoints: CheckpointStore, monkeypatch: Any):
    save(checkpoints, 1)

    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "write", full)
    with pytest.raises(DiskFull, match="could not be written"):
        save(checkpoints, 2)
    assert contents(checkpoints.folder) == ["latest", "step-000001"]


def still_written(path: Path) -> None:
    raise OSError(errno.ENOTEMPTY, "Directory not empty", str(path))


@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, DiskFull), (errno.EIO, CheckpointWriteError)])
def test_a_failed_save_where_ranks_still_write_ends_with_what_it_failed_with(
    checkpoints: CheckpointStore, monkeypatch: Any, caplog: Any, number: int, error: type[Exception]
):
    with monkeypatch.context() as patches:
        patches.setattr(files, "remove", still_written)
        checkpoints.begin(state(2), a_rank_that(lambda folder: leave_failure(folder, 0, OSError(number, "no"))))
        with pytest.raises(error, match="actor rank 0 could not write its part"):
            checkpoints.finish()
        with pytest.raises(RuntimeError, match="a rank died"):
            CheckpointStore(checkpoints.folder.with_name("other"), 1).begin(state(2), a_rank_that(died))

    assert "is not gone yet (Directory not empty): the next save removes it" in caplog.text
    save(checkpoints, 3)
    assert contents(checkpoints.folder) == ["latest", "step-000003"]


def died(folder: Path) -> None:
    raise RuntimeError("a rank died")


@pytest.mark.parametrize(
    ("name", "number", "error"),
    [("remove", errno.ENOTEMPTY, CheckpointWriteError), ("make_folder", errno.ENOSPC, DiskFull)],
)
def test_a_save_that_cannot_be_begun_is_named(
    checkpoints: CheckpointStore, monkeypatch: Any, name: str, number: int, error: type[Exception]
):
    (checkpoints.folder / ".step-000001.partial").mkdir(parents=True)

    def fail(path: Path) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(files, name, fail)
    with pytest.raises(error, match=r"step-000002\.partial could not be made \(no\)"):
        checkpoints.begin(state(2), lambda folder: pytest.fail("asked to copy"))


def test_what_an_interrupted_save_left_is_cleaned_and_nothing_else(checkpoints: CheckpointStore):
    for name in (".step-000003.partial", ".mine.partial", "step-notes"):
        (checkpoints.folder / name).mkdir(parents=True)
        (checkpoints.folder / name / "half").write_text("a rank's part")

    assert checkpoints.newest(IDENTITY) is None
    save(checkpoints, 4)

    assert contents(checkpoints.folder) == [".mine.partial", "latest", "step-000004", "step-notes"]


def test_a_step_that_is_saved_again_replaces_its_checkpoint(checkpoints: CheckpointStore):
    (checkpoints.save(state(1), write_models) / "stale").write_text("of the first time")
    save(checkpoints, 1)

    assert contents(checkpoints.folder) == ["latest", "step-000001"]
    assert contents(checkpoints.folder / "step-000001") == ["actor", "manifest.json", "trainer.json"]


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_rotation_keeps_the_newest(tmp_path: Path, keep: int):
    checkpoints = CheckpointStore(tmp_path, keep)
    save(checkpoints, 2, 4, 10, 100)

    assert checkpoints.steps() == [2, 4, 10, 100][-keep:]


def test_a_resume_goes_back_to_the_newest_valid_one_and_says_so(tmp_path: Path, caplog: Any):
    save(CheckpointStore(tmp_path, keep=3), 1, 2, 3)
    (tmp_path / "step-000003" / "actor" / "weights").write_text("weight")
    (tmp_path / "step-000002" / "manifest.json").unlink()

    checkpoints = CheckpointStore(tmp_path, keep=1)
    found = checkpoints.newest(IDENTITY)

    assert found is not None and found.state.step == 1
    checkpoints.newest(IDENTITY)
    assert caplog.text.count("skipped") == 2, "each is named once"
    assert "skipped step-000003: actor/weights is truncated: 6 of 7 bytes" in caplog.text
    assert "skipped step-000002: it has no manifest.json, which is written last: it was never finished" in caplog.text


def test_a_damaged_one_of_later_does_not_push_out_the_one_just_saved(tmp_path: Path):
    save(CheckpointStore(tmp_path, keep=2), 1, 3)
    (tmp_path / "step-000003" / "actor" / "weights").write_text("weight")
    checkpoints = CheckpointStore(tmp_path, keep=1)
    checkpoints.newest(IDENTITY)

    save(checkpoints, 2)

    assert contents(tmp_path) == ["latest", "step-000002", "step-000003.refused"]


def test_a_refused_one_is_no_progress_and_its_step_is_saved_again(tmp_path: Path):
    for attempt in ("step-000003.refused", "step-000003.refused-2"):
        save(CheckpointStore(tmp_path, keep=2), 2, 3)
        (tmp_path / "step-000003" / "actor" / "weights").write_text("wEights")  # as long, and another content
        checkpoints = CheckpointStore(tmp_path, keep=2)
        found = checkpoints.newest(IDENTITY)

        assert found is not None and found.state.step == 2
        assert checkpoints.steps() == [2] == CheckpointStore(tmp_path, keep=2).steps()
        assert (tmp_path / "latest").read_text() == "step-000002\n"
        assert (tmp_path / attempt / "actor" / "weights").read_text() == "wEights", "evidence is kept"
        save(checkpoints, 3)
        assert checkpoints.steps() == [2, 3]


def test_nothing_is_set_aside_where_the_valid_one_is_of_another_run(checkpoints: CheckpointStore):
    save(checkpoints, 1, 2)
    (checkpoints.folder / "step-000002" / "actor" / "weights").write_text("weight")
    before = contents(checkpoints.folder)

    with pytest.raises(CheckpointError, match="belongs to another run"):
        CheckpointStore(checkpoints.folder, keep=2).newest(IDENTITY | {"run.seed": 18})
    assert contents(checkpoints.folder) == before


def test_one_that_cannot_be_set_aside_is_said_before_the_run_goes_on(checkpoints: CheckpointStore, monkeypatch: Any):
    save(checkpoints, 1, 2)
    (checkpoints.folder / "step-000002" / "actor" / "weights").write_text("weight")

    def refuse(source: Path, target: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(files, "rename", refuse)
    with pytest.raises(CheckpointError, match=r"step-000002 is not valid \(actor/weights .*cannot be set aside"):
        CheckpointStore(checkpoints.folder, keep=2).newest(IDENTITY)


def test_where_none_is_valid_the_run_does_not_start_over(checkpoints: CheckpointStore):
    save(checkpoints, 1, 2)
    for step in (1, 2):
        (checkpoints.folder / f"step-{step:06d}" / "surplus").write_text("")

    with pytest.raises(CheckpointError, match=r"no checkpoint to go on from \(step-000002: surplus is not in its"):
        CheckpointStore(checkpoints.folder, keep=2).newest(IDENTITY)


def test_another_run_is_refused_key_by_key(checkpoints: CheckpointStore):
    save(checkpoints, 4)

    with pytest.raises(CheckpointError) as refused:
        checkpoints.newest(IDENTITY | {"run.seed": 18, "data.source": "medec"})

    message = str(refused.value)
    assert "run.seed was 17, is 18" in message and "data.source was None, is 'medec'" in message
    assert "game.mix" not in message and "run.name" in message


def test_other_ranks_are_refused_with_a_way_round(checkpoints: CheckpointStore):
    save(checkpoints, 4)

    with pytest.raises(CheckpointError, match=r"actor ranks was None, is 4.*by rank.*zero_to_fp32"):
        checkpoints.newest(IDENTITY | {"actor ranks": 4})


def test_a_state_that_is_none_is_refused_although_it_was_signed(checkpoints: CheckpointStore):
    def plant(folder: Path) -> None:
        write_models(folder)

    saved = checkpoints.save(state(4), plant)
    content = json.loads((saved / "trainer.json").read_text()) | {"surprise": 1}
    (saved / "trainer.json").write_text(json.dumps(content))
    manifest = read_manifest(saved)
    forged = type(manifest)(4, {**manifest.files, "trainer.json": entry_of(saved / "trainer.json")})
    (saved / "manifest.json").write_bytes(forged.encode())

    with pytest.raises(CheckpointError, match=r"its trainer\.json cannot be read \(TypeError\)"):
        CheckpointStore(checkpoints.folder, keep=2).newest(IDENTITY)
