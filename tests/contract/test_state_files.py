"""How an actor's states reach the disk and come back, with the classes that DeepSpeed really puts into them."""

from __future__ import annotations

import math
import os
import pickle
import random
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from medical_team.backends import cpu
from medical_team.checkpoints.manifest import entry_of
from medical_team.checkpoints.receipt import collect_receipts, receipt_path
from medical_team.errors import CheckpointWriteError

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def module() -> Any:
    cpu.install()
    from medical_team.training import state_files

    return state_files


@pytest.fixture
def states() -> dict[str, Any]:
    """What there is in DeepSpeed's files: weights, a flat buffer's parts, its own classes."""
    import torch
    from deepspeed.runtime.fp16.loss_scaler import LossScaler

    tied = torch.nn.Parameter(torch.randn(4, 3))
    flat = torch.arange(1_000_000.0)
    return {
        "module": OrderedDict(embedding=tied, head=tied, half=torch.randn(3).bfloat16()),
        "optimizer": {"loss_scaler": LossScaler(1.0), "groups": [flat[10:13], (flat[20:22].view(2, 1), None)]},
        "empty": torch.empty(0),
        "lr_scheduler": {"last_epoch": 3, "_last_lr": [1e-6]},
        "random": {"python": [3, [1, 2], None]},
    }


def test_a_state_comes_back_bit_for_bit(module: Any, states: dict[str, Any], tmp_path: Path):
    import torch

    engine = module.BackgroundFiles()
    engine.save(states, str(tmp_path / "states.pt"))
    engine.write(tmp_path, rank=0)
    written = collect_receipts(tmp_path.parent, {tmp_path.name: 1}, lambda: math.inf)

    back = engine.load(str(tmp_path / "states.pt"), map_location="cpu")
    for name, tensor in states["module"].items():
        assert torch.equal(back["module"][name], tensor.detach()) and back["module"][name].dtype == tensor.dtype
    assert torch.equal(back["optimizer"]["groups"][0], torch.tensor([10.0, 11.0, 12.0]))
    assert back["optimizer"]["groups"][1][0].tolist() == [[20.0], [21.0]]
    assert type(back["optimizer"]["loss_scaler"]) is type(states["optimizer"]["loss_scaler"])
    assert back["random"] == states["random"] and back["lr_scheduler"] == states["lr_scheduler"]
    assert written == {f"{tmp_path.name}/states.pt": entry_of(tmp_path / "states.pt")}
    assert (tmp_path / "states.pt").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "states.pt").stat().st_size < 20_000, "a part of a buffer does not bring the buffer along"


def test_training_on_does_not_change_what_is_written(
    module: Any, states: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import torch

    before = states["module"]["embedding"].detach().clone()
    may_write, write_state = threading.Event(), module.write_state

    def late(state: Any, path: Path) -> Any:
        may_write.wait(60)
        return write_state(state, path)

    monkeypatch.setattr(module, "write_state", late)
    engine = module.BackgroundFiles()
    engine.save(states, str(tmp_path / "states.pt"))
    engine.write(tmp_path, rank=0)
    with torch.no_grad():
        states["module"]["embedding"].add_(1)
    assert not receipt_path(tmp_path, 0).exists()
    may_write.set()
    collect_receipts(tmp_path.parent, {tmp_path.name: 1}, lambda: math.inf)

    back = engine.load(str(tmp_path / "states.pt"))["module"]
    assert torch.equal(back["embedding"], before)
    assert back["embedding"].data_ptr() == back["head"].data_ptr(), "tied weights are one"


class Runs:
    """A pickle that runs something where it is loaded."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("ran",)


@pytest.mark.parametrize("new_format", [True, False])
def test_a_file_that_would_run_something_is_refused(
    module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_format: bool
):
    import torch

    monkeypatch.chdir(tmp_path)
    torch.save({"module": Runs()}, "planted.pt", _use_new_zipfile_serialization=new_format)

    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        module.BackgroundFiles().load("planted.pt")
    assert not Path("ran").exists()


def test_what_a_rank_cannot_write_is_said_by_its_kind_alone(module: Any, states: dict[str, Any], tmp_path: Path):
    engine = module.BackgroundFiles()
    engine.save(states, str(tmp_path / "no such folder" / "states.pt"))
    engine.write(tmp_path, rank=0)

    with pytest.raises(CheckpointWriteError, match=r"rank 0 could not write .* \(No such file or directory\)$"):
        collect_receipts(tmp_path.parent, {tmp_path.name: 1}, lambda: math.inf)


def test_a_save_that_the_driver_gave_up_leaves_the_rank_alive(module: Any, states: dict[str, Any], tmp_path: Path):
    engine = module.BackgroundFiles()
    engine.save(states, str(tmp_path / "gone" / "states.pt"))
    engine.write(tmp_path / "gone", rank=0)
    engine.create(None)  # the next save waits for the thread

    assert not (tmp_path / "gone").exists()


def test_random_states_come_back(module: Any):
    import json

    import numpy as np
    import torch

    from medical_team.training.random_states import random_states, restore_random_states

    def draws() -> list[float]:
        normal = random.gauss(0, 1), np.random.normal(), float(torch.randn(()))
        return [random.random(), float(np.random.rand()), float(torch.rand(())), *normal]

    draws()  # an odd number of normal draws leaves one in store
    states = json.loads(json.dumps(random_states()))
    expected = draws()
    draws()
    restore_random_states(states)

    assert draws() == expected
