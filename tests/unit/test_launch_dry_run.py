"""``train_ppo_ray.py --dry-run`` as a person runs it: at once, without the stack, in plain words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from launching import ROOT, SCRIPT, WATCHED

from medical_team.config import SHORT_FORMS, load_config


def launch(*arguments: str, script: str = SCRIPT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, script, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def split_output(text: str) -> tuple[str, str]:
    """The configuration, and the table below it."""
    configuration, _, table = text.partition("\nPlacement")
    return configuration, table


def test_it_prints_the_configuration_and_the_placement():
    done = launch("--dry-run", "vllm.pools=by_role")

    assert done.returncode == 0, done.stderr
    configuration, table = split_output(done.stdout)
    assert "pools: by_role" in configuration
    for group in ("actor", "reference", "critic", "attacker engines", "assessor engines", "judge"):
        assert group in table


def test_what_it_prints_loads_again(tmp_path: Path):
    long = "/".join(["a-rather-long-folder-name"] * 8)
    overrides = ["train.steps=99", f"run.dir={long}", "model.path='[bold]odd[/bold]'"]
    done = launch("--dry-run", *overrides)
    resolved = tmp_path / "resolved.yaml"
    resolved.write_text(split_output(done.stdout)[0])

    assert load_config(resolved) == load_config(None, overrides)


def test_short_forms_are_their_keys():
    done = launch(
        *(
            "--model_id",
            "models/one",
            "--judge_model_id",
            "google/medgemma-4b-it",
            "--num_samples=40",
            "--max_rounds",
            "3",
        ),
        *("--resume", "auto", "--dry-run"),
    )

    assert done.returncode == 0, done.stderr
    for line in ("path: models/one", "model: google/medgemma-4b-it", "num_samples: 40", "steps: 3", "resume: auto"):
        assert line in done.stdout


def test_overrides_may_stand_on_both_sides_of_the_options(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("train:\n  steps: 7\n  epochs: 2\n")
    done = launch("train.steps=8", "--config", str(tmp_path / "a.yaml"), "run.seed=5", "--dry-run")

    assert done.returncode == 0, done.stderr
    for line in ("steps: 8", "epochs: 2", "seed: 5"):
        assert line in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train.stepz=3"], "unknown key 'train.stepz'"),
        (["rollout.batch_size=7"], "rollout.batch_size = 7"),
        (["--config", "configs/nobody-has-this.yaml"], "configs/nobody-has-this.yaml"),
        (["--num_samples"], "--num_samples has no value"),
    ],
)
def test_bad_input_is_one_sentence_and_code_2(arguments: list[str], words: str):
    done = launch("--dry-run", *arguments)

    assert done.returncode == 2
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    assert words in sentence


@pytest.mark.parametrize("script", [SCRIPT, "launch/warm_start.py"])
def test_help_says_what_there_is(script: str):
    done = launch("--help", script=script)

    assert done.returncode == 0
    assert "--config" in done.stdout and "overrides" in done.stdout


@pytest.mark.parametrize("arguments", [["--dry-run"], ["--help"]])
def test_nothing_heavy_is_imported(arguments: list[str]):
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, SCRIPT, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120
    )

    assert done.stderr.splitlines()[-1] == "imported:"


def test_a_dry_run_leaves_nothing(tmp_path: Path):
    launch("--dry-run", f"run.dir={tmp_path / 'runs'}", f"data.cache_dir={tmp_path / 'cache'}")

    assert list(tmp_path.iterdir()) == []


def test_the_help_names_the_key_of_each_short_form_in_their_order():
    said = " ".join(launch("--help").stdout.split())

    flags, _, keys = said.partition("--model_id M")[2].partition("short forms of ")
    plural = [flag for flag in SHORT_FORMS if flag != "--resume"]
    assert [flag for flag in plural if flag in f"--model_id {flags}"] == plural
    assert keys.startswith(", ".join(SHORT_FORMS[flag] for flag in plural))
    assert f"--resume auto short form of {SHORT_FORMS['--resume']}=auto" in said
