"""Scripts of launch/: loaded as modules, or run as a person does, and what they imported meanwhile."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
SCRIPT = "launch/train_ppo_ray.py"

# Runs a script as __main__ and tells on stderr which of these modules it imported.
WATCHED = """
import runpy, sys
script, *sys.argv[1:] = sys.argv[1:]
try:
    runpy.run_path(script, run_name="__main__")
finally:
    heavy = {"torch", "ray", "vllm", "deepspeed", "openrlhf", "transformers"} & set(sys.modules)
    print("imported:", *sorted(heavy), file=sys.stderr)
"""


def load_script(name: str) -> ModuleType:
    """``launch/NAME.py`` as a module; its ``main`` is what the program runs."""
    spec = importlib.util.spec_from_file_location(f"launch_{name}", ROOT / "launch" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
