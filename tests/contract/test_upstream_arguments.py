"""The namespace that replaces upstream's command line: no flag missing, none unknown, all that is read is there."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from upstream import calls, definition, dotted, leaves, source

from medical_team.backends import Backend
from medical_team.config import Config, load_config
from medical_team.config.training import ScheduleName
from medical_team.training.arguments import openrlhf_arguments

pytestmark = pytest.mark.contract

PARSER = "openrlhf.cli.train_ppo_ray"
READERS = (
    "openrlhf.trainer.ppo_trainer",
    "openrlhf.trainer.ray.ppo_actor",
    "openrlhf.trainer.ray.ppo_critic",
    "openrlhf.trainer.ray.launcher",
    "openrlhf.trainer.ppo_utils.experience_maker",
    "openrlhf.trainer.ppo_utils.experience",
    "openrlhf.trainer.ppo_utils.length_penalty",
    "openrlhf.trainer.ppo_utils.replay_buffer",
    "openrlhf.utils.deepspeed.deepspeed",
    "openrlhf.utils.loss_utils",
    "openrlhf.utils.utils",
)
CONFIGURATIONS = (
    (),
    ("train.estimator=reinforce", "train.kl_coef=0"),
    ("vllm.pools=by_role", "train.whiten=false", "model.critic_path=models/critic"),
)


def namespace(*overrides: str, backend: Backend = "cpu", dtype: str = "float32") -> dict[str, Any]:
    return leaves(openrlhf_arguments(load_config(None, overrides), backend, dtype, Path("checkpoints")))


def flags() -> dict[str, ast.Call]:
    """Every destination of upstream's parser, with the call that adds it; the generated ones spelled out."""
    found: dict[str, ast.Call] = {}
    for call in calls(source(PARSER), "add_argument"):
        destination = next((word.value for word in call.keywords if word.arg == "dest"), call.args[0])
        for prefix in ("actor", "critic"):
            found[spelled(destination, prefix).removeprefix("--")] = call
    return found


def spelled(text: ast.AST, prefix: str) -> str:
    """A literal, or an f-string whose only name is the loop's ``prefix``."""
    if isinstance(text, ast.JoinedStr):
        return "".join(spelled(part, prefix) for part in text.values)
    if isinstance(text, ast.FormattedValue):
        assert isinstance(text.value, ast.Name) and text.value.id == "prefix"
        return prefix
    assert isinstance(text, ast.Constant) and isinstance(text.value, str)
    return text.value


def paths_read(module: str) -> Iterator[str]:
    """``a.b`` of every ``args.a.b``, and of every ``getattr(args.a, "b", ...)``."""
    inner = {id(node.value) for node in ast.walk(source(module)) if isinstance(node, ast.Attribute)}
    for node in ast.walk(source(module)):
        if isinstance(node, ast.Attribute) and id(node) not in inner and (path := below_args(node)):
            yield path
        if isinstance(node, ast.Call) and dotted(node.func) == "getattr" and isinstance(node.args[1], ast.Constant):
            section = below_args(node.args[0])
            if section is not None:
                yield f"{section}.{node.args[1].value}".removeprefix(".")


def below_args(node: ast.AST) -> str | None:
    """What follows ``args`` in ``args.a.b`` or ``self.strategy.args.a.b``; "" for ``args`` itself."""
    parts = dotted(node).split(".")
    owner = list(itertools.takewhile(lambda part: part in ("self", "strategy"), parts))
    rest = parts[len(owner) :]
    return ".".join(rest[1:]) if rest[:1] == ["args"] else None


def test_the_generated_flags_are_those_of_actor_and_critic():
    (loop,) = (
        node
        for node in ast.walk(source(PARSER))
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name) and node.target.id == "prefix"
    )

    assert ast.literal_eval(loop.iter) == ("actor", "critic")


@pytest.mark.parametrize("overrides", CONFIGURATIONS, ids=" ".join)
def test_the_namespace_has_exactly_upstreams_flags(overrides: tuple[str, ...]):
    ours, theirs = set(namespace(*overrides)), set(flags())

    assert theirs - ours == set(), "flags that upstream has and we do not set"
    assert ours - theirs == set(), "keys that upstream does not know"


@pytest.mark.parametrize("module", READERS)
def test_every_argument_that_is_read_is_there(module: str):
    ours, theirs = namespace(), set(flags())
    read = set(paths_read(module))
    # A default of getattr for what upstream's own parser never sets is upstream's own affair.
    read -= {"optim", "max_norm"} - theirs

    missing = {path for path in read if not any(path == key or is_below(path, key) for key in ours)}
    assert missing == set()


def is_below(path: str, key: str) -> bool:
    """A section of a key (``vars(args.actor.adam)``), or a method of its value (``args.reward.remote_url.split``)."""
    return path == "" or key.startswith(path + ".") or path.startswith(key + ".")


