"""Self-play through real Ray, vLLM and DeepSpeed with a tiny random model.

Engines take most of the time, so that a run is started once and looked at by several tests.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from judge_process import PATIENCE_S, Server
from metric_names import unnamed
from tiny import tiny_overrides, write_tiny_model

from medical_team.config import Config, load_config
from medical_team.metrics import read_metrics
from medical_team.records import read_games
from medical_team.training.judging import CACHE_NAME, REPORT_NAME
from medical_team.training.run import TrainingRun
from medical_team.types import GameType, Outcome, Role

pytestmark = pytest.mark.integration

Digest = tuple[int, int]

# vLLM's CPU kernels and torch's differ by less than that in a log-probability of about -10, for the same weights, in
# float32; a processor with bfloat16 units would compute in those, and differ by more.
KERNEL_DIFFERENCE = 1e-3
DTYPE = "float32"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def config(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """PPO with critic, reference and judge; one pool for both roles."""
    return load_config(None, tiny_overrides(model, tmp_path_factory.mktemp("runs"), model__dtype=DTYPE))


@pytest.fixture(scope="module")
def trained(config: Config) -> Iterator[TrainingRun]:
    """The run after its two steps, still alive."""
    with TrainingRun(config) as run:
        run.before = digest(run)  # type: ignore[attr-defined]
        run.train()
        yield run


def digest(run: TrainingRun) -> Digest:
    import ray

    return tuple(ray.get(run.trainer.actor_model_group.async_run_method("weights_digest"))[0])


def test_every_step_trains_on_exactly_its_samples(trained: TrainingRun, config: Config) -> None:
    lines = read_metrics(config.run_dir / "metrics.jsonl")
    assert [line["step"] for line in lines] == [1, 2]
    for line in lines:
        assert sum(count for name, count in line.items() if name.startswith("samples/")) == config.samples_per_step


def test_games_of_all_four_types_are_recorded_for_their_owner_only(trained: TrainingRun, config: Config) -> None:
    folder = config.run_dir / "games"
    games = read_games(folder).to_pylist()
    assert {game["game_type"] for game in games} == set(GameType)
    assert {game["outcome"] for game in games} <= {Outcome.COUNTED, Outcome.GATED, Outcome.MALFORMED}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in folder.iterdir())


def test_losses_are_numbers_and_the_weights_move(trained: TrainingRun, config: Config) -> None:
    last = read_metrics(config.run_dir / "metrics.jsonl")[-1]
    for name in ("policy_loss", "critic_loss", "kl", "entropy_loss", "actor_grad_norm", "critic_grad_norm"):
        assert isinstance(last[f"train/{name}"], float), name
    assert last["train/entropy_loss"] > 0
    assert unnamed(last.keys() - {"step"}) == []
    # A random model's log-probabilities are near -10: kernels that disagree by more than this compute something else.
    for role in Role:
        assert 0 <= last[f"{role}/logprob_gap"] <= last[f"{role}/logprob_gap_max"] < KERNEL_DIFFERENCE
    assert digest(trained) != trained.before  # type: ignore[attr-defined]


def test_the_engines_hold_the_trainers_weights(trained: TrainingRun) -> None:
    engine_log_probs, trainer_log_probs, initial_log_probs = log_probs_everywhere(trained)
    assert furthest(engine_log_probs, trainer_log_probs) < KERNEL_DIFFERENCE
    assert furthest(engine_log_probs, initial_log_probs) > 10 * KERNEL_DIFFERENCE


def furthest(one: list[float], other: list[float]) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def log_probs_everywhere(run: TrainingRun) -> tuple[list[float], list[float], list[float]]:
    """Of one sampled answer: under the engine that sampled it, under the trainer, under the model of the start."""
    import ray
    import torch

    prompt = list(range(100, 140))
    sampling = {"max_tokens": 12, "temperature": 1.0, "seed": 3, "logprobs": 1, "ignore_eos": True}
    answer = ray.get(run.trainer.vllm_engines[0].answer.remote(prompt, sampling))
    assert answer.version == run.config.train.steps
    sequences = torch.tensor([prompt + list(answer.token_ids)])
    action_mask = torch.zeros_like(sequences)
    action_mask[:, len(prompt) :] = 1
    forward = {"sequences": sequences, "action_mask": action_mask[:, 1:], "attention_mask": torch.ones_like(sequences)}

    def of(group) -> list[float]:
        return ray.get(group.async_run_method("forward", **forward))[0][0, len(prompt) - 1 :].tolist()

    trainer = run.trainer
    return list(answer.logprobs), of(trainer.actor_model_group), of(trainer.reference_model_group)


def test_the_same_seed_gives_the_same_answer(trained: TrainingRun) -> None:
    ask = trained.pools[Role.ASSESSOR].generate
    messages = [{"role": "user", "content": "Is the note safe?"}]
    same = [trained.trainer.loop.run(ask(messages, seed=5)).response_ids for _ in range(2)]
    other = trained.trainer.loop.run(ask(messages, seed=6)).response_ids
    assert same[0] == same[1] != other


def test_the_assessor_is_evaluated_beside_its_floors(trained: TrainingRun) -> None:
    metrics = trained.evaluate("now").metrics()
    assert metrics["evaluation/parse_rate"] == 0.0  # a random model's answers do not parse


def test_the_trained_model_loads_and_generates(trained: TrainingRun, config: Config) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = config.run_dir / "model"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    prompt = tokenizer("The patient", return_tensors="pt")
    assert model.generate(**prompt, max_new_tokens=3, min_new_tokens=3).shape[1] == prompt["input_ids"].shape[1] + 3


def test_a_stopped_run_goes_on_at_the_next_step(config: Config, trained: TrainingRun) -> None:
    """Runs after all tests of ``trained``, whose cluster it ends."""
    before = digest(trained)
    dealt = read_games(config.run_dir / "games").column("game_id").to_pylist()
    trained.close()
    changes = {"train": config.train.model_copy(update={"steps": 3})}
    changes["run"] = config.run.model_copy(update={"resume": "auto"})
    with TrainingRun(config.model_copy(update=changes)) as run:
        assert run.trainer.resume() == 2
        assert digest(run) == before
        run.train()
    assert [line["step"] for line in read_metrics(config.run_dir / "metrics.jsonl")] == [1, 2, 3]
    games = read_games(config.run_dir / "games").column("game_id").to_pylist()
    assert games[: len(dealt)] == dealt
    assert sorted(games) == list(range(len(games))), "no game is dealt twice, none is left out"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A judge behind HTTP, in a process of its own."""
    server = Server(tmp_path / "server.log", "--judge", "rule")
    yield server
    server.process.terminate()
    assert server.process.wait(PATIENCE_S) == 0


