"""What this project takes from the installed openrlhf and vllm wheels: the places it replaces, and those it calls.

The first half reads upstream's source, so that it sees what is published whatever this process has replaced; the
second imports upstream as a run on CPU does.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

import pytest
from upstream import calls, definition, dotted, parameters, source, strings

from medical_team.backends import cpu
from medical_team.config import Config
from medical_team.rollout.engines import Sampling

pytestmark = pytest.mark.contract

# Parameters of everything that backends.cpu replaces, as its replacement takes or passes them on.
SIGNATURES = {
    "convert_to_torch_dtype": "param_dtype",
    "Init._allgather_params_coalesced": "self param_list hierarchy quantize",
    "NaiveReplayBuffer.__init__": "self sample_batch_size limit cpu_offload packing_samples dynamic_batch",
    "Actor.forward": "self sequences action_mask attention_mask return_output allgather_logits return_logprobs "
    "ring_attn_group packed_seq_lens return_entropy **mm_inputs",
    "compute_entropy": "logits",
    "ActorPPOTrainer._init_vllm_sync_group": "self backend",
    "ActorPPOTrainer.broadcast_to_vllm": "self",
}

# Modules of openrlhf that a run imports.
USED = (
    "models.actor",
    "models.loss",
    "models.model",
    "models.ring_attn_utils",
    "models.utils",
    "trainer.ppo_trainer",
    "trainer.ppo_utils.experience",
    "trainer.ppo_utils.experience_maker",
    "trainer.ppo_utils.replay_buffer",
    "trainer.ray.launcher",
    "trainer.ray.ppo_actor",
    "trainer.ray.ppo_critic",
    "trainer.ray.vllm_engine",
    "utils.deepspeed.deepspeed",
    "utils.deepspeed.deepspeed_utils",
    "utils.distributed_util",
    "utils.loss_utils",
    "utils.utils",
)
CUDA_STAND_INS = {"current_device", "set_device", "synchronize", "empty_cache", "current_stream"}


def test_a_signature_is_expected_of_everything_that_is_replaced():
    names = {name for _, name in cpu.REPLACED}

    assert names - set(SIGNATURES) == {"init_device_mesh"}
    assert set(SIGNATURES) <= names


@pytest.mark.parametrize(("module", "name"), [pair for pair in cpu.REPLACED if pair[1] != "init_device_mesh"])
def test_what_is_replaced_is_there_with_its_signature(module: str, name: str):
    if name == "compute_entropy":
        module = "openrlhf.models.utils"  # models.actor has it by name from there

    assert parameters(definition(module, name)) == SIGNATURES[name].split()


def test_the_entropy_is_looked_up_in_the_module_of_the_actor():
    imported = [node for node in source("openrlhf.models.actor").body if isinstance(node, ast.ImportFrom)]

    assert "compute_entropy" in {alias.name for node in imported for alias in node.names}
    assert list(calls(definition("openrlhf.models.actor", "Actor.forward"), "compute_entropy"))


def test_the_mesh_is_built_on_cuda_by_a_name_of_the_module():
    module = source("openrlhf.utils.deepspeed.deepspeed")
    (call,) = calls(module, "init_device_mesh")

    assert ast.literal_eval(call.args[0]) == "cuda"
    assert dotted(call.func) == "init_device_mesh"
    assert "init_device_mesh" in {
        alias.name for node in module.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }


def test_the_replay_buffer_spells_its_device():
    constructor = definition("openrlhf.trainer.ppo_utils.replay_buffer", "NaiveReplayBuffer.__init__")
    (spelled,) = (node for node in ast.walk(constructor) if isinstance(node, ast.JoinedStr))

    assert ast.unparse(spelled) == "f'cuda:{torch.cuda.current_device()}'"
    assert "self.target_device = torch.device" in ast.unparse(constructor)


def test_the_dtype_is_looked_up_when_a_model_is_loaded():
    """A module that had the function by name would keep the original."""
    for name in USED:
        for node in source(f"openrlhf.{name}").body:
            assert not (isinstance(node, ast.ImportFrom) and "convert_to_torch_dtype" in ast.unparse(node)), name
    assert list(calls(definition("openrlhf.models.actor", "Actor.__init__"), "convert_to_torch_dtype"))


def test_the_stand_ins_have_every_name_that_is_imported_from_flash_attention():
    cpu.install()

    for name in USED:
        for node in source(f"openrlhf.{name}").body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("flash_attn"):
                module = __import__(str(node.module), fromlist=["_"])
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == [], name


def test_the_whole_of_torch_cuda_that_is_used_has_a_stand_in():
    used = {
        chain.removeprefix("torch.cuda.").split(".")[0]: name
        for name in USED
        for node in ast.walk(source(f"openrlhf.{name}"))
        if isinstance(node, ast.Attribute) and (chain := dotted(node)).startswith("torch.cuda.")
    }
    # is_available guards itself; the device's properties are asked for in the transfer by CUDA's own handles only.
    assert set(used) - CUDA_STAND_INS - {"is_available", "get_device_properties"} == set()


def test_no_other_place_names_a_cuda_device():
    named = {name for name in USED if any(text.startswith("cuda") for text in strings(source(f"openrlhf.{name}")))}

    # ppo_actor: the moving average of the weights, which is off (train.enable_ema).
    assert named == {"utils.deepspeed.deepspeed", "trainer.ppo_utils.replay_buffer", "trainer.ray.ppo_actor"}
    actor = definition("openrlhf.trainer.ray.ppo_actor", "ActorPPOTrainer.training_step")
    assert {dotted(call.func) for call in calls(actor, "moving_average")} == {"self.strategy.moving_average"}


def test_the_policy_syncs_through_the_replaced_method_on_every_rank():
    assert ast.unparse(definition("openrlhf.trainer.ray.ppo_actor", "PolicyModelActor.broadcast_to_vllm").body[0]) == (
        "self.trainer.broadcast_to_vllm()"
    )
    broadcast = ast.unparse(definition("openrlhf.trainer.ray.ppo_actor", "ActorPPOTrainer.broadcast_to_vllm"))
    assert "model = self.actor.model.module" in broadcast
    assert "model.named_parameters()" in broadcast


@pytest.mark.parametrize("method", ["update_weight", "init_process_group"])
def test_the_workers_extension_is_called_as_upstreams_is(method: str):
    theirs = definition("openrlhf.trainer.ray.vllm_worker_wrap", f"WorkerWrap.{method}")
    ours = inspect.signature(getattr(cpu.CpuWorkerWrap, method))

    ours.bind(*[object()] * len(parameters(theirs)))


def extension_names(extension: type) -> set[str]:
    return {name for owner in extension.__mro__[:-1] for name in vars(owner) if not name.startswith("__")}


def test_vllm_can_mix_the_extensions_into_its_workers():
    """vLLM refuses an extension with a name that its worker has."""
    from medical_team.rollout.worker_gpu import GpuWorkerWrap

    for extension in (cpu.CpuWorkerWrap, GpuWorkerWrap):
        for worker in ("cpu_worker", "gpu_worker", "worker_base"):
            tree = source(f"vllm.v1.worker.{worker}")
            defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            assert extension_names(extension) & defined == set()
    assert "weights_digest" in extension_names(GpuWorkerWrap) & extension_names(cpu.CpuWorkerWrap)


@pytest.fixture(scope="module")
def run_classes() -> dict[str, Any]:
    """The modules of a run on CPU, imported as its actors import them."""
    cpu.install()
    from medical_team.rollout import engine_actor
    from medical_team.training import actors, cluster

    return {
        "policy": actors.PolicyActor,
        "critic": actors.CriticActor,
        "reference": actors.ReferenceActor,
        "engine": engine_actor.EngineActor,
        "cluster": cluster.Cluster,
    }


# What the driver, upstream's groups and upstream's experience maker call on the actors; (positional, keywords).
CALLED = [
    ("policy", "__init__", (2, 0, None, None), ()),
    ("policy", "init_model_from_pretrained", ("strategy", "path", 10, []), ()),
    ("policy", "fit", (), ("kl_ctl",)),
    ("policy", "append", (), ("experience",)),
    ("policy", "forward", (), ("sequences", "action_mask", "attention_mask")),
    ("policy", "broadcast_to_vllm", (), ()),
    ("policy", "save_model", (), ()),
    ("policy", "weights_digest", (), ()),
    ("policy", "save_to", ("folder",), ()),
    ("policy", "load_from", ("folder",), ()),
    ("policy", "execute_batch", ("forward", {}, 0, 2), ()),
    ("policy", "get_master_addr_port", (), ()),
    ("critic", "init_model_from_pretrained", ("strategy", "path", 10), ()),
    ("critic", "fit", (), ()),
    ("critic", "append", (), ("experience",)),
    ("critic", "forward", (), ("sequences", "action_mask", "attention_mask")),
    ("critic", "save_to", ("folder",), ()),
    ("critic", "load_from", ("folder",), ()),
    ("critic", "empty_cache", (), ()),
    ("reference", "init_model_from_pretrained", ("strategy", "path"), ()),
    ("reference", "forward", (), ("sequences", "action_mask", "attention_mask")),
    ("engine", "generate", ([1, 2], "sampling"), ()),
    ("engine", "init_process_group", ("host", 1, 1, 2, "group"), ("backend", "use_ray")),
    ("engine", "update_weight", ("path", None, None), ()),
    ("engine", "reset_prefix_cache", (), ()),
    ("engine", "sleep", (), ()),
    ("engine", "wake_up", (), ("tags",)),
    ("engine", "answer", ([1, 2], {}), ()),
    ("engine", "weights_synced", (), ()),
    ("engine", "weights_digest", (), ()),
    ("engine", "ready", (), ()),
]


@pytest.mark.parametrize(("owner", "method", "positional", "keywords"), CALLED)
def test_the_actors_have_what_is_called(
    run_classes: Any, owner: str, method: str, positional: tuple[Any, ...], keywords: tuple[str, ...]
):
    plain = run_classes[owner]

    assert inspect.isclass(plain) and not hasattr(plain, "remote"), "a plain class can be subclassed and wrapped"
    inspect.signature(getattr(plain, method)).bind(plain, *positional, **dict.fromkeys(keywords))


def test_an_actors_parts_are_where_the_checkpoint_looks_for_them():
    policy = ast.unparse(definition("openrlhf.trainer.ray.ppo_actor", "PolicyModelActor.init_model_from_pretrained"))
    critic = ast.unparse(definition("openrlhf.trainer.ray.ppo_critic", "CriticModelActor.init_model_from_pretrained"))

    assert "self.actor, self.actor_optim, self.actor_scheduler = strategy.prepare" in policy
    assert "self.critic, self.critic_optim, self.critic_scheduler = strategy.prepare" in critic
    assert "load_ckpt(self.actor.model" in policy and "load_ckpt(self.critic" in critic


def test_the_engine_actor_keeps_vllm_where_the_digest_looks_for_it():
    assert "self.llm = " in ast.unparse(definition("openrlhf.trainer.ray.vllm_engine", "RolloutRayActor.__init__"))


def test_groups_and_trainer_have_what_the_driver_calls(run_classes: Any):
    from openrlhf.trainer.ppo_trainer import BasePPOTrainer
    from openrlhf.trainer.ppo_utils.experience_maker import RemoteExperienceMaker
    from openrlhf.trainer.ray.launcher import RayActorGroup
    from openrlhf.trainer.ray.utils import get_bundle_indices
    from openrlhf.trainer.ray.vllm_engine import batch_vllm_engine_call
    from openrlhf.utils import get_strategy

    def accepts(function: Callable[..., Any], count: int, *keywords: str) -> None:
        inspect.signature(function).bind(*[None] * count, **dict.fromkeys(keywords))

    accepts(RayActorGroup.__init__, 4, "pg", "num_gpus_per_actor")
    accepts(RayActorGroup.async_init_model_from_pretrained, 5)
    accepts(RayActorGroup.async_run_method, 1, "method_name")
    accepts(RayActorGroup.async_run_method, 3)
    accepts(RayActorGroup.async_run_method_batch, 1, "method_name", "experience")
    accepts(RayActorGroup.async_save_model, 1)
    accepts(BasePPOTrainer.__init__, 8)
    accepts(BasePPOTrainer.ppo_train, 2)
    accepts(BasePPOTrainer.broadcast_to_vllm, 1)
    accepts(RemoteExperienceMaker.__init__, 8)
    accepts(RemoteExperienceMaker.make_experience_batch, 2)
    accepts(RemoteExperienceMaker.compute_advantages_and_returns, 2)
    accepts(get_bundle_indices, 3)
    accepts(batch_vllm_engine_call, 2)
    accepts(get_strategy, 1)
    assert "self.experience_maker" in inspect.getsource(BasePPOTrainer.__init__)
    assert "self.kl_ctl" in inspect.getsource(BasePPOTrainer.__init__)


def engine_arguments(run_classes: Any, backend: str) -> dict[str, Any]:
    bare = object.__new__(run_classes["cluster"])
    bare._config, bare._backend, bare._dtype = Config(), backend, "bfloat16"
    return bare._engine_arguments(0)


def test_engines_are_given_what_upstream_gives_them(run_classes: Any):
    function = definition("openrlhf.trainer.ray.vllm_engine", "create_vllm_engines")
    theirs = {
        key.value: value
        for node in ast.walk(function)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
    }
    ours = engine_arguments(run_classes, "gpu")
    placed = {"bundle_indices", "num_gpus"}  # given by Cluster._engine
    # Executors of upstream's own rollouts, and features that are not used.
    unused = {"agent_func_path", "remote_rm_url", "mm_pad_token_ids", "full_determinism", "GPU", "CPU", "image"}

    assert set(theirs) - set(ours) - placed - unused == set()
    assert set(ours) - set(theirs) == {
        "max_num_seqs",
        "logprobs_mode",
    }  # the latter by subscript, where it is asked for
    assert "logprobs_mode" in parameters(function)
    assert ast.literal_eval(theirs["dtype"]) == ours["dtype"]
    assert set(ours) - set(engine_arguments(run_classes, "cpu")) == {"gpu_memory_utilization"}


def test_vllm_accepts_what_it_is_given(run_classes: Any):
    from vllm import AsyncEngineArgs, SamplingParams

    known = {field.name for field in fields(AsyncEngineArgs)}
    for backend in ("cpu", "gpu"):
        assert set(engine_arguments(run_classes, backend)) - known == set()

    params = SamplingParams(**asdict(Sampling(max_tokens=16, temperature=0.7, top_p=0.9)), seed=2**63 - 1)
    assert (params.max_tokens, params.temperature, params.top_p, params.seed) == (16, 0.7, 0.9, 2**63 - 1)


def test_an_experience_has_the_fields_that_are_filled():
    from openrlhf.trainer.ppo_utils.experience import Experience

    steps = {field.name for field in fields(Experience) if Experience.is_step_tensor_field(field.name)}
    episodes = {field.name for field in fields(Experience) if Experience.is_episode_tensor_field(field.name)}

    assert {"sequences", "attention_mask", "action_mask", "values", "advantages", "returns", "kl"} <= steps
    assert episodes == {"rewards", "scores", "response_length", "truncated", "total_length"}
    assert {"index", "prompts", "labels", "images", "mm_train_inputs", "info"} <= {f.name for f in fields(Experience)}
