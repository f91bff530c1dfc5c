"""A cluster that is not complete in time may be at the next attempt; an address that is none never will."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from launching import load_script

from medical_team.errors import MachineError, NotYetThere


@pytest.fixture(scope="module")
def wait_for_ray() -> ModuleType:
    return load_script("wait_for_ray")


@pytest.fixture
def head() -> Iterator[str]:
    """Where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What Ray knows of the cluster's nodes."""
    known = [{"Alive": True}, {"Alive": False}]
    ray = SimpleNamespace(
        init=lambda **_options: None,
        nodes=lambda: known,
        cluster_resources=lambda: {"CPU": 8.0},
        shutdown=lambda: None,
    )
    monkeypatch.setitem(sys.modules, "ray", ray)
    return known


def test_a_head_that_does_not_answer_in_time_may_later(wait_for_ray: ModuleType):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"

        with pytest.raises(NotYetThere, match=f"no Ray head answers at {address}"):
            wait_for_ray.main([address, "--timeout", "0"])


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:port", "127.0.0.1:99999"])
def test_an_address_that_is_none_is_bad_input(wait_for_ray: ModuleType, address: str):
    with pytest.raises(MachineError, match=f"{address} is no HOST:PORT") as refused:
        wait_for_ray.main([address])
    assert not isinstance(refused.value, NotYetThere)


def test_nodes_that_do_not_join_in_time_may_later(
    wait_for_ray: ModuleType, head: str, nodes: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(NotYetThere, match=f"1 of 2 Ray nodes joined {head} in time"):
        wait_for_ray.main([head, "--nodes", "2", "--timeout", "0"])

    nodes[1]["Alive"] = True
    wait_for_ray.main([head, "--nodes", "2", "--timeout", "0"])
    assert capsys.readouterr().out == f"2 Ray node(s) at {head}: 0 GPUs, 8 CPUs\n"
