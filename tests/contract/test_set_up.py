"""The installer says in one sentence what is missing, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.contract

INSTALL = Path(__file__).parents[2] / "scripts" / "install.sh"
NEEDED = ["bash", "cat", "cut", "dirname", "sha256sum"]


def run_install(tmp_path: Path, *, python: str, with_compiler: bool = True) -> subprocess.CompletedProcess[str]:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in [*NEEDED, *(["g++"] if with_compiler else [])]:
        found = shutil.which(name)
        assert found, name
        (programs / name).symlink_to(found)
    environment = {"PATH": str(programs), "PYTHON": python, "VENV": str(tmp_path / "venv"), "HOME": os.environ["HOME"]}
    return subprocess.run(["bash", str(INSTALL)], env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("python", "with_compiler", "words"),
    [
        ("python-nobody-has", True, "python-nobody-has not found; install Python 3.11"),
        ("cat", True, "cat is not Python 3.11"),
        (getattr(sys, "_base_executable", sys.executable), False, "g++ not found; install a C++ compiler"),
    ],
)
def test_a_missing_tool_is_one_sentence(tmp_path: Path, python: str, with_compiler: bool, words: str):
    done = run_install(tmp_path, python=python, with_compiler=with_compiler)

    assert done.returncode == 2
    assert words in done.stderr.splitlines()[-1]
    assert done.stdout == ""
    assert not (tmp_path / "venv").exists()
