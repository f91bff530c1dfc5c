"""Every shipped configuration: its plan fits the card it names, each of its values says why, a page names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scaled_run import scaled

from medical_team.backends import Backend
from medical_team.config import Config, load_config
from medical_team.planning.host import Host
from medical_team.planning.plan import plan_run

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "configs").glob("*.yaml"))
PAGES = "\n".join(page.read_text() for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])

# Two cores and 16 GB, the smallest that the README promises the demo for; the disks of clusters are large.
LAPTOP = Host(memory=16e9, free_disk=1e15, multiplies_bfloat16=True)

# What needs no reason: the run is named after its file.
SELF_EVIDENT = {"name"}


def configured(path: Path) -> Config:
    return load_config(path, ["data.medec_dir=MEDEC"] if "medec" in path.stem else [])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_its_plan_fits(path: Path):
    config = configured(path)
    backend: Backend = "cpu" if path.stem.startswith("cpu") else "gpu"

    assert config.cluster.backend == ("auto" if backend == "cpu" else "gpu")
    assert plan_run(config, backend, LAPTOP).problems == ()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_each_of_its_values_says_why(path: Path):
    silent = []
    for line in path.read_text().splitlines():
        key, colon, value = line.strip().partition(":")
        is_value = colon and value.strip() and not key.startswith("#")
        if is_value and key not in SELF_EVIDENT and " # " not in value:
            silent.append(line.strip())

    assert silent == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_page_names_it(path: Path):
    assert re.search(rf"\b{path.name}\b", PAGES)


def test_a_run_on_one_gpu_takes_turns_with_its_judge():
    for name in ("one_gpu_24gb", "one_gpu_48gb"):
        config = configured(ROOT / "configs" / f"{name}.yaml")
        (place,) = plan_run(config, "gpu", LAPTOP).places

        assert place.count == 1 and config.vllm.enable_sleep
        assert {each.name for each in place.processes} == {"actor", "reference", "engines", "judge (vllm)"}


@pytest.mark.parametrize(
    ("name", "gigabytes"),
    [("one_gpu_24gb", 57), ("one_gpu_48gb", 107), ("remote_judge", 191), ("one_node_8gpu", 206), ("multi_node", 305)],
)
def test_what_a_host_holds_in_a_save_is_said_where_its_memory_is_named(name: str, gigabytes: int):
    path = ROOT / "configs" / f"{name}.yaml"
    node = plan_run(configured(path), "gpu", LAPTOP).node

    assert node is not None and node.in_a_save / 1e9 == pytest.approx(gigabytes, abs=0.5)
    assert re.search(rf"node_memory_gb: \d+  # {gigabytes} GB in a save", path.read_text())


@pytest.mark.parametrize(("name", "gpus", "nodes"), [("one_node_8gpu", 8, 1), ("multi_node", 16, 2)])
def test_a_cluster_is_used_whole(name: str, gpus: int, nodes: int):
    config = configured(ROOT / "configs" / f"{name}.yaml")
    plan = plan_run(config, "gpu", LAPTOP)

    assert (plan.placement.gpus, plan.placement.nodes(config.cluster.node_gpus)) == (gpus, nodes)


@pytest.mark.parametrize("gpus", [8, 64, 512])
def test_any_number_of_gpus_is_planned(gpus: int):
    """Half of them learn and half of them answer, as in the larger of the shipped files."""
    half = gpus // 2
    plan = plan_run(scaled(gpus), "gpu", LAPTOP)

    assert plan.placement.gpus == gpus
    assert sum(place.count for place in plan.places) == gpus
    assert [place.count for place in plan.places] == [half // 2, half // 2, half]
    assert plan.placement.nodes(8) == gpus // 8
    assert plan.problems == ()
