"""Code that a model folder brings along, in the processes where upstream loads models.

Upstream passes ``trust_remote_code=True`` wherever it loads a model or its settings, and has no switch for it: a folder
whose ``config.json`` names a Python file in ``auto_map`` would have that file executed. ``refuse_remote_code`` runs
before upstream loads anything and makes transformers decide as if nobody had trusted the folder, unless the
configuration says so (``model.trust_remote_code``).
"""

from __future__ import annotations

import importlib
import os
from typing import Any, NoReturn

from medical_team.errors import ModelError

TRUST_VARIABLE = "MEDICAL_TEAM_TRUST_REMOTE_CODE"

# Where a model's code is imported, and where it is decided whether to; each of these modules has the name for itself.
LOADER = "transformers.dynamic_module_utils"
DECIDERS = (
    LOADER,
    "transformers.generation.utils",
    "transformers.models.auto.auto_factory",
    "transformers.models.auto.configuration_auto",
    "transformers.models.auto.feature_extraction_auto",
    "transformers.models.auto.image_processing_auto",
    "transformers.models.auto.processing_auto",
    "transformers.models.auto.tokenization_auto",
    "transformers.models.auto.video_processing_auto",
)


def trust_environment(trusted: bool) -> dict[str, str]:
    """What tells a worker process whether the policy's folder is trusted."""
    return {TRUST_VARIABLE: "1" if trusted else "0"}


def refuse_remote_code() -> None:
    """Let nothing in this process run a model folder's code, unless the environment says that it is trusted.

    A model of a type that transformers knows is loaded by transformers' own code; any other is an error.
    """
    if os.environ.get(TRUST_VARIABLE) == "1":
        return
    for name in DECIDERS:
        decider: Any = importlib.import_module(name)
        decider.resolve_trust_remote_code = _untrusted
    loader: Any = importlib.import_module(LOADER)
    loader.get_class_in_module = _not_imported


def _untrusted(
    _trusted: bool | None, model: Any, has_local_code: bool, has_remote_code: bool, *_args: Any, **_kwargs: Any
) -> bool:
    """In place of transformers' decision, which believes its caller."""
    if has_remote_code and not has_local_code:
        raise ModelError(f"{model} needs code of its own: look at it, then set model.trust_remote_code=true")
    return False


def _not_imported(class_name: str, *_args: Any, **_kwargs: Any) -> NoReturn:
    """In place of the import itself, whichever way led there."""
    raise ModelError(f"{class_name} is code of the model's folder: look at it, then set model.trust_remote_code=true")
