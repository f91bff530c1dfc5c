"""A rank that gathers ZeRO-3 parameters on CPU; in a file of its own, because its process imports it by name."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

RANKS = 2
PATIENCE_S = 120
GATHERS = 20
LARGE, SMALL = 1_200, 4


def gather(rank: int, folder: str) -> None:
    """Gathers large layers and then a small one, and writes down how often they were not whole when they were read."""
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(RANKS))
    from medical_team.backends import cpu

    cpu.install()
    import deepspeed
    import torch

    torch.set_num_threads(1)
    deepspeed.init_distributed(
        "gloo",
        auto_mpi_discovery=False,
        init_method=f"file://{folder}/meeting",
        timeout=timedelta(seconds=PATIENCE_S),
        rank=rank,
        world_size=RANKS,
    )
    with deepspeed.zero.Init(config_dict_or_path={"train_batch_size": RANKS, "zero_optimization": {"stage": 3}}):
        layers = [torch.nn.Linear(size, size, bias=False) for size in (LARGE, LARGE, LARGE, SMALL)]
    parameters = [layer.weight for layer in layers]
    with deepspeed.zero.GatheredParameters(parameters, modifier_rank=0):
        for parameter in parameters:
            parameter.data.fill_(1.0)
    torn = 0
    for _ in range(GATHERS):
        with deepspeed.zero.GatheredParameters(parameters):
            torn += any(bool((parameter.data != 1.0).any()) for parameter in parameters)
    Path(folder, str(rank)).write_text(str(torn))
    torch.distributed.barrier()
