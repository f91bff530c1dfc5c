"""The one place that lets OpenRLHF's GPU code, and DeepSpeed's, run on CPU.

Upstream is a dependency and stays as it is; what is CUDA-only in it is replaced here, place by place, each function
below with its reason. ``install`` runs before anything imports openrlhf (see ``backends.prepare``). A contract test
checks that upstream still has every place that is replaced, so that a new version fails there and not in a run.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import os
import sys
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medical_team.backends.cpu_ops import extensions_folder
from medical_team.errors import StallError, SyncError
from medical_team.rollout.worker import Digest, digest

# (module, attribute) of everything upstream that is replaced; read by the contract test.
REPLACED = (
    ("openrlhf.utils.utils", "convert_to_torch_dtype"),
    ("openrlhf.utils.deepspeed.deepspeed", "init_device_mesh"),
    ("deepspeed.runtime.zero.partition_parameters", "Init._allgather_params_coalesced"),
    ("openrlhf.trainer.ppo_utils.replay_buffer", "NaiveReplayBuffer.__init__"),
    ("openrlhf.models.actor", "Actor.forward"),
    ("openrlhf.models.actor", "compute_entropy"),
    ("openrlhf.trainer.ray.ppo_actor", "ActorPPOTrainer._init_vllm_sync_group"),
    ("openrlhf.trainer.ray.ppo_actor", "ActorPPOTrainer.broadcast_to_vllm"),
)

# What a process needs in its environment before torch, vllm or deepspeed are imported.
ENVIRONMENT = {
    "DS_ACCELERATOR": "cpu",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # several processes share the cores: pinning would stack them on one
    # Keeps the model in the engine's own process. With a worker process beside it, the two poll shared memory, and the
    # polling takes one of the cores that the model computes on.
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "TOKENIZERS_PARALLELISM": "false",
    "GLOO_SOCKET_IFNAME": "lo",
    # A thread that waits for work gives its core away: actor, critic, reference and engines share the cores.
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "0",
    "KMP_BLOCKTIME": "0",
}

# Prompt tokens an engine reads in one pass; more makes running answers wait longer for the next token.
_PREFILL_TOKENS = 2048

# Seconds the engines may take to load the weights from shared memory; a model of a CPU's size takes two.
_LOADING_DEADLINE_S = 600

_installed = False


def environment(threads: int, kv_cache_gb: int) -> dict[str, str]:
    """Environment of every worker process; ``threads`` of 0 means all cores."""
    cores = threads or len(os.sched_getaffinity(0))
    return ENVIRONMENT | {"OMP_NUM_THREADS": str(cores), "VLLM_CPU_KVCACHE_SPACE": str(kv_cache_gb)}


def compute_dtype() -> str:
    """``bfloat16`` where the processor multiplies it; elsewhere it is emulated, 10 times slower than ``float32``."""
    import torch

    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bfloat16" if fast else "float32"


def engine_arguments(max_length: int) -> dict[str, Any]:
    """What a vLLM engine needs on CPU only.

    A prompt that is prefilled in pieces makes vLLM rewind the request's random generator, which a CPU generator
    cannot do: the engine dies of it. So a prompt is prefilled at once.
    """
    return {"enable_chunked_prefill": False, "max_num_batched_tokens": max(_PREFILL_TOKENS, max_length)}


def install() -> None:
    """Replace the CUDA-only places of openrlhf in this process. Idempotent."""
    global _installed
    if _installed:
        return
    _installed = True
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ["TORCH_EXTENSIONS_DIR"] = str(extensions_folder())
    # torch looks for ninja on PATH, and this environment's programs are on it only in an activated shell.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    _stand_in_for_flash_attention()
    _stand_in_for_cuda_runtime()
    _allow_float32()
    _mesh_on_cpu()
    _gather_one_after_another()
    _replay_buffer_on_cpu()
    _logits_of_actions_only()
    _sync_weights_through_shared_memory()


def _stand_in_for_flash_attention() -> None:
    """openrlhf.models.ring_attn_utils imports flash_attn at module level; packing, which uses it, is off on CPU."""

    def unavailable(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("sample packing needs flash attention and a GPU")

    stand_ins = {
        "flash_attn": (),
        "flash_attn.bert_padding": ("index_first_axis", "pad_input", "rearrange", "unpad_input"),
        "flash_attn.utils": (),
        "flash_attn.utils.distributed": ("all_gather",),
    }
    for name, functions in stand_ins.items():
        if name in sys.modules:
            continue
        module = types.ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, loader=None)
        for function in functions:
            setattr(module, function, unavailable)
        sys.modules[name] = module


def _stand_in_for_cuda_runtime() -> None:
    """Upstream asks CUDA for its device and waits for its streams; on CPU there is one device and no stream."""
    import torch

    cuda: Any = torch.cuda
    cuda.current_device = lambda: "cpu"
    for name in ("set_device", "synchronize", "empty_cache", "current_stream"):
        setattr(cuda, name, lambda *_args, **_kwargs: None)


def _allow_float32() -> None:
    """Upstream trains in bf16 or fp16 only; a processor without bf16 units emulates it, an order slower."""
    import torch

    module: Any = importlib.import_module("openrlhf.utils.utils")
    original = module.convert_to_torch_dtype
    module.convert_to_torch_dtype = lambda name: torch.float32 if name == "fp32" else original(name)


def _mesh_on_cpu() -> None:
    """The strategy builds its device mesh on "cuda"; the same mesh over gloo is on "cpu"."""
    module: Any = importlib.import_module("openrlhf.utils.deepspeed.deepspeed")
    original = module.init_device_mesh
    module.init_device_mesh = lambda _device, *args, **kwargs: original("cpu", *args, **kwargs)


def _gather_one_after_another() -> None:
    """DeepSpeed gathers ZeRO-3 parameters side by side and waits for the last of them only.

    A CUDA stream finishes them in order. Gloo has two threads that don't: the parameters before the last can be read
    while they still arrive. DeepSpeed has a second function that gathers them one by one and waits for each.
    """
    module = importlib.import_module("deepspeed.runtime.zero.partition_parameters")

    def gather(self: Any, param_list: list[Any], hierarchy: int = 0, quantize: bool = False) -> None:
        self._allgather_params_sequential(param_list, hierarchy=hierarchy)

    module.Init._allgather_params_coalesced = gather


def _replay_buffer_on_cpu() -> None:
    """Its constructor spells a device "cuda:<n>", which no CPU build of torch parses."""
    import torch

    module = importlib.import_module("openrlhf.trainer.ppo_utils.replay_buffer")
    original = module.NaiveReplayBuffer.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        real, torch.cuda.current_device = torch.cuda.current_device, lambda: 0
        try:
            original(self, *args, **kwargs)
        finally:
            torch.cuda.current_device = real
        self.target_device = torch.device("cpu")

    module.NaiveReplayBuffer.__init__ = init


def _logits_of_actions_only() -> None:
    """Upstream computes logits for the whole sequence, prompt included, and compiles the entropy with inductor.

    The prompt is four fifths of a sequence here and the vocabulary is a fifth of a small model's work, so that the
    head runs only from the first action on. Log-probabilities and entropy of the actions are the same numbers.
    """
    import torch
    import torch.nn.functional as F

    module: Any = importlib.import_module("openrlhf.models.actor")
    original = module.Actor.forward
    module.compute_entropy = lambda logits: torch.distributions.Categorical(logits=logits).entropy()

    def forward(
        self: Any,
        sequences: torch.Tensor,
        action_mask: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        return_output: bool = False,
        return_entropy: bool = False,
        **kwargs: Any,
    ) -> Any:
        if action_mask is None or attention_mask is None or self.packing_samples or getattr(self, "is_vlm", False):
            return original(
                self, sequences, action_mask, attention_mask, return_output, return_entropy=return_entropy, **kwargs
            )
        positions = (attention_mask.long().cumsum(-1) - 1).masked_fill(attention_mask == 0, 1)
        length = sequences.shape[1]
        last = length - 1  # the last position predicts nothing that was sampled
        before = last - action_mask.shape[1] + int(action_mask.any(dim=0).float().argmax())
        output = self.model(
            sequences, attention_mask=attention_mask, position_ids=positions, logits_to_keep=length - before
        )
        logits = output["logits"][:, :-1].float() / self.temperature  # (B, last - before, V)
        targets = sequences[:, before + 1 :].unsqueeze(-1)
        log_probs = logits.gather(-1, targets).squeeze(-1) - logits.logsumexp(-1)
        padded = F.pad(log_probs, (before, 0))[:, -action_mask.shape[1] :]
        action_log_probs = padded * action_mask.float()
        if return_entropy:
            # Where the entropy is only measured, a graph over the whole vocabulary would be built for nothing.
            with torch.set_grad_enabled(torch.is_grad_enabled() and getattr(self, "entropy_is_rewarded", True)):
                output.entropy = F.pad(module.compute_entropy(logits), (before, 0))
        return (action_log_probs, output) if return_output else action_log_probs

    forward.upstream = original  # type: ignore[attr-defined] - for the benchmark and the contract test
    module.Actor.forward = forward


def _sync_weights_through_shared_memory() -> None:
    """Upstream broadcasts through NCCL, one parameter and one call an engine at a time; NCCL needs GPUs.

    Here rank 0 writes all parameters to one file in shared memory, and one call an engine makes it load them.
    Trainer and engines are on one host on CPU.
    """
    module = importlib.import_module("openrlhf.trainer.ray.ppo_actor")
    module.ActorPPOTrainer._init_vllm_sync_group = lambda self, backend: None

    def broadcast_to_vllm(self: Any) -> None:
        import deepspeed
        import torch.distributed as dist

        model = self.actor.model.module
        parameters = list(model.named_parameters())
        sharded = self.strategy.args.ds.zero_stage == 3
        try:
            with deepspeed.zero.GatheredParameters([parameter for _, parameter in parameters], enabled=sharded):
                if dist.get_rank() == 0:
                    with SharedWeights.write(parameters) as path:
                        _load_into(self.vllm_engines, path)
        finally:  # the other ranks wait here, also where an engine died over it
            dist.barrier()

    module.ActorPPOTrainer.broadcast_to_vllm = broadcast_to_vllm


def _load_into(engines: list[Any], path: Path) -> None:
    """Have every engine load the file. The driver's deadline ends the run; this one ends the wait of an actor."""
    import ray
    from ray.exceptions import GetTimeoutError

    try:
        ray.get([engine.update_weight.remote(str(path), None, None) for engine in engines], timeout=_LOADING_DEADLINE_S)
    except GetTimeoutError:
        raise StallError(f"the engines did not load the new weights within {_LOADING_DEADLINE_S} s") from None


