"""A run on any number of GPUs: actor with reference on a quarter of them, critic on another, engines on the rest."""

from __future__ import annotations

from medical_team.config import Config, load_config


def scaled(gpus: int, card: str = "H200") -> Config:
    """PPO of a 7B model under ZeRO-3 on ``gpus`` GPUs, a multiple of 8, in nodes of 8."""
    quarter = gpus // 4
    nodes, each = max(1, quarter // 8), min(quarter, 8)
    shapes = [
        f"cluster.{group}.{key}={value}"
        for group in ("actor", "reference", "critic")
        for key, value in (("nodes", nodes), ("gpus_per_node", each))
    ]
    model = ["model.path=Qwen/Qwen2.5-7B-Instruct", "train.zero_stage=3", "train.gradient_checkpointing=true"]
    batch = [f"rollout.batch_size={48 * quarter}", f"vllm.num_engines={gpus // 2}"]
    return load_config(None, [*model, *batch, *shapes, "cluster.colocate_actor_ref=true", f"cluster.card={card}"])
