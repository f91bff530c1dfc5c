"""The host's memory and disk: what is read, when a run ends for it, and what a full disk comes out as."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from medical_team.errors import HostLimit
from medical_team.training.host_watch import HostWatch, Memory, memories, no_room_named

MEMINFO = "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\nHugePages_Total:       0\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The part of a file system that memory is read from: 60% in use."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text(MEMINFO)
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    return tmp_path


def limit_group(root: Path, limit: str, used: int, inactive_file: int) -> None:
    group = root / "sys/fs/cgroup"
    (group / "memory.max").write_text(f"{limit}\n")
    (group / "memory.current").write_text(f"{used}\n")
    (group / "memory.stat").write_text(f"anon 5\ninactive_file {inactive_file}\n")


def test_memory_that_the_kernel_can_drop_is_not_in_use(root: Path):
    assert memories(root) == [Memory(used=600 * 1024, total=1000 * 1024)]


def test_a_control_group_has_a_limit_of_its_own(root: Path):
    limit_group(root, "200", used=190, inactive_file=40)
    assert memories(root)[1] == Memory(used=150, total=200)

    limit_group(root, "max", used=190, inactive_file=40)
    assert len(memories(root)) == 1


def test_this_host_is_read():
    assert 0 < memories(Path("/"))[0].share < 1


def test_a_run_ends_where_memory_is_short(root: Path):
    limit_group(root, "200", used=190, inactive_file=0)

    assert HostWatch(root, 0, 0.96, root).look()["host/memory_share"] == 0.95
    with pytest.raises(HostLimit, match=r"^95% of the host's memory .* cluster.max_memory_share = 0.9:"):
        HostWatch(root, 0, 0.9, root).look()


def test_a_run_ends_where_the_disk_is_short(root: Path):
    assert HostWatch(root, 0, 1, root).look()["host/free_disk_gb"] > 0
    with pytest.raises(HostLimit, match=r"GB free, less than run.min_free_gb = 1e\+09: free some"):
        HostWatch(root, 1e9, 1, root).look()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named(number: int):
    named = pytest.raises(HostLimit, match=r"^the games of the step could not be written, the disk is full")
    with named, no_room_named("the games of the step"):
        raise OSError(number, "no room")


def test_another_failure_of_the_disk_stays_what_it_is():
    with pytest.raises(PermissionError), no_room_named("the games of the step"):
        raise PermissionError(errno.EACCES, "not yours")
