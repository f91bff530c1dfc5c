"""A critic that is smaller than the policy: its first layers.

The value of a state needs less of a model than the next word does (InstructGPT trained a 175B policy with a 6B value
function, Ouyang et al. 2022, arXiv 2203.02155), and where compute is scarce the critic is a third of a step.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from medical_team.errors import ModelError
from medical_team.training.model_folder import read_settings


def check_layers(model: Path, layers: int) -> dict[str, Any]:
    """The model's settings, when it is a local folder and has that many layers.

    Raises:
        ModelError: It is not, or has fewer.
    """
    if not (model / "config.json").is_file():
        raise ModelError(f"model.critic_layers needs a local model folder, and {model} is none: set model.critic_path")
    settings = read_settings(model)
    if not 1 <= layers <= settings.get("num_hidden_layers", 0):
        has = settings.get("num_hidden_layers", "no num_hidden_layers")
        raise ModelError(f"model.critic_layers = {layers}, and {model} has {has}: choose one from 1 to that")
    return settings


def first_layers(model: Path, layers: int, folder: Path) -> Path:
    """A model folder over the same weight files, whose configuration has only the first ``layers`` layers.

    transformers leaves the weights of the other layers unread. The weight files are linked, not copied.

    Raises:
        ModelError: As of ``check_layers``.
    """
    settings = check_layers(model, layers)
    settings["num_hidden_layers"] = layers
    if "layer_types" in settings:
        settings["layer_types"] = settings["layer_types"][:layers]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in model.iterdir():
        if file.is_file() and file.name != "config.json":
            (folder / file.name).symlink_to(file.resolve())
    (folder / "config.json").write_text(json.dumps(settings, indent=1))
    return folder
