"""What can be said of the images without building one: docker/, .dockerignore and the locks they install."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import setuptools
import yaml
from dockerfiles import base_images, copied, ignore_patterns, instructions, is_ignored, values
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pytest_httpserver import HTTPServer

from medical_team.config import load_config

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
REQUIREMENTS = ROOT / "requirements"
IMAGES = sorted(DOCKER.glob("*.Dockerfile"))
IGNORED = ignore_patterns(ROOT / ".dockerignore")
LOCKS = ("gpu", "judge", "judge-rule")

every_image = pytest.mark.parametrize("image", IMAGES, ids=lambda path: path.stem)


def pins(lock: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s\\]+)", (REQUIREMENTS / f"{lock}.txt").read_text(), re.M)
    return {canonicalize_name(name): version for name, version in found}


def wanted(lines: list[str]) -> dict[str, Requirement]:
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


@pytest.fixture
def setup_arguments(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    captured: dict[str, Any] = {}
    monkeypatch.setattr(setuptools, "setup", captured.update)
    runpy.run_path(str(ROOT / "setup.py"))
    return captured


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]


def test_there_are_the_three_images():
    assert [image.stem for image in IMAGES] == ["cpu", "gpu", "judge"]


@every_image
def test_the_linter_finds_nothing(image: Path):
    program = Path(sys.executable).with_name("hadolint")
    linter = str(program) if program.exists() else shutil.which("hadolint")
    assert linter is not None, "hadolint is not installed: run `make install`"
    done = subprocess.run([linter, "--no-color", str(image)], capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout + done.stderr == ""


@every_image
def test_what_is_copied_exists_and_is_not_ignored(image: Path):
    paths = list(copied(image))

    assert "medical_team" in paths
    for path in paths:
        assert (ROOT / path).exists(), path
        assert not is_ignored(path.rstrip("/"), IGNORED), path


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".cache/data/medec-train.parquet",
        ".env",
        "runs/selfplay/games/step-000001.parquet",
        "docker/secrets/judge_token",
        "medical_team/__pycache__/types.pyc",
        "tests/conftest.py",
    ],
)
def test_notes_runs_secrets_and_history_stay_out(path: str):
    assert is_ignored(path, IGNORED)


@every_image
def test_base_images_are_named_by_version(image: Path):
    for base in base_images(image):
        name, _, tag = base.partition("@")[0].partition(":")
        assert re.search(r"\d+\.\d+\.\d+", tag), f"{name}: a tag with a whole version"
        assert "latest" not in tag
    assert "@sha256:" in base_images(image)[-1]


@every_image
def test_it_runs_as_nobody_special(image: Path):
    names = [each.name for each in instructions(image)]
    user, _, group = values(image, "USER")[-1].partition(":")

    assert int(user) >= 10000 and int(group) >= 10000
    assert set(names[names.index("USER") :]) <= {
        "USER",
        "VOLUME",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    }


@every_image
def test_everything_is_installed_while_it_is_built_and_by_hash(image: Path):
    installs = [run for run in values(image, "RUN") if " install " in run and ("pip" in run or "scripts" in run)]

    assert installs
    for command in re.findall(r"-m pip install[^&]*", " ".join(installs)):
        assert "--no-deps" in command
        assert "--require-hashes" in command or "--editable ." in command
    assert "pip" not in " ".join(values(image, "ENTRYPOINT") + values(image, "CMD"))


@every_image
def test_no_secret_is_in_a_layer(image: Path):
    for each in instructions(image):
        if each.name in ("ARG", "ENV", "LABEL", "RUN"):
            assert not re.search(r"token|password|secret|api_?key|credential", each.value, re.I), each
        assert each.name != "ADD"


@every_image
def test_the_entry_point_is_one_of_launch(image: Path):
    command = " ".join(values(image, "ENTRYPOINT") + values(image, "CMD"))
    (script,) = set(re.findall(r"launch/\w+\.py", command))

    assert (ROOT / script).is_file()
    assert {"launch", script} & set(copied(image))


def test_a_job_has_no_health_and_a_server_is_asked_for_it():
    health = {image.stem: values(image, "HEALTHCHECK") for image in IMAGES}

    assert health["cpu"] == health["gpu"] == ["NONE"]
    assert "/health" in health["judge"][0]


@pytest.mark.parametrize(("given", "status", "code"), [("let-me-in", 200, 0), ("wrong", 401, 1), (None, 503, 1)])
def test_the_health_check_fails_where_the_server_does_not_answer_200(
    httpserver: HTTPServer, tmp_path: Path, given: str | None, status: int, code: int
):
    token = tmp_path / "token"
    token.write_text(f"{given}\n")
    headers = {"Authorization": f"Bearer {given}"} if given else None
    httpserver.expect_request("/ready", headers=headers).respond_with_data(status=status)

    assert ask(httpserver.url_for("/ready"), *([str(token)] if given else [])) == code


def test_the_health_check_fails_where_nobody_listens():
    assert ask("http://127.0.0.1:9/health") == 1


def ask(*arguments: str) -> int:
    command = [sys.executable, str(DOCKER / "judge_answers.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.returncode


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash(lock: str):
    lines = re.findall(r"^[a-z0-9].*==.*$", (REQUIREMENTS / f"{lock}.txt").read_text(), flags=re.MULTILINE)

    assert lines and all(line.endswith("\\") for line in lines)


def test_the_gpu_image_has_what_setup_pins(setup_arguments: dict[str, Any]):
    extras = wanted([*setup_arguments["install_requires"], *setup_arguments["extras_require"]["gpu"]])
    locked = pins("gpu") | pins("flash-attn")

    for name, requirement in extras.items():
        assert requirement.specifier.contains(locked[name]), name


@pytest.mark.parametrize("lock", ["judge", "judge-rule"])
def test_the_judges_image_has_what_the_package_imports_and_no_trainer(setup_arguments: dict[str, Any], lock: str):
    locked = pins(lock)

    for name, requirement in wanted(setup_arguments["install_requires"]).items():
        assert requirement.specifier.contains(locked[name]), name
    assert not {"openrlhf", "ray", "deepspeed", "flash-attn"} & set(locked)
    assert ("vllm" in locked) == (lock == "judge")


def test_the_judges_vllm_is_not_older_than_the_trainers():
    def version(lock: str) -> tuple[int, ...]:
        return tuple(int(part) for part in pins(lock)["vllm"].split("."))

    assert version("judge") >= max(version("gpu"), (0, 32))


def test_the_toolkit_is_of_the_cuda_that_torch_was_built_with():
    (tag,) = re.findall(r"nvidia/cuda:(\d+\.\d+)\.\d+-devel", (DOCKER / "gpu.Dockerfile").read_text())

    assert pins("gpu")["cuda-toolkit"].startswith(f"{tag}.")
    assert f"/usr/local/cuda-{tag} " in " ".join(values(DOCKER / "gpu.Dockerfile", "COPY"))


def test_compose_builds_the_images_that_are_there(services: dict[str, Any]):
    assert set(services) == {"judge", "trainer"}
    for service in services.values():
        assert (DOCKER / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_compose_opens_ports_on_loopback_only(services: dict[str, Any]):
    ports = [port for service in services.values() for port in service.get("ports", ())]

    assert ports and all(port.startswith("127.0.0.1:") for port in ports)


def test_compose_hands_secrets_over_as_files(services: dict[str, Any]):
    declared = yaml.safe_load((DOCKER / "compose.yaml").read_text())["secrets"]

    assert all(set(secret) == {"file"} for secret in declared.values())
    for service in services.values():
        assert set(service["secrets"]) <= set(declared)
        given = [str(value) for value in service["environment"].values()]
        given += re.findall(r"--token-file (\S+)", " ".join(service["command"]))
        assert given and all(value.startswith("/run/secrets/") for value in given)


def test_compose_takes_all_privileges_away(services: dict[str, Any]):
    for service in services.values():
        assert service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"]
        assert not {"privileged", "network_mode", "pid", "ipc", "user"} & set(service)


def test_the_trainer_waits_for_a_judge_that_is_ready(services: dict[str, Any]):
    assert services["trainer"]["depends_on"]["judge"]["condition"] == "service_healthy"
    assert services["judge"]["healthcheck"]["test"][3].endswith("/ready")


def test_the_trainers_command_is_a_configuration_that_loads(services: dict[str, Any]):
    _, _, file, *overrides = services["trainer"]["command"]
    config = load_config(ROOT / re.sub(r"\$\{\w+:-(.*)\}", r"\1", file), overrides)

    assert config.judge_names == ("http",)
    assert config.judge.http.urls == ("http://judge:8000",)
    assert config.run.resume == "auto"


def test_volumes_are_where_the_images_keep_what_stays(services: dict[str, Any]):
    for name, image in (("judge", "judge"), ("trainer", "gpu")):
        mounted = {volume.split(":")[1] for volume in services[name]["volumes"]}
        assert mounted == set(yaml.safe_load(values(DOCKER / f"{image}.Dockerfile", "VOLUME")[0]))
