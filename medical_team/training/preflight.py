"""Everything that can be wrong with a run, found before an engine starts. Each check raises one sentence."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from medical_team.config import Config
from medical_team.errors import ConfigError, MachineError, ModelError, UserError
from medical_team.game.prompts import assessor_messages, attacker_messages
from medical_team.judge.prompts import prompt_named
from medical_team.rewards import lint_rewards
from medical_team.training.critic import check_layers
from medical_team.types import GameType, Note

# "organisation/model", as the Hugging Face hub names them; anything else is a folder.
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")

_FINGERPRINT_BYTES = 1 << 20

# Bytes a parameter takes in a checkpoint: weights, and Adam's master copy and two moments in float32.
_CHECKPOINT_BYTES_PER_PARAMETER = 16


def check_configuration(config: Config) -> None:
    """Rewards, run folder, disk and model path; no heavy import.

    Raises:
        UserError: The first thing that is wrong.
    """
    check_without_model(config)
    check_model_path("model.path", config.model.path)
    if config.uses_critic and config.model.critic_path:
        check_model_path("model.critic_path", config.model.critic_path)
    if config.uses_critic and config.model.critic_layers is not None:
        check_layers(Path(config.model.path), config.model.critic_layers)
    if "vllm" in config.judge_names and config.judge.model:
        check_model_path("judge.model", config.judge.model)


def check_without_model(config: Config) -> None:
    """What can be checked before there is a model: the demo does, before it makes one."""
    lint_rewards(config.rewards, config.game.mix).check()
    check_judge(config)
    check_run_folder(config)
    check_disk(config)


def check_judge(config: Config) -> None:
    """A language model is asked by a prompt version that exists."""
    if {"vllm", "http"} & set(config.judge_names):
        prompt_named(config.judge.llm.prompt)


def weights_fingerprint(path: str) -> str | None:
    """Tells one local model from another without reading all of it; ``None`` for a model that is not on this disk.

    The end of each weight file: training changes parameters everywhere, also there.
    """
    digest = hashlib.blake2b(digest_size=8)
    files = sorted(Path(path).glob("*.safetensors"))
    for file in files:
        with open(file, "rb") as weights:
            weights.seek(max(0, file.stat().st_size - _FINGERPRINT_BYTES))
            digest.update(weights.read())
    return digest.hexdigest() if files else None


def check_run_folder(config: Config) -> None:
    """A run that exists is only written to when it is resumed."""
    if config.run.resume == "no" and (config.run_dir / "metrics.jsonl").exists():
        raise ConfigError(f"{config.run_dir} holds a run: go on with run.resume=auto, or choose another run.name")


def check_model_path(key: str, path: str) -> None:
    if (Path(path) / "config.json").is_file():
        return
    if Path(path).exists():
        raise ModelError(f"{key} = {path} is no Hugging Face model folder: it has no config.json")
    # What starts with a folder of this place is meant as a path: the hub is not asked, which takes a minute offline.
    if not _HUB_NAME.fullmatch(path) or Path(path).parent.exists():
        raise ModelError(f"{key} = {path} does not exist: make it with `python launch/warm_start.py`, or name another")


def check_disk(config: Config) -> None:
    """Room for the checkpoints that are kept, the one being written and ``run.min_free_gb`` on top."""
    folder = config.run_dir.resolve()
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise MachineError(f"{folder} is a file, and run.dir must be a folder: choose another run.dir")
    free = shutil.disk_usage(folder).free / 1e9
    checkpoints = (config.checkpoint.keep + 1) * checkpoint_bytes(config) / 1e9
    if free < config.run.min_free_gb + checkpoints:
        raise MachineError(
            f"{folder} has {free:.1f} GB free and the run may need {checkpoints:.1f} GB for checkpoints beside "
            f"run.min_free_gb = {config.run.min_free_gb:g}: free some, lower checkpoint.keep or choose another run.dir"
        )
    if not os.access(folder, os.W_OK):
        raise MachineError(f"{folder} is not writable: choose another run.dir")


def checkpoint_bytes(config: Config) -> float:
    """Size of one checkpoint, estimated from the model's weight files; 0 for a model that is not on this disk."""
    weights = sum(file.stat().st_size for file in Path(config.model.path).glob("*.safetensors"))
    groups = 2 if config.uses_critic else 1
    return groups * weights / _stored_bytes(config.model.path) * _CHECKPOINT_BYTES_PER_PARAMETER


def load_tokenizer(key: str, path: str, trust_remote_code: bool = False) -> Any:
    """The tokenizer of the model that the configuration names at ``key``; it has a pad token and pads on the left.

    Raises:
        ModelError: There is none, or it is broken.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=trust_remote_code, padding_side="left")
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"no tokenizer can be loaded from {key} = {path}: {reason}") from None
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def check_prompts_fit(notes: Iterable[Note], count_tokens: Any, config: Config) -> None:
    """Every prompt of every note leaves room for an answer in ``model.max_length``.

    Raises:
        UserError: One does not; it names the note.
    """
    room = config.model.max_length - config.rollout.max_new_tokens
    for note in notes:
        for messages in _prompts(note):
            tokens = count_tokens(messages)
            if tokens > room:
                raise UserError(
                    f"note {note.note_id} makes a prompt of {tokens} tokens; model.max_length = "
                    f"{config.model.max_length} less rollout.max_new_tokens = {config.rollout.max_new_tokens} leaves "
                    f"{room}: raise model.max_length to {tokens + config.rollout.max_new_tokens}"
                )


def _prompts(note: Note) -> Sequence[list[dict[str, str]]]:
    game_type = GameType.ADVERSARIAL_HARMFUL if note.has_error else GameType.ADVERSARIAL_BENIGN
    return [attacker_messages(note, game_type), assessor_messages(note)]


def _stored_bytes(path: str) -> int:
    """Bytes a parameter takes in the model's own files."""
    import json

    try:
        stored = json.loads((Path(path) / "config.json").read_text())
    except (OSError, ValueError):
        return 2
    return 4 if "float32" in str(stored.get("dtype", stored.get("torch_dtype"))) else 2