def test_zero_3_on_two_ranks_with_two_pools_without_critic_and_a_judge_behind_http(
    model: Path, tmp_path: Path, server: Server
) -> None:
    overrides = tiny_overrides(
        model,
        tmp_path,
        model__dtype=DTYPE,
        train__estimator="reinforce",
        # A random model's answers all get the same reward, and equal rewards teach nothing: the entropy does.
        train__entropy_coef=0.1,
        train__zero_stage=3,
        train__steps=1,
        train__micro_batch_size=1,
        rollout__micro_batch_size=1,
        cluster__actor__gpus_per_node=2,
        cluster__reference__gpus_per_node=2,
        vllm__pools="by_role",
        judge__http__urls=f"[{server.url}]",
        judge__admission__accept="rule-2",  # it decides about so few of these notes' errors that others would refuse it
        judge__admission__canary_every=1,
    )
    config = load_config(None, overrides)
    with TrainingRun(config) as run:
        start = digest(run)
        run.train()
        assert digest(run) != start
        engine_log_probs, trainer_log_probs, _ = log_probs_everywhere(run)
        assert furthest(engine_log_probs, trainer_log_probs) < KERNEL_DIFFERENCE
        assert len(run.trainer.vllm_engines) == 2
    last = json.loads((config.run_dir / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["judge/set_aside"] == 0 and last["judge/canary_sensitivity"] == 1
    assert json.loads((config.run_dir / REPORT_NAME).read_text())["judge"] == "rule-2"
    assert stat.S_IMODE((config.run_dir / CACHE_NAME).stat().st_mode) == 0o600
    assert "train/critic_loss" not in last and isinstance(last["train/policy_loss"], float)
    assert sum(count for name, count in last.items() if name.startswith("samples/")) == config.samples_per_step
