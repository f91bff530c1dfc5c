"""The random states of a process, in plain types: they are read back without unpickling anything."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch


def random_states() -> dict[str, Any]:
    """Of Python, NumPy, torch and this process's GPU, where it has one; JSON-able."""
    version, numbers, gauss = random.getstate()
    kind, keys, position, has_gauss, cached = np.random.get_state(legacy=True)  # type: ignore[misc]
    gpu = [_pack(torch.cuda.get_rng_state())] if torch.cuda.is_available() else []
    return {
        "python": [version, list(numbers), gauss],
        "numpy": [kind, np.asarray(keys).tolist(), int(position), int(has_gauss), float(cached)],
        "torch": _pack(torch.get_rng_state()),
        "cuda": gpu,
    }


def restore_random_states(states: Mapping[str, Any]) -> None:
    version, numbers, gauss = states["python"]
    random.setstate((version, tuple(numbers), gauss))
    kind, keys, position, has_gauss, cached = states["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), position, has_gauss, cached))
    torch.set_rng_state(_unpack(states["torch"]))
    if states["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state(_unpack(states["cuda"][0]))


def _pack(state: torch.Tensor) -> str:
    return state.numpy().tobytes().hex()


def _unpack(packed: str) -> torch.Tensor:
    return torch.frombuffer(bytearray.fromhex(packed), dtype=torch.uint8)
