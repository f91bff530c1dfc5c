"""Joining a cluster that is not there ends at once and in one sentence; none is left while somebody waits in it."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest

from medical_team.config import load_config
from medical_team.errors import MachineError, NotYetThere, StallError
from medical_team.planning.placement import placement_plan
from medical_team.training import connection
from medical_team.training.waiting import Deadline

pytestmark = pytest.mark.contract


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses at which Ray was asked to join; nobody is there for it either."""
    asked: list[str] = []

    def init(address: str, **_options: Any) -> None:
        asked.append(address)
        raise ConnectionError("Could not find any running Ray instance.\nMore of that.")

    monkeypatch.setattr(connection.ray, "init", init)
    monkeypatch.setattr(connection, "build_ops", lambda: None)
    return asked


def join(address: str, kind: type[MachineError] = NotYetThere) -> str:
    config = load_config(None, [f"cluster.address={address}"])
    with pytest.raises(MachineError, match=r"start one with launch/start_ray.sh") as refused:
        connection.connect(config, "cpu", placement_plan(config))
    assert type(refused.value) is kind
    (sentence,) = str(refused.value).splitlines()
    return sentence


def test_where_nobody_listens_ray_is_not_asked(joined: list[str]):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"

        assert f"no Ray cluster answers at {address} (" in join(address)
    assert joined == []


def test_a_port_that_is_none(joined: list[str]):
    assert "at 127.0.0.1:99999 (" in join("127.0.0.1:99999", MachineError)
    assert joined == []


@pytest.mark.parametrize("address", ["auto", "no-port"])
def test_what_is_no_host_and_port_is_left_to_ray(joined: list[str], address: str):
    assert f"at {address} (Could not find any running Ray instance.)" in join(address)
    assert joined == [address]


def test_another_version_of_ray_is_no_matter_of_waiting(joined: list[str], monkeypatch: pytest.MonkeyPatch):
    def init(address: str, **_options: object) -> None:
        raise RuntimeError("Version mismatch: the cluster was started with Ray 2.9")

    monkeypatch.setattr(connection.ray, "init", init)

    assert "Version mismatch" in join("auto", MachineError)


def test_ray_is_left_only_when_no_wait_is_left_in_it(monkeypatch: pytest.MonkeyPatch):
    waiting: list[bool] = []
    monkeypatch.setattr(
        connection.ray,
        "shutdown",
        lambda: waiting.append("the update" in {each.name for each in threading.enumerate()}),
    )
    with pytest.raises(StallError):
        Deadline(0.01).run("the update", time.sleep, 1.0)

    connection.leave()

    assert waiting == [False]
