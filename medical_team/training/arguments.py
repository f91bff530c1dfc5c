"""From this project's configuration to the namespace that OpenRLHF's trainer, actors and strategy read.

Upstream's parser stands under ``__main__`` and cannot be called, so the whole namespace is built here, derived values
included. A contract test parses upstream's source and fails when a flag comes, goes or is misspelt below.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from medical_team.backends import Backend
from medical_team.config import Config, OptimConfig

# What upstream looks at where it is not a single token.
_CORRECTED = {"none": "off", "sequence": "seq"}

_FLOATS = {"bfloat16": "bf16", "float32": "fp32"}


def openrlhf_arguments(config: Config, backend: Backend, dtype: str, checkpoint_dir: Path) -> SimpleNamespace:
    """Every ``args.a.b`` that upstream reads.

    Args:
        config: The run's configuration.
        backend: Where it computes.
        dtype: ``bfloat16`` or ``float32``, resolved.
        checkpoint_dir: Folder of DeepSpeed's checkpoints.
    """
    sections = _models(config) | _algorithm(config) | _batches(config)
    sections["train"] |= _placement(config)
    sections["ds"] = _deepspeed(config, backend, dtype)
    sections["vllm"] = _engines(config, backend)
    sections["ckpt"] = _checkpoints(config, checkpoint_dir)
    sections |= _unused()
    return _nest(sections)


def critic_folder(config: Config) -> Path:
    """Where a run keeps a critic that was cut from the policy."""
    return config.run_dir.resolve() / "critic-start"


def _models(config: Config) -> dict[str, Any]:
    train, cluster = config.train, config.cluster
    # Upstream gives a critic from the policy's path a small value head, and any other one the head it comes with. So
    # one that is cut from the policy has the policy's path here; ``Cluster`` loads it from ``critic_folder``.
    critic_path = config.model.critic_path or config.model.path
    return {
        "actor": {
            "model_name_or_path": config.model.path,
            "num_nodes": cluster.actor.nodes,
            "num_gpus_per_node": cluster.actor.gpus_per_node,
            "gradient_checkpointing_enable": train.gradient_checkpointing,
            "gradient_checkpointing_reentrant": False,
            "freeze_visual_encoder": False,
            "aux_loss_coef": 0.0,
            # Not None, so that the entropy is measured also where it is not rewarded.
            "entropy_coef": train.entropy_coef,
            "eps_clip": train.clip_range,
            "eps_clip_low_high": (train.clip_range, train.clip_range),
            "dual_clip": None,
            "loss_agg_mode": "token-mean",
            "policy_loss_type": "ppo",
            **_optimizer(train.actor),
        },
        "critic": {
            "model_name_or_path": critic_path if config.uses_critic else None,
            "num_nodes": cluster.critic.nodes,
            "num_gpus_per_node": cluster.critic.gpus_per_node,
            "value_clip": train.value_clip,
            "freezing_steps": train.critic_warmup_steps - 1,
            "save_value_network": False,
            **_optimizer(train.critic),
        },
        "ref": {
            "num_nodes": cluster.reference.nodes,
            "num_gpus_per_node": cluster.reference.gpus_per_node,
            "offload": False,
        },
        # Rewards are computed by our games; "agent" tells upstream that no reward model is wanted.
        "reward": {
            "num_nodes": 1,
            "num_gpus_per_node": 1,
            "model_name_or_path": None,
            "remote_url": ["agent"],
            "normalize_enable": False,
            "clip_range": None,  # a clipped price of a rare class would make a constant verdict gain
            "offload": False,
            "overlong_buffer_len": None,
            "overlong_penalty_factor": 1,
            "stop_properly_penalty_coef": None,
        },
    }


def _optimizer(optim: OptimConfig) -> dict[str, Any]:
    return {
        "optim": "adam",
        "muon": {"lr": 0.02, "momentum": 0.95, "ns_steps": 5, "nesterov": True},
        "adam": {
            "lr": optim.learning_rate,
            "betas": optim.betas,
            "eps": 1e-8,
            "weight_decay": optim.weight_decay,
        },
        "lr_scheduler": optim.schedule,
        "lr_warmup_ratio": optim.warmup_ratio,
        "min_lr_ratio": 0.1,
        "max_norm": optim.max_grad_norm,
    }


def _algorithm(config: Config) -> dict[str, Any]:
    train = config.train
    return {
        "algo": {
            "advantage": {
                "estimator": train.estimator,
                "gamma": train.gamma,
                "lambd": train.lam,
                "no_std_norm": not train.whiten,
                "is_correction_level": _CORRECTED.get(train.rollout_correction, "token"),
                "is_correction_mode": "clip" if train.rollout_correction == "clip" else "mask",
                "is_correction_gating": "ratio",
                "is_correction_threshold": list(train.rollout_band),
            },
            # target stays unset: upstream's adaptive controller does not work with train_step.
            "kl": {
                "init_coef": train.kl_coef,
                "target": None,
                "horizon": 10000,
                "estimator": "k1",
                "use_loss": False,
                "unbiased_gradient": False,
            },
            "dynamic_filtering_enable": False,
            "dynamic_filtering_range": (0, 1),
        }
    }


def _batches(config: Config) -> dict[str, Any]:
    rollout, train = config.rollout, config.train
    return {
        "rollout": {
            "batch_size": rollout.batch_size,
            "vllm_generate_batch_size": rollout.batch_size,
            "n_samples_per_prompt": 1,  # games are sampled one by one, and no two answers have a prompt in common
            "micro_batch_size": rollout.micro_batch_size,
            "max_tokens_per_gpu": None,
            "max_new_tokens": rollout.max_new_tokens,
            "temperature": rollout.temperature,
            "top_p": rollout.top_p,
        },
        "train": {
            "seed": config.run.seed,
            "batch_size": config.train_batch_size,
            "micro_batch_size": train.micro_batch_size,
            "max_epochs": train.epochs,
            "num_episodes": 1,
            "max_tokens_per_gpu": 16192,
            "dynamic_batch_enable": False,
            "full_determinism_enable": False,
            "enable_ema": False,
            "ema_beta": 0.992,
            "agent_func_path": None,
        },
    }


def _placement(config: Config) -> dict[str, Any]:
    return {
        "colocate_all": config.cluster.colocate_all,
        "colocate_actor_ref": config.cluster.colocate_actor_ref,
        "colocate_critic_reward": False,
        "async_enable": False,
        "async_queue_size": 1,
        "partial_rollout_enable": False,
    }


def _deepspeed(config: Config, backend: Backend, dtype: str) -> dict[str, Any]:
    attention = config.model.attention
    if attention == "auto":
        attention = "sdpa" if backend == "cpu" else "flash_attention_2"
    return {
        "zero_stage": config.train.zero_stage,
        "param_dtype": _FLOATS[dtype],
        "attn_implementation": attention,
        "experts_implementation": None,
        "enable_sleep": config.vllm.enable_sleep,
        "load_in_4bit": False,
        "lora": {"rank": 0, "alpha": 16, "target_modules": "all-linear", "dropout": 0},
        "packing_samples": False,
        "use_liger_kernel": False,
        "use_universal_ckpt": False,
        "deepcompile": False,
        "zpg": 1,
        "adam_offload": config.train.offload_optimizer,
        "grad_accum_dtype": None,
        "overlap_comm": False,
        "tensor_parallel_size": 1,
        "ring_attn_size": 1,
        "ring_attn_head_stride": 1,
        "value_head_prefix": "score",
    }


def _engines(config: Config, backend: Backend) -> dict[str, Any]:
    return {
        "num_engines": config.vllm.total_engines(),
        "tensor_parallel_size": config.vllm.tensor_parallel_size,
        "sync_backend": "gloo" if backend == "cpu" else "nccl",
        "sync_with_ray": False,
        "enable_prefix_caching": config.vllm.enable_prefix_caching,
        "enforce_eager": config.vllm.enforce_eager,
        "enable_sleep": config.vllm.enable_sleep,
        "gpu_memory_utilization": config.vllm.gpu_memory_utilization,
    }


def _checkpoints(config: Config, folder: Path) -> dict[str, Any]:
    return {
        "path": str(folder),
        "output_dir": str(config.run_dir.resolve() / "model"),
        "save_steps": float("inf"),  # the trainer saves by its own schedule
        "save_hf": False,
        "disable_ds": False,
        "max_num": config.checkpoint.keep,
        "max_mem": float("inf"),
        "load_enable": False,
        "best_metric_key": "none",
    }


def _unused() -> dict[str, Any]:
    """Flags of features that are ours (data, evaluation, logging) or not used; upstream reads some of them."""
    return {
        "data": {
            "max_len": 2048,
            "max_samples": 0,
            "prompt_dataset": None,
            "prompt_probs": None,
            "prompt_split": "train",
            "input_key": "input",
            "label_key": None,
            "input_template": None,
            "apply_chat_template": False,
            "image_key": "images",
            "max_images_per_prompt": 0,
            "disable_fast_tokenizer": False,
            "dataloader_num_workers": 0,
        },
        "eval": {
            "dataset": None,
            "split": "train",
            "steps": float("inf"),
            "temperature": 0.6,
            "n_samples_per_prompt": 1,
        },
        "logger": {
            "logging_steps": 1,
            "tensorboard_dir": None,
            "wandb": {"key": None, "org": None, "group": None, "project": None, "run_name": None},
        },
        "local_rank": -1,
        "use_ms": False,
    }


def _nest(value: Any) -> Any:
    return SimpleNamespace(**{key: _nest(item) for key, item in value.items()}) if isinstance(value, dict) else value