def test_the_search_for_arguments_finds_what_is_known_to_be_read():
    assert "algo.kl.init_coef" in set(paths_read("openrlhf.trainer.ppo_trainer"))
    assert "ds.zero_stage" in set(paths_read("openrlhf.utils.utils"))
    assert "vllm.sync_backend" in set(paths_read("openrlhf.trainer.ray.ppo_actor"))
    assert "actor.muon" in set(paths_read("openrlhf.trainer.ray.ppo_actor"))


@pytest.mark.parametrize("overrides", CONFIGURATIONS, ids=" ".join)
@pytest.mark.parametrize(("backend", "dtype"), [("cpu", "float32"), ("cpu", "bfloat16"), ("gpu", "bfloat16")])
def test_every_value_is_one_that_upstream_chooses_from(overrides: tuple[str, ...], backend: Backend, dtype: str):
    ours = namespace(*overrides, backend=backend, dtype=dtype)

    for name, call in flags().items():
        choices = next((ast.literal_eval(word.value) for word in call.keywords if word.arg == "choices"), None)
        if choices is None or ours[name] is None:
            continue
        if name == "ds.param_dtype" and dtype == "float32":
            choices = ["fp32"]  # what backends.cpu teaches convert_to_torch_dtype
        assert ours[name] in choices, name


def test_derived_values_are_what_upstreams_main_would_derive():
    ppo = namespace("train.clip_range=0.3")
    reinforce = namespace("train.estimator=reinforce")

    assert ppo["actor.eps_clip_low_high"] == (0.3, 0.3)
    assert len(ppo["algo.advantage.is_correction_threshold"]) == 2
    assert ppo["critic.model_name_or_path"] == ppo["actor.model_name_or_path"]
    assert reinforce["critic.model_name_or_path"] is None
    assert ppo["reward.remote_url"] == ["agent"]
    assert ppo["rollout.vllm_generate_batch_size"] == ppo["rollout.batch_size"]
    assert ppo["eval.steps"] == ppo["ckpt.save_steps"] == float("inf")


def test_the_price_of_a_rare_class_is_not_clipped():
    """Upstream clips at 10: with 3% clean notes a right Safe is worth 15.5, and always Harmful would gain."""
    assert namespace()["reward.clip_range"] is None


def test_a_critic_that_starts_from_the_policy_gets_a_small_value_head():
    """Else the head is transformers' random one, whose values are as large as the rewards; under ZeRO-3 it is junk."""
    loading = ast.unparse(definition("openrlhf.trainer.ray.ppo_critic", "CriticModelActor.init_model_from_pretrained"))
    assert (
        "init_value_head=strategy.args.actor.model_name_or_path == strategy.args.critic.model_name_or_path" in loading
    )

    for overrides in ((), ("model.critic_layers=8",)):
        ours = namespace(*overrides)
        assert ours["critic.model_name_or_path"] == ours["actor.model_name_or_path"]
    trained = namespace("model.critic_path=models/critic")
    assert trained["critic.model_name_or_path"] == "models/critic"


def test_engines_are_counted_over_all_pools():
    assert namespace("vllm.num_engines=2", "vllm.pools=by_role")["vllm.num_engines"] == 4


def test_upstream_trains_the_actor_from_the_step_after_the_critics_warm_up():
    (comparison,) = (
        node
        for node in ast.walk(definition("openrlhf.trainer.ppo_trainer", "BasePPOTrainer.ppo_train"))
        if isinstance(node, ast.Compare) and "freezing_steps" in ast.unparse(node)
    )
    assert ast.unparse(comparison) == "global_steps > self.args.critic.freezing_steps"

    for warm_up in (0, 1, 3):
        frozen = namespace(f"train.critic_warmup_steps={warm_up}")["critic.freezing_steps"]
        # SelfPlayTrainer counts steps from 1 and calls ppo_train with one less.
        assert [step for step in range(1, 7) if not step - 1 > frozen] == list(range(1, warm_up + 1))


@pytest.mark.parametrize("offloads", [True, False])
def test_the_optimizer_is_on_the_host_where_that_is_asked(offloads: bool):
    assert namespace(f"train.offload_optimizer={offloads}")["ds.adam_offload"] is offloads


@pytest.mark.parametrize("field", ["batch_size", "micro_batch_size", "max_new_tokens", "temperature", "top_p"])
def test_rollout_keys_reach_upstream_under_their_names(field: str):
    config = Config()

    assert namespace()[f"rollout.{field}"] == getattr(config.rollout, field)


@pytest.mark.parametrize("name", get_args(ScheduleName))
def test_every_schedule_is_one_that_upstream_can_build(name: str):
    """As upstream's strategy does: from the name, the steps and, for one of them, the floor of its cosine."""
    import torch
    from transformers.trainer import get_scheduler

    floor = {"min_lr_rate": 0.1} if name == "cosine_with_min_lr" else {}
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = get_scheduler(
        name, optimizer, num_warmup_steps=1, num_training_steps=10, scheduler_specific_kwargs=floor
    )

    rates = []
    for _ in range(10):
        optimizer.step()
        schedule.step()
        rates.append(schedule.get_last_lr()[0])
    assert all(0 <= rate <= 1 for rate in rates) and max(rates) > 0
