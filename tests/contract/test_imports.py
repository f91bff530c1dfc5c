"""The direction of imports: pure rooms stay light, and only three rooms know the stack below."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "medical_team"

HEAVY = {"deepspeed", "openrlhf", "ray", "torch", "transformers", "vllm"}
UPSTREAM = {"deepspeed", "openrlhf", "ray", "vllm"}
UPSTREAM_ROOMS = {"backends", "rollout", "training"}


def levels() -> list[set[str]]:
    """The rooms, level by level, as docs/architecture.md has them; a room may import its own level and those above."""
    (table,) = re.findall(r"## Rooms.*?```\n(.*?)```", (ROOT / "docs" / "architecture.md").read_text(), re.DOTALL)
    return [set(re.split(r"\s{3,}", line)[0].split()) for line in table.splitlines()]


LEVELS = levels()

# Programs (python -m) that are filed in a room and belong to the rim: they may import every level, the room not them.
ENTRY_POINTS = {
    PACKAGE / path
    for path in (
        "checkpoints/__main__.py",
        "evaluation/policy_table.py",
        "judge/probe.py",
        "judge/rejudge.py",
        "records/export.py",
    )
}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def level_of(path: Path) -> int:
    if path in ENTRY_POINTS:
        return len(LEVELS) - 1
    return next(index for index, rooms in enumerate(LEVELS) if room_of(path) in rooms)


def sources() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def imported_modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # "from medical_team import config" names a room as well.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_level(tree: ast.Module) -> ast.Module:
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return ast.Module(body=[*imports], type_ignores=[])


def top_names(tree: ast.AST) -> set[str]:
    return {name.split(".")[0] for name in imported_modules(tree)}


def test_every_room_has_a_level():
    known = set().union(*LEVELS)

    assert {room_of(path) for path in sources()} <= known


@pytest.mark.parametrize("room", sorted({room_of(path) for path in sources()} - UPSTREAM_ROOMS))
def test_a_pure_room_imports_without_the_stack(room: str):
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in sources()
        if room_of(path) == room
    ]
    program = (
        f"import importlib, sys\nfor name in {modules}:\n    importlib.import_module(name)\n"
        f"print(*sorted({HEAVY} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_three_rooms_import_upstream(path: Path):
    if room_of(path) not in UPSTREAM_ROOMS:
        assert not top_names(ast.parse(path.read_text())) & UPSTREAM


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path):
    level = level_of(path)
    allowed = set().union(*LEVELS[: level + 1])
    rooms = {
        name.split(".")[1]
        for name in imported_modules(ast.parse(path.read_text()))
        if name.startswith("medical_team.") and name.split(".")[1] != "__version__"
    }

    assert rooms <= allowed


def test_nobody_imports_an_entry_point():
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in ENTRY_POINTS}
    imported = {name for path in sources() for name in imported_modules(ast.parse(path.read_text()))}

    assert not {name for name in imported if any(name == entry or name.startswith(f"{entry}.") for entry in names)}


@pytest.mark.parametrize("path", sorted((ROOT / "launch").glob("*.py")), ids=lambda path: path.name)
def test_an_entry_point_parses_its_arguments_before_anything_heavy(path: Path):
    tree = ast.parse(path.read_text())

    assert not top_names(module_level(tree)) & HEAVY
    rooms = {name.split(".")[1] for name in imported_modules(module_level(tree)) if name.startswith("medical_team.")}
    assert not rooms & UPSTREAM_ROOMS