class SharedWeights:
    """All parameters of a model in one safetensors file in shared memory, removed when the engines have loaded it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def write(cls, parameters: list[tuple[str, Any]]) -> SharedWeights:
        from safetensors.torch import save_file

        handle, name = tempfile.mkstemp(prefix="medical-team-weights-", dir=shared_memory())
        os.close(handle)
        try:
            save_file({key: parameter.detach().contiguous() for key, parameter in parameters}, name)
        except BaseException:
            os.unlink(name)
            raise
        return cls(Path(name))

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_exc: object) -> None:
        self.path.unlink()


def shared_memory() -> str | None:
    """Folder of the memory file system, or ``None`` (the default temporary folder) where there is none."""
    return "/dev/shm" if os.path.isdir("/dev/shm") else None


def read_weights(path: str) -> Iterator[tuple[str, Any]]:
    """Name and tensor of every parameter in a file of ``SharedWeights``, mapped and not copied."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as weights:
        for name in weights.keys():  # noqa: SIM118 - safe_open is no mapping
            yield name, weights.get_tensor(name)


def _repack_tied_layers(model: Any) -> None:
    """Repack the layers that share a weight with another one: an output head tied to the embedding.

    ``reload_weights`` repacks what it was given a weight for. A tied head is given none, and would go on multiplying
    with the copy that was packed when the engine started.
    """
    from vllm.model_executor.layers.utils import dispatch_cpu_unquantized_gemm

    for module in model.modules():
        if hasattr(module, "cpu_linear") and module.weight.numel() > 0:
            dispatch_cpu_unquantized_gemm(module, remove_weight=False)


class CpuWorkerWrap:
    """vLLM worker extension: the CPU twin of openrlhf.trainer.ray.vllm_worker_wrap.WorkerWrap."""

    model_runner: Any
    _digest: Digest | None = None

    def init_process_group(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing to set up: weights come through shared memory."""

    def update_weight(self, path: str, dtype: object, shape: object, empty_cache: bool = False) -> None:
        """Load every parameter from ``path``; the other arguments are upstream's signature.

        Loaded linear layers are repacked for the CPU, so that single tensors cannot be written in place:
        ``reload_weights`` takes all of them at once and repacks.
        """
        if not os.path.exists(path):
            raise SyncError(f"{path} is gone: trainer and engine do not share their memory file system")
        received: dict[str, Any] = {}

        def reading() -> Iterator[tuple[str, Any]]:
            for name, tensor in read_weights(path):
                received[name] = tensor
                yield name, tensor

        self.model_runner.reload_weights(weights_iterator=reading())
        _repack_tied_layers(self.model_runner.get_model())
        self._digest = digest(received)

    def weights_digest(self) -> Digest | None:
        """Digest of the weights last loaded; the repacked ones that are held cannot be summed any more."""
        return self._digest
