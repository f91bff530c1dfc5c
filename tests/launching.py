"""Running the training script as a person does, and what it imported meanwhile."""

from __future__ import annotations

from pathlib import Path

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
