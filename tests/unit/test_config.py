from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from medical_team.config import SHORT_FORMS, Config, expand_short_forms, load_config, to_yaml
from medical_team.errors import ConfigError
from medical_team.types import GameType, harmful_share

SHIPPED = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


def given_with(path: Path | None) -> list[str]:
    """What a file leaves to the command line: where MEDEC is differs from machine to machine."""
    return ["data.medec_dir=MEDEC"] if path is not None and "medec" in path.stem else []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_file_loads(path: Path):
    config = load_config(path, given_with(path))

    assert config.samples_per_step % config.train_batch_size == 0
    assert 0 < harmful_share(config.game.mix) < 1


def test_there_are_shipped_files():
    assert SHIPPED


def test_defaults_alone_are_a_valid_run():
    config = load_config()

    assert config.run_dir == Path("runs/selfplay")
    assert harmful_share(config.game.mix) == 0.75
    assert config.judge_name == "exact"


def test_an_override_wins_over_the_file(tmp_path: Path):
    path = tmp_path / "a.yaml"
    path.write_text("train: {steps: 3, epochs: 2}\n")

    config = load_config(path, ["train.steps=5"])

    assert (config.train.steps, config.train.epochs) == (5, 2)


def test_the_last_override_wins():
    assert load_config(None, ["train.steps=5", "train.steps=6"]).train.steps == 6


def test_one_optimiser_value_leaves_the_others_at_their_defaults():
    config = load_config(None, ["train.actor.weight_decay=0.1", "train.critic.schedule=linear"])

    assert config.train.actor.learning_rate == load_config().train.actor.learning_rate
    assert config.train.critic.learning_rate == load_config().train.critic.learning_rate


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("train: {stpes: 3}", ["train.stpes", "steps"]),
        ("trian: {steps: 3}", ["trian", "the top level", "train"]),
        ("train: {actor: {lr: 1.0}}", ["train.actor.lr", "learning_rate"]),
        ("train: {steps: many}", ["train.steps", "many"]),
        ("train: {steps: 2.5}", ["train.steps", "2.5"]),
        ("train: {steps: 0}", ["train.steps", "0"]),
        ("train: {estimator: grpo}", ["train.estimator", "gae", "reinforce", "grpo"]),
        ("train: 3", ["train is a section", "steps"]),
        ("game: {mix: {easy: 1.0}}", ["game.mix", "easy", "vanilla_harmful"]),
        ("game: {mix: {vanilla_benign: 0}}", ["game.mix", "one class", "vanilla_benign"]),
        (
            "game: {mix: {vanilla_harmful: 0, adversarial_harmful: 0, adversarial_benign: 0}}",
            ["game.mix", "one class"],
        ),
        ("game: {mix: {vanilla_harmful: -1.0, vanilla_benign: 2.0}}", ["game.mix", "at least 0"]),
        ("data: {source: medec}", ["data.medec_dir"]),
        ("{data: {source: medec, medec_dir: x}, judge: {name: exact}}", ["judge.name", "rule"]),
        ("rollout: {max_new_tokens: 2048}", ["rollout.max_new_tokens = 2048", "model.max_length = 1024"]),
        ("vllm: {enable_sleep: true}", ["vllm.enable_sleep", "cluster.colocate_all"]),
        ("run: {name: '${nowhere.at_all}'}", ["nowhere"]),
    ],
)
def test_a_bad_file_is_refused_with_file_key_and_value(tmp_path: Path, text: str, words: list[str]):
    path = tmp_path / "bad.yaml"
    path.write_text(text + "\n")

    with pytest.raises(ConfigError) as caught:
        load_config(path)

    sentence = str(caught.value)
    assert "\n" not in sentence
    for word in [str(path), *words]:
        assert word in sentence


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["rollout.batch_size=6", "train.batch_size=4"], ["= 6 samples", "train.batch_size = 4"]),
        (
            ["judge.name=vllm", "judge.llm.max_length=256", "judge.llm.max_new_tokens=256"],
            ["judge.llm.max_new_tokens = 256", "judge.llm.max_length = 256"],
        ),
        (["judge.explanations=true"], ["judge.explanations=true", "language model", "judge is exact", "judge.model"]),
        (["judge.explanations=true", "judge.name=rule", "judge.http.urls=[http://a]"], ["judge is rule"]),
        (["judge.name=vllm", "cluster.colocate_all=true", "judge.llm.gpus=2"], ["judge.llm.gpus = 2", "HTTP"]),
        (
            ["judge.name=vllm", "cluster.colocate_all=true", "cluster.backend=gpu"],
            ["judge.llm.gpu_memory_utilization + vllm.gpu_memory_utilization = 1.8"],
        ),
        (["rollout.batch_size=7"], ["= 7 samples", "1 actor rank", "rollout.micro_batch_size = 2"]),
        (
            ["rollout.batch_size=12", "train.batch_size=3", "rollout.micro_batch_size=1"],
            ["train.batch_size = 3", "actor", "train.micro_batch_size = 2"],
        ),
        (["rollout.batch_size=8", "cluster.critic.gpus_per_node=3"], ["3 critic rank", "= 8 samples"]),
        (["rollout.batch_size=8", "cluster.reference.gpus_per_node=3"], ["3 reference rank", "= 8 samples"]),
        (["cluster.colocate_all=true", "vllm.num_engines=2"], ["2 engine rank", "1 actor rank"]),
        (
            ["rollout.batch_size=8", "cluster.colocate_actor_ref=true", "cluster.reference.gpus_per_node=2"],
            ["cluster.reference must equal cluster.actor"],
        ),
    ],
)
def test_batches_and_ranks_that_do_not_divide_are_refused_with_every_factor(overrides: list[str], words: list[str]):
    with pytest.raises(ConfigError) as caught:
        load_config(None, overrides)

    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("overrides", [["train.estimator=reinforce"], ["train.kl_coef=0"]])
