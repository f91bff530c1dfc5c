"""What a Hugging Face model folder must hold for a run to start from it. Broken ones are found before an engine loads.

A name of the hub is left to the hub: what it holds is known when its tokenizer is loaded.
"""

from __future__ import annotations

import hashlib
import json
import re
import textwrap
from pathlib import Path
from typing import Any

from medical_team.errors import ModelError

# "organisation/model", as the Hugging Face hub names them; anything else is a folder.
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")

_INDEX = "model.safetensors.index.json"
_POINTER = b"version https://git-lfs"
_AGAIN = "make or download the model again"
_FINGERPRINT_BYTES = 1 << 20


def check_model_path(key: str, path: str) -> None:
    """The configuration's ``key`` names a model folder that is whole, or a name of the hub.

    Raises:
        ModelError: It is neither; the message names the file that is missing or broken.
    """
    folder = Path(path)
    if (folder / "config.json").is_file():
        read_settings(folder)
        _check_weights(folder)
    elif folder.exists():
        raise ModelError(f"{key} = {path} is no Hugging Face model folder: it has no config.json")
    # What starts with a folder of this place is meant as a path: the hub is not asked, which takes a minute offline.
    elif not _HUB_NAME.fullmatch(path) or folder.parent.exists():
        raise ModelError(f"{key} = {path} does not exist: make it with `python launch/warm_start.py`, or name another")


def read_settings(folder: Path) -> dict[str, Any]:
    """The model's ``config.json``.

    Raises:
        ModelError: It is none that names a type of model.
    """
    file = folder / "config.json"
    try:
        settings = json.loads(file.read_text())
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ModelError(f"{file} is no JSON: {_AGAIN}") from None
    if not isinstance(settings, dict) or "model_type" not in settings:
        raise ModelError(f"{file} names no model_type: {_AGAIN}")
    return settings


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model that is on this disk; none for a name of the hub."""
    return sorted(folder.glob("*.safetensors"))


def weights_fingerprint(path: str) -> str | None:
    """Tells one local model from another without reading all of it; ``None`` for a model that is not on this disk.

    The end of each weight file: training changes parameters everywhere, also there.
    """
    digest = hashlib.blake2b(digest_size=8)
    files = weight_files(Path(path))
    for file in files:
        with open(file, "rb") as weights:
            weights.seek(max(0, file.stat().st_size - _FINGERPRINT_BYTES))
            digest.update(weights.read())
    return digest.hexdigest() if files else None


def load_tokenizer(key: str, path: str, trust_remote_code: bool = False) -> Any:
    """The tokenizer of the model that the configuration names at ``key``; it has a pad token and pads on the left.

    Raises:
        ModelError: There is none, it is broken, or the model is of a type that transformers does not know.
    """
    from transformers import AutoConfig, AutoTokenizer

    source = f"{key} = {path}"
    try:
        AutoConfig.from_pretrained(path, trust_remote_code=trust_remote_code)
    except (OSError, ValueError) as error:
        raise ModelError(f"no model can be loaded from {source}: {_reason(error)}") from None
    try:
        tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=trust_remote_code, padding_side="left")
    except Exception as error:  # the tokenizers library raises bare Exception
        raise ModelError(f"no tokenizer can be loaded from {source}: {_reason(error)}") from None
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _reason(error: Exception) -> str:
    """One line of it: transformers explains in paragraphs."""
    return textwrap.shorten(str(error), 200, placeholder=" ...") or type(error).__name__


def _check_weights(folder: Path) -> None:
    if (folder / _INDEX).is_file():
        _check_shards(folder)
    files = weight_files(folder)
    if not files and not any(folder.glob("*.bin")):
        raise ModelError(f"{folder} has no weights (model.safetensors): {_AGAIN}")
    for file in files:
        _check_whole(file)


def _check_shards(folder: Path) -> None:
    try:
        shards = set(json.loads((folder / _INDEX).read_text())["weight_map"].values())
    except (ValueError, KeyError, AttributeError, TypeError):
        raise ModelError(f"{folder / _INDEX} is no index of weights: {_AGAIN}") from None
    missing = sorted(shard for shard in shards if not (folder / shard).is_file())
    if missing:
        raise ModelError(f"{folder} lacks {missing[0]} of {len(shards)} weight files: {_AGAIN}")


def _check_whole(file: Path) -> None:
    """Header and length of a weight file; reads no weights."""
    from safetensors import SafetensorError, safe_open

    try:
        with open(file, "rb") as weights:
            if weights.read(len(_POINTER)) == _POINTER:
                raise ModelError(f"{file} is a pointer to the weights: fetch them with `git lfs pull`")
        with safe_open(file, framework="numpy"):
            return
    except SafetensorError:
        raise ModelError(f"{file} is no whole safetensors file: {_AGAIN}") from None
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror or error}") from None
