"""What people get wrong, through the entry points as they call them: one sentence, code 2, nothing started or written.

What takes transformers to find is in contract/test_broken_models.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from broken import write_configurations, write_models, write_notes
from launching import load_script

from medical_team.checkpoints import CheckpointStore, TrainerState
from medical_team.config import load_config
from medical_team.data.dataset import load_notes
from medical_team.entry import run_entry_point
from medical_team.training.identity import identity
from medical_team.training.run import TrainingRun

LAUNCH = Path(__file__).parents[2] / "launch"
TRAIN, WARM_START, DEMO = "train_ppo_ray", "warm_start", "demo"
NOTES, MODEL = "prepare_medical_data", "prepare_model"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with a sound model and everything that is broken."""
    monkeypatch.chdir(tmp_path)
    for name in ("RAY_ADDRESS", "MEDEC_DIR"):
        monkeypatch.delenv(name, raising=False)
    write_configurations(tmp_path)
    write_models(tmp_path)
    write_notes(tmp_path)
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "thesis.txt").write_text("all of it")
    return tmp_path


def medec(folder: str) -> list[str]:
    return ["data.source=medec", f"data.medec_dir={folder}"]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs an entry point that must stop before it builds anything; the sentence it says."""

    def build(*_args: object) -> None:
        raise AssertionError("something was started")

    monkeypatch.setitem(sys.modules, "flash_attn", None)  # as on a machine without a GPU
    monkeypatch.syspath_prepend(LAUNCH)  # the demo imports its neighbour
    monkeypatch.setattr(TrainingRun, "_build", build)
    monkeypatch.setitem(sys.modules, "medical_team.training.warm_start", None)

    def call(script: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", [f"{script}.py", *arguments])
        with pytest.raises(SystemExit) as stopped:
            run_entry_point(entry_point(script))
        assert stopped.value.code == 2
        said = capsys.readouterr().err.strip()
        assert said and "\n" not in said
        return said

    return call


def entry_point(script: str) -> Callable[[list[str]], int | None]:
    return load_script(script).main


@pytest.fixture
def train(refused: Callable[..., str], place: Path) -> Callable[..., str]:
    """The training entry point on the sound model; it leaves no run behind."""

    def call(*arguments: str) -> str:
        said = refused(TRAIN, "model.path=model", "run.dir=runs", "cluster.backend=cpu", *arguments)
        assert not (place / "runs").exists()
        return said

    return call


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("tab.yaml", "tab.yaml is no YAML: found character that cannot start any token (line 2): indent with blanks"),
        ("open.yaml", "open.yaml is no YAML: did not find expected ',' or ']' (line 2)"),
        ("twice.yaml", "twice.yaml is no YAML: found duplicate key train (line 3)"),
        ("list.yaml", "list.yaml must hold sections"),
        ("word.yaml", "word.yaml: train is a section"),
        ("latin.yaml", "latin.yaml is no UTF-8 (byte 16): save it as UTF-8"),
        ("number.yaml", "number.yaml: train is a section: write its keys below it (actor,"),
        ("section.yaml", "section.yaml: unknown key 'trian'; known at the top level: checkpoint,"),
        ("unset.yaml", "unset.yaml: data.medec_dir: "),
        ("/proc/self/mem", "/proc/self/mem cannot be read: Input/output error"),
        ("things", "things is a folder: --config takes one YAML file"),
        ("nowhere.yaml", "nowhere.yaml: no such configuration file"),
    ],
)
def test_a_configuration_file(train: Callable[..., str], file: str, words: str):
    assert words in train("--config", file)


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("train.stepz=3", "unknown key 'train.stepz'; known at train: "),
        ("train.steps=many", "train.steps: Input should be a valid integer"),
        ("train.steps=", "train.steps: Input should be a valid integer"),
        ("train.steps=[1", "override 'train.steps=[1': "),
        ("train.steps", "'train.steps' is no override: write key.sub=value"),
        ("train.actor.schedule=cosin", "train.actor.schedule: Input should be 'constant', "),
        ("train.actor.betas=[0.9,1.5]", "train.actor.betas.1: Input should be less than 1"),
        ("run.name=../elsewhere", "run.name = '../elsewhere' is no name for a folder"),
        ("run.seed=-1", "run.seed: Input should be greater than or equal to 0"),
        ("rollout.batch_size=7", "= 7 samples cannot be divided over 1 actor rank(s)"),
        ("train.batch_size=4", "= 6 samples cannot be divided into optimizer steps of train.batch_size = 4"),
        ("cluster.actor.gpus_per_node=4", "= 6 samples cannot be divided over 4 actor rank(s)"),
        ("data.synthetic_notes=3000", "data.synthetic_notes: Input should be less than or equal to 2000"),
        ("data.source=medec", "data.source=medec needs data.medec_dir"),
        ("game.mix.vanilla=1", "game.mix.vanilla: Input should be 'vanilla_harmful', "),
        ("--steps=3", "unrecognized arguments: --steps=3"),
        ("--model_id", "--model_id has no value: write --model_id VALUE, or model.path=VALUE"),
    ],
)
def test_an_argument(train: Callable[..., str], argument: str, words: str):
    assert words in train(argument)


def test_a_flag_that_takes_the_next_one_for_its_value(train: Callable[..., str]):
    assert "--model_id has no value" in train("--model_id", "--dry-run")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere", "model.path = nowhere does not exist"),
        ("nothing-in-it", "is no Hugging Face model folder: it has no config.json"),
        ("file", "is no Hugging Face model folder"),
        ("no-json", "no-json/config.json is no JSON"),
        ("no-type", "no-type/config.json names no model_type"),
        ("no-weights", "no-weights has no weights (model.safetensors)"),
        ("cut-weights", "cut-weights/model.safetensors is no whole safetensors file"),
        ("no-weights-at-all", "no-weights-at-all/model.safetensors is no whole safetensors file"),
        ("pointer", "pointer/model.safetensors is a pointer to the weights: fetch them with `git lfs pull`"),
        ("no-shard", "no-shard lacks model-00002-of-00002.safetensors of 2 weight files"),
    ],
)
def test_a_model(train: Callable[..., str], refused: Callable[..., str], path: str, words: str):
    assert words in train(f"model.path={path}")
    refused(WARM_START, f"warm_start.base_model={path}", "warm_start.output=out")


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("model.critic_layers=3", "model.critic_layers = 3, and model has 2"),
        ("model.critic_path=nowhere", "model.critic_path = nowhere does not exist"),
        ("model.max_length=4096", "model.max_length = 4096, and model takes 2048 tokens"),
        ("model.attention=flash_attention_2", "model.attention = flash_attention_2 needs GPUs"),
        ("vllm.tensor_parallel_size=2", "vllm.tensor_parallel_size = 2 needs GPUs"),
        ("cluster.backend=gpu", "cluster.backend=gpu needs flash-attn"),
        ("rewards.malformed=0", "RewardLintError"),
        ("run.dir=file", "file is a file, and run.dir must be a folder"),
        ("run.dir=/proc/runs", "/proc is not writable"),
        ("run.min_free_gb=1000000", "run.min_free_gb = 1e+06: free some"),
    ],
)
def test_a_value_that_the_model_or_the_machine_does_not_allow(train: Callable[..., str], argument: str, words: str):
    assert words in train(argument)


def test_a_port_in_use(train: Callable[..., str]):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert f"port {port} is in use" in train(f"cluster.dashboard_port={port}")


def test_a_run_in_the_copy_that_ray_makes_of_a_jobs_working_directory(
    refused: Callable[..., str], place: Path, monkeypatch: pytest.MonkeyPatch
):
    copy = place / "runtime_resources" / "working_dir_files" / "_ray_pkg_1"
    copy.mkdir(parents=True)
    monkeypatch.chdir(copy)

    said = refused(TRAIN, f"model.path={place / 'model'}")
    assert "run.dir = runs lies in the copy of the working directory that Ray made for this job" in said


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("nowhere", "nowhere is no folder"),
        ("file", "file is no folder"),
        ("no-files", "no-files holds no MEDEC file"),
        ("other-columns", "X-TrainSet.csv lacks the column(s) Text ID, "),
        ("empty-file", "X-TrainSet.csv is empty"),
        ("no-rows", "X-TrainSet.csv holds no notes"),
        ("no-sentences", "row 13, column Sentences: a note without sentences"),
        ("short-row", "row 13 has 2 columns, the header has 8"),
        ("one-note", "cannot be split"),
        ("all-clean", "there is no error note among the"),
    ],
)
def test_notes(train: Callable[..., str], folder: str, words: str):
    assert words in train(*medec(folder))


def test_notes_without_a_twin_pair_to_evaluate_on(train: Callable[..., str]):
    mix = [f"game.mix.{kind}=0" for kind in ("vanilla_harmful", "adversarial_harmful")]

    assert "held-out notes come as a twin pair to evaluate on" in train(*medec("all-clean"), *mix)


def test_a_run_that_is_there(refused: Callable[..., str], place: Path):
    (place / "runs" / "old").mkdir(parents=True)
    (place / "runs" / "old" / "metrics.jsonl").touch()

    said = refused(TRAIN, "model.path=model", "run.name=old", "cluster.backend=cpu")
    assert "runs/old holds a run: go on with run.resume=auto" in said


def test_a_resume_with_another_configuration(refused: Callable[..., str], place: Path):
    arguments = ["model.path=model", "run.name=old", "cluster.backend=cpu"]
    config = load_config(None, arguments)
    before = identity(config, load_notes(config.data, config.run.seed))
    store = CheckpointStore(place / "runs" / "old" / "checkpoints", keep=1)
    store.save(TrainerState(3, {}, 0.0, before), lambda folder: None)

    said = refused(TRAIN, *arguments, "--resume", "auto", "train.estimator=reinforce")
    assert "belongs to another run (" in said and "train.estimator was 'gae', is 'reinforce'" in said


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("model", "warm_start.output is warm_start.base_model"),
        ("file", "file is a file, and warm_start.output must be a folder"),
        ("/proc/model", "/proc is not writable"),
        ("things", "warm_start.output = things holds other files than a model's"),
    ],
)
def test_where_a_warm_start_writes(refused: Callable[..., str], place: Path, output: str, words: str):
    assert words in refused(WARM_START, "warm_start.base_model=model", f"warm_start.output={output}")
    assert (place / "things" / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("script", "arguments", "words"),
    [
        (WARM_START, ["warm_start.foo=1"], "unknown key 'warm_start.foo'"),
        (DEMO, ["--medec", "nowhere"], "nowhere is no folder"),
        (DEMO, ["foo=1"], "unknown key 'foo'"),
        (DEMO, ["--config", "x.yaml"], "unrecognized arguments: --config"),
        (NOTES, ["--medec", "nowhere"], "nowhere is no folder"),
        (NOTES, ["--medec", "all-clean", "--split", "test"], "has no file for data.medec_split=test"),
        (NOTES, ["--split", "test"], "--split names one of MEDEC's files"),
        (NOTES, ["--num-samples", "0"], "--num-samples 0: give 1 or more"),
        (NOTES, ["--num-samples", "x"], "invalid int value: 'x'"),
        (NOTES, ["--synthetic", "--download"], "not allowed with argument"),
        (NOTES, ["--out", "file"], "cannot be written"),
        (MODEL, ["--foo"], "unrecognized arguments: --foo"),
    ],
)
def test_the_other_entry_points(refused: Callable[..., str], script: str, arguments: list[str], words: str):
    assert words in refused(script, *arguments)


@pytest.mark.parametrize("folder", ["file/model", "/proc/model"])
def test_where_the_small_model_is_written(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: str
):
    from medical_team import models

    monkeypatch.setattr(models, "find_gguf", lambda: tmp_path / "small.gguf")

    assert f"{folder} cannot be written" in refused(MODEL, folder)