def test_a_group_that_is_not_started_need_not_divide(overrides: list[str]):
    group = "critic" if "estimator" in overrides[0] else "reference"

    load_config(None, [*overrides, "rollout.batch_size=8", f"cluster.{group}.gpus_per_node=3"])


@given(
    samples=st.integers(1, 96),
    ranks=st.integers(1, 4),
    forward=st.integers(1, 3),
    backward=st.integers(1, 3),
)
def test_a_batch_that_is_accepted_gives_every_rank_the_same_work(samples, ranks, forward, backward):
    overrides = [
        f"rollout.batch_size={samples}",
        f"rollout.micro_batch_size={forward}",
        f"train.micro_batch_size={backward}",
        *(f"cluster.{group}.gpus_per_node={ranks}" for group in ("actor", "critic", "reference")),
    ]
    even = samples % (ranks * forward) == 0 and samples % (ranks * backward) == 0

    if even:
        assert load_config(None, overrides).samples_per_step == samples
    else:
        with pytest.raises(ConfigError):
            load_config(None, overrides)


@pytest.mark.parametrize("override", ["train.steps", "--train.steps=3", "run.name=[1", "=3"])
def test_what_is_no_override_is_refused_by_name(override: str):
    with pytest.raises(ConfigError, match=r"override|unknown key"):
        load_config(None, [override])


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"gone\.yaml: no such configuration file"):
        load_config(tmp_path / "gone.yaml")


@pytest.mark.parametrize("text", ["- a\n- b\n", "train: {steps: 3\n", "just words\n"])
def test_a_file_that_holds_no_sections_is_named(tmp_path: Path, text: str):
    path = tmp_path / "list.yaml"
    path.write_text(text)

    with pytest.raises(ConfigError, match=r"list\.yaml"):
        load_config(path)


@pytest.mark.parametrize("path", [None, *SHIPPED], ids=lambda path: path.stem if path else "defaults")
def test_the_resolved_configuration_loads_again(tmp_path: Path, path: Path | None):
    config = load_config(path, given_with(path))
    resolved = tmp_path / "resolved.yaml"
    resolved.write_text(to_yaml(config))

    assert load_config(resolved) == config


