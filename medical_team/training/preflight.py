"""Everything that can be wrong with a run, found before an engine starts. Each check raises one sentence."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from medical_team.backends import Backend, resolve
from medical_team.checkpoints.names import FOLDER
from medical_team.checkpoints.validity import whole_steps
from medical_team.config import Config
from medical_team.errors import ConfigError, MachineError, ModelError, NotYetThere, UserError
from medical_team.game.prompts import assessor_messages, attacker_messages
from medical_team.judge.language.prompts import prompt_named
from medical_team.planning.cards import card_named
from medical_team.planning.formulas import checkpoints_to_come
from medical_team.rewards import lint_rewards
from medical_team.training.critic import check_layers
from medical_team.training.model_folder import check_model_path, read_settings, weight_files
from medical_team.types import Note

# What a long clinical word takes of a tokenizer.
_TOKENS_A_WORD = 6

# Bytes a parameter takes in a checkpoint: weights, and Adam's master copy and two moments in float32.
_CHECKPOINT_BYTES_PER_PARAMETER = 16

# Folder in which Ray keeps the copies of a job's working directory; it removes them when it likes.
_JOBS_COPIES = "working_dir_files"


def check_configuration(config: Config) -> None:
    """Rewards, hardware, run folder, disk, port and model; no heavy import.

    Raises:
        UserError: The first thing that is wrong.
    """
    check_model_path("model.path", config.model.path)
    check_length(config)
    if config.uses_critic and config.model.critic_path:
        check_model_path("model.critic_path", config.model.critic_path)
    if config.uses_critic and config.model.critic_layers is not None:
        check_layers(Path(config.model.path), config.model.critic_layers)
    if "vllm" in config.judge_names and config.judge.model:
        check_model_path("judge.model", config.judge.model)
    check_without_model(config)


def check_without_model(config: Config) -> None:
    """What can be checked before there is a model: the demo does, before it makes one."""
    lint_rewards(config.rewards, config.game.mix).check()
    check_backend(config, resolve(config.cluster.backend))
    check_judge(config)
    check_run_folder(config)
    check_disk(config)
    check_port(config)


def check_judge(config: Config) -> None:
    """A language model is asked by a prompt version that exists."""
    if {"vllm", "http"} & set(config.judge_names):
        prompt_named(config.judge.llm.prompt)


def check_backend(config: Config, backend: Backend) -> None:
    """What only a GPU does is not asked of a CPU, upstream's GPU code can be imported, and the card is one."""
    card_named(config.cluster.card)
    if backend == "gpu" and importlib.util.find_spec("flash_attn") is None:
        raise MachineError('cluster.backend=gpu needs flash-attn: pip install -e ".[gpu]", or set cluster.backend=cpu')
    asked = {
        "model.attention = flash_attention_2": config.model.attention == "flash_attention_2",
        "vllm.enable_sleep = true": config.vllm.enable_sleep,
        "train.offload_optimizer = true": config.train.offload_optimizer,
        f"vllm.tensor_parallel_size = {config.vllm.tensor_parallel_size}": config.vllm.tensor_parallel_size > 1,
    }
    for what, is_asked in asked.items():
        if backend == "cpu" and is_asked:
            raise ConfigError(f"{what} needs GPUs, and this run computes on CPU: leave it out, or see cluster.backend")


def check_length(config: Config) -> None:
    """``model.max_length`` is no longer than what the model was made for; a model with scaled positions may be."""
    folder = Path(config.model.path)
    if not folder.is_dir():
        return
    settings = read_settings(folder)
    limit = settings.get("max_position_embeddings")
    scaling = settings.get("rope_scaling") or settings.get("rope_parameters") or {}
    scaled = scaling.get("rope_type", "default") != "default"
    if isinstance(limit, int) and config.model.max_length > limit and not scaled:
        raise ModelError(
            f"model.max_length = {config.model.max_length}, and {folder} takes {limit} tokens: lower it to that"
        )


def check_run_folder(config: Config) -> None:
    """A run that exists is only written to when it is resumed, and one that Ray would remove is not begun."""
    if config.run.resume == "no" and (config.run_dir / "metrics.jsonl").exists():
        raise ConfigError(f"{config.run_dir} holds a run: go on with run.resume=auto, or choose another run.name")
    if _JOBS_COPIES in config.run_dir.resolve().parts:
        raise ConfigError(
            f"run.dir = {config.run.dir} lies in the copy of the working directory that Ray made for this job and "
            "will remove: give run.dir as an absolute path"
        )


