"""ZeRO-3's ranks read whole parameters on CPU, whichever of the gathers ends first."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from gathering_rank import RANKS, gather
from upstream import definition

pytestmark = pytest.mark.contract


def test_every_parameter_is_whole_when_it_is_read(tmp_path: Path):
    from torch.multiprocessing import spawn

    spawn(gather, args=(str(tmp_path),), nprocs=RANKS)

    assert [(tmp_path / str(rank)).read_text() for rank in range(RANKS)] == ["0"] * RANKS


def test_upstream_waits_for_the_last_gather_alone():
    """The reason for the replacement: a DeepSpeed that waits for all of them needs it no more."""
    upstreams = definition("deepspeed.runtime.zero.partition_parameters", "Init._allgather_params_coalesced")

    assert "launch_handles[-1].wait()" in ast.unparse(upstreams)
