"""A training step by phase, beside upstream's on the same samples, and beside what the machine can do.

    python tests/benchmarks/bench_step.py [--steps 3] [--model FOLDER] [key.sub=value ...]

Both steps run in this process's cluster, one after the other, on the same tokens: forwards of actor, critic and
reference, advantages, PPO update, weight sync. The reference is upstream's ``BasePPOTrainer`` as it runs without this
project's performance work: its own ``Actor.forward`` (logits for the prompt too, entropy compiled) with the one thread
that Ray gives an actor of one CPU. What cannot run without a GPU (NCCL, the cuda calls) is replaced for both. A rollout
is the same call for both, and shown once. Medians and ranges over the steps after a first one that warms up.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from medical_team.backends import prepare

prepare()

import ray  # noqa: E402
import torch  # noqa: E402
from openrlhf.trainer.ppo_trainer import BasePPOTrainer  # noqa: E402

from medical_team.config import load_config  # noqa: E402
from medical_team.training import actors  # noqa: E402
from medical_team.training import cluster as ray_cluster  # noqa: E402
from medical_team.training.run import TrainingRun, resolve_dtype  # noqa: E402
from medical_team.types import GameType, Generation, Role, Sample  # noqa: E402

PROMPT_TOKENS, ANSWER_TOKENS = 229, 53  # medians of the demo's turns


class StockPolicyActor(actors.PolicyActor):
    """Upstream's forward, as it is."""

    def init_model_from_pretrained(self, *args: Any, **kwargs: Any) -> None:
        restore_upstream_forward()
        super().init_model_from_pretrained(*args, **kwargs)


class StockReferenceActor(actors.ReferenceActor):
    def init_model_from_pretrained(self, *args: Any, **kwargs: Any) -> None:
        restore_upstream_forward()
        super().init_model_from_pretrained(*args, **kwargs)


def restore_upstream_forward() -> None:
    from openrlhf.models.actor import Actor

    Actor.forward = Actor.forward.upstream


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--model", default=".cache/models/smollm2-135m-instruct")
    parser.add_argument("overrides", nargs="*")
    options = parser.parse_args()
    dtype = getattr(torch, resolve_dtype(load_config(None, options.overrides), "cpu"))
    plain = plain_torch_tokens_per_second(options.model, dtype)
    print(f"plain torch in {dtype}, forward and backward: {plain:.0f} tokens/s")
    ours = measure(options, stock=False)
    stock = measure(options, stock=True)
    print(f"\n{'seconds':<12}{'ours':>24}{'upstream':>24}")
    for phase in ours:
        print(f"{phase:<12}{spread(ours[phase]):>24}{spread(stock[phase]):>24}")
    report_rates(ours, stock, plain, options, dtype)


def report_rates(ours: Any, stock: Any, plain: float, options: Any, dtype: torch.dtype) -> None:
    config = load_config(None, [f"model.path={options.model}", *options.overrides])
    tokens = config.samples_per_step * (PROMPT_TOKENS + ANSWER_TOKENS)
    for name, phases in (("ours", ours), ("upstream", stock)):
        rate = tokens / statistics.median(phases["train actor"])
        print(f"training of the actor, {name}: {rate:.0f} tokens/s, {rate / plain:.0%} of plain torch")
    answers = config.samples_per_step * ANSWER_TOKENS
    print(f"rollout: {answers / statistics.median(ours['rollout']):.0f} answer tokens/s")
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors(options.model, dtype))
    copy = size / memcpy_seconds(size)
    sync = size / statistics.median(ours["sync"])
    print(f"weight sync: {sync / 1e9:.2f} GB/s, {sync / copy:.0%} of memcpy's {copy / 1e9:.2f} GB/s")


def measure(options: Any, *, stock: bool) -> dict[str, list[float]]:
    """Seconds of every phase, a list over the steps."""
    with tempfile.TemporaryDirectory() as runs:
        overrides = [f"model.path={options.model}", f"run.dir={runs}", "evaluation.notes=0", *options.overrides]
        if stock:
            overrides.append("cluster.threads=1")
            ray_cluster.PolicyActor, ray_cluster.ReferenceActor = StockPolicyActor, StockReferenceActor
        config = load_config(None, overrides)
        seconds: dict[str, list[float]] = {}
        with TrainingRun(config) as run:
            for step in range(options.steps + 1):
                for phase, value in one_step(run, config.samples_per_step, step + 1).items():
                    seconds.setdefault(phase, []).append(value)
        return {phase: values[1:] for phase, values in seconds.items()}


def one_step(run: TrainingRun, count: int, step: int) -> dict[str, float]:
    trainer = run.trainer
    seconds: dict[str, float] = {}

    def timed(phase: str, call: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = call()
        seconds[phase] = time.perf_counter() - start
        return result

    samples = timed("rollout", lambda: trainer.loop.run(answers(run, count, step)))
    experiences = timed("experience", lambda: trainer.prepare(samples))
    for group in (trainer.actor_model_group, trainer.critic_model_group):
        ray.get(group.async_run_method_batch(method_name="append", experience=experiences))
    timed("train critic", lambda: ray.get(trainer.critic_model_group.async_run_method(method_name="fit")))
    timed("train actor", lambda: ray.get(trainer.actor_model_group.async_run_method(method_name="fit", kl_ctl=0.01)))
    timed("sync", lambda: BasePPOTrainer.broadcast_to_vllm(trainer))
    timed("verify", trainer.weights.verify)
    seconds["step"] = sum(seconds.values())
    return seconds


async def answers(run: TrainingRun, count: int, step: int) -> list[Sample]:
    """Answers of equal length to random prompts of equal length."""
    generator = torch.Generator().manual_seed(step)
    sampling = {"max_tokens": ANSWER_TOKENS, "temperature": 1.0, "ignore_eos": True}
    engine = run.trainer.vllm_engines[0]

    async def one(index: int) -> Sample:
        prompt = torch.randint(100, 40_000, (PROMPT_TOKENS,), generator=generator).tolist()
        answer = await engine.answer.remote(prompt, sampling | {"seed": index})
        got = Generation(tuple(prompt), answer.token_ids, "")
        role = Role.ATTACKER if index % 3 == 0 else Role.ASSESSOR
        return Sample(index, role, GameType.VANILLA_BENIGN, got.prompt_ids, got.response_ids, float(index % 2))

    return list(await asyncio.gather(*map(one, range(count))))


def tensors(model: str, dtype: torch.dtype) -> list[torch.Tensor]:
    from transformers import AutoModelForCausalLM

    return list(AutoModelForCausalLM.from_pretrained(model, dtype=dtype).parameters())


def plain_torch_tokens_per_second(path: str, dtype: torch.dtype, batch: int = 2, repeats: int = 5) -> float:
    """The same forward and backward without any framework: logits of the answer, log-probabilities, a mean."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(path, dtype=dtype, attn_implementation="sdpa")
    length = PROMPT_TOKENS + ANSWER_TOKENS
    ids = torch.randint(100, 40_000, (batch, length))
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        logits = model(ids, logits_to_keep=ANSWER_TOKENS + 1, use_cache=False).logits[:, :-1]
        log_probs = logits.float().log_softmax(-1).gather(-1, ids[:, -ANSWER_TOKENS:].unsqueeze(-1))
        log_probs.mean().backward()
        model.zero_grad()
        times.append(time.perf_counter() - start)
    return batch * length / statistics.median(times[1:])


def memcpy_seconds(size: int, repeats: int = 5) -> float:
    source, target = torch.ones(size // 4), torch.empty(size // 4)
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        target.copy_(source)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