def check_disk(config: Config) -> None:
    """Room for the checkpoints that are yet to come and ``run.min_free_gb`` on top.

    Those are the ones that are kept and the one being written, less what the run has already.

    Raises:
        MachineError: There is less. ``NotYetThere`` for a run that has something to go on from: it ran here before.
    """
    folder = writable("run.dir", config.run_dir)
    free = shutil.disk_usage(folder).free / 1e9
    there = len(whole_steps(config.run_dir / FOLDER))
    checkpoints = checkpoints_to_come(config.checkpoint.keep, there) * checkpoint_bytes(config) / 1e9
    if free < config.run.min_free_gb + checkpoints:
        raise (NotYetThere if there else MachineError)(
            f"{folder} has {free:.1f} GB free and the run may need {checkpoints:.1f} GB for checkpoints beside "
            f"run.min_free_gb = {config.run.min_free_gb:g}: free some, lower checkpoint.keep or choose another run.dir"
        )


def check_port(config: Config) -> None:
    """The dashboard's port is free, where a cluster with a dashboard is started here."""
    port = config.cluster.dashboard_port
    if port is None or config.cluster.address or os.environ.get("RAY_ADDRESS"):
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise MachineError(f"port {port} is in use: choose another cluster.dashboard_port") from None


def check_warm_start(config: Config) -> None:
    """Base model and output folder of a warm start, which replaces an older model and nothing else."""
    base, output = config.warm_start.base_model, config.warm_start.output
    check_model_path("warm_start.base_model", base)
    if output.resolve() == Path(base).resolve():
        raise ConfigError("warm_start.output is warm_start.base_model, which it would replace: choose another folder")
    writable("warm_start.output", output)
    if output.is_dir() and any(output.iterdir()) and not (output / "config.json").is_file():
        raise ConfigError(f"warm_start.output = {output} holds other files than a model's: choose another folder")


def writable(key: str, path: Path) -> Path:
    """The folder that ``path`` is, or the next one above it that exists.

    Raises:
        MachineError: It is a file, or nothing can be written into it.
    """
    folder = path.resolve()
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise MachineError(f"{folder} is a file, and {key} must be a folder: choose another {key}")
    try:
        with tempfile.TemporaryFile(dir=folder):  # rights may say yes where the file system says no
            return folder
    except OSError as error:
        raise MachineError(f"{folder} is not writable ({error.strerror}): choose another {key}") from None


def checkpoint_bytes(config: Config) -> float:
    """Size of one checkpoint, estimated from the model's weight files; 0 for a model that is not on this disk."""
    folder = Path(config.model.path)
    weights = sum(file.stat().st_size for file in weight_files(folder))
    if not weights:
        return 0.0
    settings = read_settings(folder)
    stored_bytes = 4 if "float32" in str(settings.get("dtype", settings.get("torch_dtype"))) else 2
    groups = 2 if config.uses_critic else 1
    return groups * weights / stored_bytes * _CHECKPOINT_BYTES_PER_PARAMETER


def check_prompts_fit(notes: Iterable[Note], count_tokens: Any, config: Config) -> None:
    """Every prompt of every note leaves room for an answer in ``model.max_length``.

    The assessor reads the note with the attacker's edit, which puts in as many words as the gates let pass.

    Raises:
        UserError: One does not; it names the note.
    """
    longest_edit = _TOKENS_A_WORD * config.game.gates.max_edited_tokens
    room = config.model.max_length - config.rollout.max_new_tokens
    for note in notes:
        assessed = assessor_messages(note, config.judge.explanations)
        for messages, added in ((attacker_messages(note), 0), (assessed, longest_edit)):
            tokens = count_tokens(messages) + added
            if tokens > room:
                raise UserError(
                    f"note {note.note_id} makes a prompt of up to {tokens} tokens; model.max_length = "
                    f"{config.model.max_length} less rollout.max_new_tokens = {config.rollout.max_new_tokens} leaves "
                    f"{room}: raise model.max_length to {tokens + config.rollout.max_new_tokens}"
                )
