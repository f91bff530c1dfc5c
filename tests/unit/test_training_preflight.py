"""Each wrong input is one sentence before anything starts."""

from __future__ import annotations

import errno
import json
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from medical_team.checkpoints import CheckpointStore, TrainerState
from medical_team.config import Config, load_config
from medical_team.errors import ConfigError, MachineError, ModelError, NotYetThere, RewardLintError, UserError
from medical_team.game.prompts import assessor_messages
from medical_team.training import preflight
from medical_team.training.preflight import (
    check_configuration,
    check_disk,
    check_model_path,
    check_prompts_fit,
    check_run_folder,
    checkpoint_bytes,
)
from medical_team.types import Note

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "dtype": "float32"}))
    save_file({"weight": np.zeros(1_000, dtype=np.float32)}, folder / "model.safetensors")
    return folder


@pytest.fixture
def config(tmp_path: Path, model: Path) -> Config:
    return configured(tmp_path, model)


def configured(tmp_path: Path, model: Path, *overrides: str) -> Config:
    return load_config(None, [f"run.dir={tmp_path / 'runs'}", f"model.path={model}", "run.min_free_gb=0", *overrides])


@pytest.fixture
def free_gb(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, float]]:
    free = {"gb": 1000.0}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, free["gb"] * 1e9))
    yield free


def test_a_sound_configuration_passes_and_leaves_nothing(config: Config):
    check_configuration(config)

    assert not config.run_dir.exists()


def test_a_reward_that_a_constant_answer_gains_by_stops_the_run(tmp_path: Path, model: Path):
    with pytest.raises(RewardLintError):
        check_configuration(configured(tmp_path, model, "rewards.malformed=0"))


def test_a_card_that_is_none_stops_the_run(tmp_path: Path, model: Path):
    with pytest.raises(ConfigError, match=r"cluster\.card = C64"):
        check_configuration(configured(tmp_path, model, "cluster.card=C64"))


def test_an_optimizer_is_offloaded_from_a_gpu_only(tmp_path: Path, model: Path):
    with pytest.raises(ConfigError, match=r"train\.offload_optimizer = true needs GPUs"):
        check_configuration(configured(tmp_path, model, "train.offload_optimizer=true", "cluster.backend=cpu"))


def test_a_run_that_exists_is_resumed_or_renamed(tmp_path: Path, model: Path, config: Config):
    config.run_dir.mkdir(parents=True)
    check_run_folder(config)
    (config.run_dir / "metrics.jsonl").touch()

    with pytest.raises(ConfigError, match=r"holds a run: go on with run\.resume=auto, or choose another run\.name"):
        check_run_folder(config)
    check_run_folder(configured(tmp_path, model, "run.resume=auto"))


def test_a_model_folder_is_taken(model: Path):
    check_model_path("model.path", str(model))


@pytest.mark.parametrize("name", ["HuggingFaceTB/SmolLM2-135M-Instruct", "google/medgemma-4b-it"])
def test_a_name_of_the_hub_is_left_to_the_hub(name: str):
    check_model_path("model.path", name)


@pytest.mark.parametrize("name", ["nowhere", "/nowhere/model", "runs/models/warm-start-of-nobody", "~/model", ""])
def test_a_model_that_is_not_there_is_named_with_its_key(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ModelError) as refused:
        check_model_path("model.critic_path", name)
    assert str(refused.value).startswith(f"model.critic_path = {name} ")


def test_a_folder_without_a_model_says_what_is_missing(tmp_path: Path):
    with pytest.raises(ModelError, match=r"is no Hugging Face model folder: it has no config\.json"):
        check_model_path("model.path", str(tmp_path))


def test_the_critics_path_is_checked_where_there_is_a_critic(tmp_path: Path, model: Path):
    with pytest.raises(ModelError, match=r"model\.critic_path"):
        check_configuration(configured(tmp_path, model, "model.critic_path=/nowhere"))
    check_configuration(configured(tmp_path, model, "model.critic_path=/nowhere", "train.estimator=reinforce"))


def test_the_judges_model_is_checked_where_there_is_one(tmp_path: Path, model: Path):
    with pytest.raises(ModelError, match=r"judge\.model = /nowhere/judge"):
        check_configuration(configured(tmp_path, model, "judge.model=/nowhere/judge"))


def test_an_unknown_prompt_of_the_judge_stops_the_run(tmp_path: Path, model: Path):
    with pytest.raises(ConfigError, match=r"judge\.llm\.prompt"):
        check_configuration(configured(tmp_path, model, f"judge.model={model}", "judge.llm.prompt=audit-0"))


def test_a_full_disk_is_told_with_numbers_and_keys(tmp_path: Path, model: Path, free_gb: dict[str, float]):
    free_gb["gb"] = 1.5

    with pytest.raises(MachineError) as refused:
        check_disk(configured(tmp_path, model, "run.min_free_gb=2"))

    message = str(refused.value)
    assert "1.5 GB free" in message and "run.min_free_gb = 2" in message and "checkpoint.keep" in message
    assert str(tmp_path) in message


def test_the_disk_must_hold_all_checkpoints_and_one_more(tmp_path: Path, model: Path, free_gb: dict[str, float]):
    (model / "model.safetensors").unlink()
    with open(model / "model.safetensors", "wb") as weights:
        weights.truncate(4 * 10**8)  # a sparse file: 0.1 billion parameters in float32
    config = configured(tmp_path, model, "checkpoint.keep=2")

    assert checkpoint_bytes(config) == 2 * 10**8 * 16
    free_gb["gb"] = 3 * 3.2 + 0.1
    check_disk(config)
    free_gb["gb"] = 3 * 3.2 - 0.1
    with pytest.raises(MachineError, match=r"9\.6 GB for checkpoints") as refused:
        check_disk(config)
    assert not isinstance(refused.value, NotYetThere), "a run that never was does not come to fit by waiting"


