"""A tiny random model with the small model's tokenizer: everything is real but what it says."""

from __future__ import annotations

from pathlib import Path

SMALL_MODEL = Path(__file__).resolve().parent.parent / ".cache/models/smollm2-135m-instruct"


def write_tiny_model(folder: Path, seed: int = 0, positions: int = 1024) -> Path:
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(SMALL_MODEL)
    torch.manual_seed(seed)
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=64,
        max_position_embeddings=positions,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(shape).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_overrides(model: Path, runs: Path, **more: object) -> list[str]:
    """Overrides of a run that takes seconds once its engines are up; ``more`` has ``__`` for the dots of a key."""
    values: dict[str, object] = {
        "model.path": model,
        "run.dir": runs,
        "run.name": "tiny",
        "data.cache_dir": runs / "cache",
        "data.synthetic_notes": 60,
        "rollout.max_new_tokens": 16,
        "train.steps": 2,
        # Large enough that a step shows in the weights.
        "train.actor.learning_rate": 1e-2,
        "evaluation.notes": 4,
        "checkpoint.every": 1,
    }
    values |= {key.replace("__", "."): value for key, value in more.items()}
    return [f"{key}={value}" for key, value in values.items()]
