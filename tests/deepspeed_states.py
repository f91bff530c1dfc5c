"""Saves a DeepSpeed engine's states, trains on, and trains another engine on from what was saved.

python tests/deepspeed_states.py ZERO_STAGE FOLDER
"""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import Any

from medical_team.backends import prepare

prepare()

import deepspeed  # noqa: E402
import torch  # noqa: E402

from medical_team.checkpoints.receipt import collect_receipts  # noqa: E402
from medical_team.training.state_files import BackgroundFiles  # noqa: E402


def engine_of(stage: int) -> Any:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 4))
    settings = {
        "train_micro_batch_size_per_gpu": 4,
        "zero_optimization": {"stage": stage},
        "zero_allow_untested_optimizer": True,
        "bf16": {"enabled": True},
    }
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    engine, *_ = deepspeed.initialize(model=model, optimizer=optimizer, config=settings)
    engine.checkpoint_engine = BackgroundFiles()
    return engine


def train(engine: Any, steps: range) -> list[list[float]]:
    """The losses and the weights after them."""
    losses = []
    for step in steps:
        inputs = torch.randn(4, 8, generator=torch.Generator().manual_seed(step)).bfloat16()
        loss = engine(inputs).float().square().mean()
        engine.backward(loss)
        engine.step()
        losses.append(float(loss))
    parameters = list(engine.module.parameters())
    with deepspeed.zero.GatheredParameters(parameters, enabled=engine.zero_optimization_stage() == 3):
        return [losses, *(parameter.flatten().tolist() for parameter in parameters)]


def main() -> None:
    stage, folder = int(sys.argv[1]), Path(sys.argv[2])
    os.environ |= {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}
    deepspeed.init_distributed("gloo")
    first = engine_of(stage)
    train(first, range(3))
    first.save_checkpoint(str(folder), tag="state", client_state={"random": [1]}, save_latest=False)
    first.checkpoint_engine.write(folder, rank=0)
    expected = train(first, range(3, 6))
    written = collect_receipts(folder.parent, {folder.name: 1}, lambda: math.inf)
    second = engine_of(stage)
    _, states = second.load_checkpoint(str(folder), tag="state")
    assert states["random"] == [1]
    assert train(second, range(3, 6)) == expected, "the resumed engine learnt something else"
    print(*sorted(written), sep="\n")


if __name__ == "__main__":
    main()