@pytest.mark.parametrize(("there", "more"), [(1, 2), (2, 1), (3, 1)])
def test_a_resumed_run_is_not_asked_for_the_room_of_checkpoints_it_has(
    tmp_path: Path, model: Path, free_gb: dict[str, float], there: int, more: int
):
    config = configured(tmp_path, model, "checkpoint.keep=2", "run.resume=auto")
    store = CheckpointStore(config.run_dir / "checkpoints", keep=there)
    for step in range(1, there + 1):
        store.save(TrainerState(step, {}, 0.0, {}), lambda folder: None)
    size = checkpoint_bytes(config) / 1e9

    free_gb["gb"] = (more + 0.1) * size
    check_disk(config)
    free_gb["gb"] = (more - 0.1) * size
    with pytest.raises(NotYetThere):  # it ran here before, and may again
        check_disk(config)


def test_a_checkpoint_that_is_not_whole_gives_no_room(tmp_path: Path, model: Path, free_gb: dict[str, float]):
    config = configured(tmp_path, model, "checkpoint.keep=1", "run.resume=auto")
    store = CheckpointStore(config.run_dir / "checkpoints", keep=1)
    saved = store.save(TrainerState(1, {}, 0.0, {}), lambda folder: None)
    free_gb["gb"] = 1.1 * checkpoint_bytes(config) / 1e9
    check_disk(config)

    (saved / "trainer.json").write_text("{")
    with pytest.raises(MachineError):
        check_disk(config)


def test_weights_of_two_bytes_are_twice_as_many(tmp_path: Path, model: Path):
    before = checkpoint_bytes(configured(tmp_path, model))
    (model / "config.json").write_text(json.dumps({"model_type": "llama", "torch_dtype": "bfloat16"}))

    assert checkpoint_bytes(configured(tmp_path, model)) == 2 * before


def test_without_a_critic_half_is_written(tmp_path: Path, model: Path):
    with_critic = checkpoint_bytes(configured(tmp_path, model))

    assert checkpoint_bytes(configured(tmp_path, model, "train.estimator=reinforce")) == with_critic / 2


def test_a_folder_that_cannot_be_written_is_refused(config: Config, monkeypatch: pytest.MonkeyPatch):
    def read_only(dir: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(preflight.tempfile, "TemporaryFile", read_only)

    with pytest.raises(MachineError, match=r"not writable \(Read-only file system\): choose another run\.dir"):
        check_disk(config)


def count_words(messages: list[dict[str, str]]) -> int:
    return sum(len(message["content"].split()) for message in messages)


def test_prompts_that_fit_pass(config: Config, error_note: Note, clean_note: Note):
    check_prompts_fit([error_note, clean_note], count_words, config)


def test_the_assessors_prompt_has_room_for_an_edit(config: Config):
    """A note that fits as it was dealt, and no longer with what an attacker may put in."""
    room = config.model.max_length - config.rollout.max_new_tokens
    note = Note("just-fits", ("word " * (room - count_words(assessor_messages(Note("n", ("",), "g")))),), "g")
    assert count_words(assessor_messages(note)) == room

    with pytest.raises(UserError, match="just-fits"):
        check_prompts_fit([note], count_words, config)


def test_a_note_that_is_too_long_is_named_and_not_quoted(config: Config, error_note: Note):
    long = Note("long-7", ("So it went on and on. " * 400,), "g")

    with pytest.raises(UserError) as refused:
        check_prompts_fit([error_note, long], count_words, config)

    message = str(refused.value)
    assert "note long-7 makes a prompt of" in message and "raise model.max_length to" in message
    assert "went on" not in message


def test_what_the_message_asks_for_is_enough(config: Config):
    long = Note("long-7", ("So it went on and on. " * 400,), "g")
    for _ in range(2):  # one prompt may be longer than the other
        try:
            check_prompts_fit([long], count_words, config)
        except UserError as refused:
            wanted = int(str(refused).rsplit(" ", 1)[1])
            config = config.model_copy(update={"model": config.model.model_copy(update={"max_length": wanted})})

    check_prompts_fit([long], count_words, config)


def test_both_roles_prompts_are_counted(config: Config, error_note: Note):
    seen: list[Any] = []
    check_prompts_fit([error_note], lambda messages: seen.append(messages) or 1, config)

    assert len({str(messages) for messages in seen}) == 2


def test_a_model_without_a_chat_template_is_refused():
    from medical_team.rollout.engines import ChatTemplate

    class Bare:
        name_or_path = "models/base"
        chat_template = None

    with pytest.raises(ModelError, match="models/base has no chat template: use an instruction-tuned model"):
        ChatTemplate(Bare(), max_prompt_tokens=10)


def test_a_run_folder_below_a_file_is_refused(tmp_path: Path, model: Path):
    (tmp_path / "runs").write_text("")

    with pytest.raises(MachineError, match=r"is a file.*run\.dir"):
        check_disk(configured(tmp_path, model))


def test_a_path_that_looks_like_a_hub_name_is_a_path_where_its_folder_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    check_model_path("model.path", "runs/mistyped")
    (tmp_path / "runs").mkdir()

    with pytest.raises(ModelError, match="does not exist"):
        check_model_path("model.path", "runs/mistyped")


def test_a_broken_model_configuration_is_named(tmp_path: Path, model: Path):
    (model / "config.json").write_text("{broken")

    with pytest.raises(ModelError, match=r"config\.json is no JSON"):
        check_configuration(configured(tmp_path, model, "model.critic_layers=1"))
