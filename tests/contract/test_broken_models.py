"""Models that only transformers finds fault with: the sentence that a run stops with, before an engine starts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medical_team.errors import ModelError

pytestmark = pytest.mark.contract

TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model's settings and a tokenizer of a few words; its template is sound."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"[UNK]": 0, "x": 1}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()  # type: ignore[assignment]
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", eos_token="[UNK]")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(tmp_path)
    LlamaConfig(vocab_size=2).save_pretrained(tmp_path)
    return tmp_path


def load(folder: Path) -> Any:
    """What a run does with a model folder before it starts anything."""
    from medical_team.rollout.engines import ChatTemplate
    from medical_team.training.model_folder import load_tokenizer

    return ChatTemplate(load_tokenizer("model.path", str(folder)), max_prompt_tokens=10)


def remove_tokenizer(folder: Path) -> None:
    for file in folder.glob("tokenizer*"):
        file.unlink()


def remove_template(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()


def write(name: str, text: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).write_text(text)


def test_a_sound_model_is_loaded(folder: Path):
    assert load(folder).count([{"role": "user", "content": "x x"}]) == 2


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (write("config.json", json.dumps({"model_type": "nobody_s"})), "no model can be loaded from model.path = "),
        (remove_tokenizer, "no tokenizer can be loaded from model.path = "),
        (write("tokenizer.json", "{"), "no tokenizer can be loaded from model.path = "),
        (remove_template, "has no chat template: use an instruction-tuned model"),
        (write("chat_template.jinja", "{% for message in %}"), "has a chat template that fails (TemplateSyntaxError)"),
        (write("chat_template.jinja", "{{ raise_exception('no') }}"), "has a chat template that fails (TemplateError)"),
    ],
)
def test_a_broken_model_is_one_sentence_with_its_folder(folder: Path, spoil: Callable[[Path], Any], words: str):
    spoil(folder)

    with pytest.raises(ModelError) as refused:
        load(folder)

    message = str(refused.value)
    assert words in message and str(folder) in message and "\n" not in message