@pytest.mark.parametrize(("flag", "key"), SHORT_FORMS.items())
def test_both_spellings_of_a_short_form_become_its_key(flag: str, key: str):
    assert expand_short_forms([flag, "7"]) == expand_short_forms([f"{flag}=7"]) == [f"{key}=7"]


def test_other_arguments_pass_the_short_forms_unchanged():
    arguments = ["--config", "a.yaml", "--num_samples", "40", "train.steps=3", "--dry-run"]

    assert expand_short_forms(arguments) == ["--config", "a.yaml", "data.num_samples=40", "train.steps=3", "--dry-run"]


def test_a_short_form_without_a_value_is_refused_by_key():
    with pytest.raises(ConfigError, match=r"train\.steps"):
        expand_short_forms(["--max_rounds"])


@pytest.mark.parametrize("key", SHORT_FORMS.values())
def test_every_short_form_stands_for_a_key_there_is(key: str):
    section, name = key.split(".")

    assert name in getattr(load_config(), section).model_dump()


@given(st.dictionaries(st.sampled_from(GameType), st.integers(1, 9), min_size=1))
def test_the_harmful_share_counts_all_but_untouched_clean_notes(mix: dict[GameType, int]):
    """A type that is not named weighs 1."""
    benign = mix.get(GameType.VANILLA_BENIGN, 1)
    total = sum(mix.get(kind, 1) for kind in GameType)
    overrides = [f"game.mix={{{', '.join(f'{kind}: {weight}' for kind, weight in mix.items())}}}"]

    if benign in (0, total):
        with pytest.raises(ConfigError, match=r"game\.mix"):
            load_config(None, overrides)
    else:
        assert harmful_share(load_config(None, overrides).game.mix) == pytest.approx(1 - benign / total)


def test_a_configuration_cannot_be_changed_after_it_was_checked():
    config: Config = load_config()

    with pytest.raises(ValidationError, match="frozen"):
        config.train.steps = 3  # type: ignore[misc]


def test_resume_takes_an_unquoted_no():
    assert load_config(None, ["run.resume=no"]).run.resume == "no"
    assert load_config(None, expand_short_forms(["--resume", "no"])).run.resume == "no"


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("game.mix=[1, 2]", "game.mix"),
        ("game.mix=5", "game.mix"),
        ("game.mix.vanilla_benign=nan", "game.mix.vanilla_benign"),
        ("rewards.malformed=-.inf", "rewards.malformed"),
        ("evaluation.notes=1", "evaluation.notes"),
    ],
)
def test_a_value_that_would_stop_a_run_later_is_refused_with_its_key(override: str, key: str):
    with pytest.raises(ConfigError, match=key.replace(".", r"\.")):
        load_config(None, [override])


def test_evaluations_within_a_run_need_notes():
    with pytest.raises(ConfigError, match=r"evaluation\.every"):
        load_config(None, ["evaluation.notes=0", "evaluation.every=2"])


@pytest.mark.parametrize(
    ("overrides", "stall_s"),
    [
        (["cluster.start_timeout_s=10", "rollout.deadline_s=900"], 1800),
        (["cluster.start_timeout_s=1000", "rollout.deadline_s=900"], 4000),
        (["cluster.start_timeout_s=10", "rollout.deadline_s=20", "judge.http.urls=[http://a]"], 2 * 1830),
        (["cluster.stall_s=3000"], 3000),
    ],
)
def test_a_stall_is_longer_than_whatever_may_be_waited_for(overrides: list[str], stall_s: float):
    assert load_config(None, overrides).stall_s == stall_s


def test_a_stall_that_is_no_stall_is_refused():
    with pytest.raises(ConfigError, match=r"cluster\.stall_s = 900 .* 1200 s"):
        load_config(None, ["cluster.stall_s=900"])
