"""The nearest change that makes a run fit: candidates in order, each planned before it is named."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from pydantic import ValidationError

from medical_team.backends import Backend
from medical_team.config import Config
from medical_team.errors import UserError
from medical_team.planning.host import Host
from medical_team.planning.plan import RunPlan, plan_run

# Ranks that an engine can be divided over on a node.
_RANKS = (1, 2, 4, 8)

Change = dict[str, Any]
"""New values by key: one change, of which several keys may be part."""


def nearest_change(config: Config, backend: Backend, host: Host) -> Change | None:
    """The first change in order of ``candidates`` that fits, else the first two together; ``None`` where none does."""
    changes = list(candidates(config, backend))
    pairs = (one | other for one, other in combinations(changes, 2) if not one.keys() & other.keys())
    return next((change for change in (*changes, *pairs) if _fits(config, change, backend, host)), None)


def changed(config: Config, change: Change) -> Config:
    """The configuration with other values.

    Raises:
        ValidationError: They do not go together.
    """
    values = config.model_dump()
    for key, value in change.items():
        *sections, name = key.split(".")
        section = values
        for part in sections:
            section = section[part]
        section[name] = value
    return Config.model_validate(values)


def candidates(config: Config, backend: Backend) -> Iterator[Change]:
    """Changes worth a look, the ones first that cost least: time, then accuracy, then hardware."""
    train, rollout, vllm, llm = config.train, config.rollout, config.vllm, config.judge.llm
    if not train.gradient_checkpointing:
        yield {"train.gradient_checkpointing": True}
    if train.micro_batch_size > 1:
        yield {"train.micro_batch_size": train.micro_batch_size // 2}
    if rollout.micro_batch_size > 1:
        yield {"rollout.micro_batch_size": rollout.micro_batch_size // 2}
    if backend == "gpu":
        yield from _of_gpus(config)
    elif vllm.kv_cache_gb > 1:
        yield {"vllm.kv_cache_gb": vllm.kv_cache_gb - 1}
    for stage in range(train.zero_stage + 1, 4):
        yield {"train.zero_stage": stage}
    if config.uses_critic:
        warm_up: Change = {"train.critic_warmup_steps": 0} if train.critic_warmup_steps else {}
        yield {"train.estimator": "reinforce"} | warm_up
    if config.uses_reference:
        yield {"train.kl_coef": 0.0}
    if backend == "gpu":
        yield from _less_on_the_host(config)
        yield from _more_gpus(config)
        ranks = {"vllm.tensor_parallel_size": vllm.tensor_parallel_size, "judge.llm.gpus": llm.gpus}
        yield from ({key: other} for key, now in ranks.items() for other in _RANKS if other != now)


def _of_gpus(config: Config) -> Iterator[Change]:
    cluster, vllm, llm = config.cluster, config.vllm, config.judge.llm
    if cluster.colocate_all and not vllm.enable_sleep:
        yield {"vllm.enable_sleep": True}
    shares = {"vllm.gpu_memory_utilization": vllm.gpu_memory_utilization}
    if "vllm" in config.judge_names:
        shares["judge.llm.gpu_memory_utilization"] = llm.gpu_memory_utilization
    for key, now in shares.items():
        steps = [round(0.05 * step, 2) for step in range(1, 20)]
        yield from ({key: share} for share in sorted(steps, key=lambda share: abs(share - now)) if share != now)
    if not config.train.offload_optimizer:
        yield {"train.offload_optimizer": True}


def _less_on_the_host(config: Config) -> Iterator[Change]:
    for key, is_so in {
        "train.offload_optimizer": config.train.offload_optimizer,
        "vllm.enable_sleep": config.vllm.enable_sleep,
    }.items():
        if is_so:
            yield {key: False}


def _more_gpus(config: Config) -> Iterator[Change]:
    """Groups of twice the GPUs: those that are colocated together, and their engines with them."""
    cluster = config.cluster
    shared = ("actor", "reference", "critic") if cluster.colocate_all else ("actor", "reference")
    if cluster.colocate_all or cluster.colocate_actor_ref:
        change: Change = {
            f"cluster.{name}.gpus_per_node": 2 * group.gpus_per_node
            for name, group in config.groups.items()
            if name in shared
        }
        yield change | ({"vllm.num_engines": 2 * config.vllm.num_engines} if cluster.colocate_all else {})
    for name, group in config.groups.items():
        yield {f"cluster.{name}.gpus_per_node": 2 * group.gpus_per_node}


def _fits(config: Config, change: Change, backend: Backend, host: Host) -> bool:
    try:
        return not plan_run(changed(config, change), backend, host).problems
    except (ValidationError, UserError):
        return False


def refusal(config: Config, plan: RunPlan, backend: Backend) -> str:
    """Why a run whose plan has problems cannot be, and what would make it possible, in one sentence."""
    reason = "; ".join([*plan.problems, *([plan.disk_problem] if plan.disk_problem else [])])
    if not plan.problems:
        return f"this run does not fit: {reason}"
    change = nearest_change(config, backend, plan.host)
    if change is None:
        return f"this run does not fit: {reason}. No change of one or two keys that the planner tried makes it fit"
    named = " ".join(f"{key}={_shown(value)}" for key, value in change.items())
    return f"this run does not fit: {reason}. It fits with {named}"


def _shown(value: Any) -> str:
    """As it is written on the command line."""
    return str(value).lower() if isinstance(value, bool) else str(value)
