"""The shape of a model: from its ``config.json`` where it is on this disk, from a table for names that are not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medical_team.errors import ModelError
from medical_team.training.model_folder import read_settings


@dataclass(frozen=True, slots=True)
class ModelShape:
    """A decoder-only transformer with a gated MLP.

    Attributes:
        layers, hidden, heads, kv_heads, head_size, intermediate, vocabulary: As ``config.json`` counts them.
        tied: The output head is the embedding.
        biased_attention: Queries, keys and values have a bias.
        norms_a_layer: Weights of RMS norms over ``hidden`` in a layer.
    """

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_size: int
    intermediate: int
    vocabulary: int
    tied: bool
    biased_attention: bool = False
    norms_a_layer: int = 2

    @property
    def embedding_parameters(self) -> int:
        return self.vocabulary * self.hidden

    @property
    def layer_parameters(self) -> int:
        """Of one layer: projections, gated MLP, norms."""
        queries, keys = self.heads * self.head_size, self.kv_heads * self.head_size
        attention = 2 * self.hidden * (queries + keys) + (queries + 2 * keys if self.biased_attention else 0)
        return attention + 3 * self.hidden * self.intermediate + self.norms_a_layer * self.hidden

    @property
    def parameters(self) -> int:
        """All of them: one embedding, a head where it is not tied, the layers, the last norm."""
        head = 0 if self.tied else self.embedding_parameters
        body = self.layers * self.layer_parameters + self.hidden
        return self.embedding_parameters + head + body

    @property
    def value_parameters(self) -> int:
        """As a critic: a head of one output instead of one of the vocabulary."""
        head = 0 if self.tied else self.embedding_parameters
        return self.parameters - head + self.hidden

    def cut(self, layers: int | None) -> ModelShape:
        """The first ``layers`` layers of it; all for ``None``."""
        return self if layers is None else replace(self, layers=min(layers, self.layers))


# From each model's own config.json. By the last part of the name in small letters, without "-instruct" or "-it".
_KNOWN = {
    "qwen2.5-0.5b": ModelShape(24, 896, 14, 2, 64, 4864, 151_936, True, biased_attention=True),
    "qwen2.5-1.5b": ModelShape(28, 1536, 12, 2, 128, 8960, 151_936, True, biased_attention=True),
    "qwen2.5-3b": ModelShape(36, 2048, 16, 2, 128, 11_008, 151_936, True, biased_attention=True),
    "qwen2.5-7b": ModelShape(28, 3584, 28, 4, 128, 18_944, 152_064, False, biased_attention=True),
    "qwen2.5-14b": ModelShape(48, 5120, 40, 8, 128, 13_824, 152_064, False, biased_attention=True),
    "qwen2.5-32b": ModelShape(64, 5120, 40, 8, 128, 27_648, 152_064, False, biased_attention=True),
    "llama-3.1-8b": ModelShape(32, 4096, 32, 8, 128, 14_336, 128_256, False),
    "llama-3.2-1b": ModelShape(16, 2048, 32, 8, 64, 8192, 128_256, True),
    "llama-3.2-3b": ModelShape(28, 3072, 24, 8, 128, 8192, 128_256, True),
    "smollm2-135m": ModelShape(30, 576, 9, 3, 64, 1536, 49_152, True),
    "smollm2-360m": ModelShape(32, 960, 15, 5, 64, 2560, 49_152, True),
    "smollm2-1.7b": ModelShape(24, 2048, 32, 32, 64, 8192, 49_152, True),
    # The language model of Gemma 3: its image encoder (0.4 billion) is not loaded by a judge.
    "medgemma-4b": ModelShape(34, 2560, 8, 4, 256, 10_240, 262_208, True, norms_a_layer=4),
}

_KEYS = {
    "layers": "num_hidden_layers",
    "hidden": "hidden_size",
    "heads": "num_attention_heads",
    "intermediate": "intermediate_size",
    "vocabulary": "vocab_size",
}


def shape_of(key: str, path: str) -> ModelShape:
    """The shape of the model that the configuration names at ``key``.

    Raises:
        ModelError: It is not on this disk and not in the table, or its ``config.json`` does not say.
    """
    folder = Path(path)
    if (folder / "config.json").is_file():
        return shape_from_settings(folder / "config.json", read_settings(folder))
    name = folder.name.lower().removesuffix("-instruct").removesuffix("-it")
    if name in _KNOWN:
        return _KNOWN[name]
    raise ModelError(
        f"the shape of {key} = {path} is unknown, so that its memory cannot be planned: give a folder with the model's "
        f"config.json, or plan with a model of the same size that is known: {', '.join(_KNOWN)}"
    )


def shape_from_settings(file: Path, settings: dict[str, Any]) -> ModelShape:
    """A shape from what ``config.json`` says; a model of text and images has the text model's in ``text_config``.

    Raises:
        ModelError: A number is missing.
    """
    text = settings.get("text_config", settings)
    missing = [name for name in _KEYS.values() if not isinstance(text.get(name), int)]
    if missing:
        raise ModelError(f"{file} has no {missing[0]}: the planner knows decoder-only transformers with a gated MLP")
    sizes = {field: text[name] for field, name in _KEYS.items()}
    return ModelShape(
        **sizes,
        kv_heads=text.get("num_key_value_heads") or sizes["heads"],
        head_size=text.get("head_dim") or sizes["hidden"] // sizes["heads"],
        tied=bool(text.get("tie_word_embeddings", settings.get("tie_word_embeddings", True))),
        biased_attention=bool(text.get("attention_bias", settings["model_type"].startswith("qwen2"))),
    )
