"""The converted model's tokenizer ends answers where the model ends them, and gives text back unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medical_team.config import load_config

pytestmark = pytest.mark.integration

FOLDER = Path(__file__).parents[2] / load_config().warm_start.base_model


@pytest.fixture(scope="module")
def tokenizer():
    from transformers import AutoTokenizer

    if not FOLDER.is_dir():
        pytest.skip("run `make model` first")
    return AutoTokenizer.from_pretrained(FOLDER)


def test_tokenizer_and_model_agree_on_the_end(tokenizer):
    config = json.loads((FOLDER / "config.json").read_text())

    assert tokenizer.eos_token_id == config["eos_token_id"]
    assert tokenizer.eos_token == "<|im_end|>"


@pytest.mark.parametrize(
    "text",
    [
        "Temperature is 39.2 °C , pulse 112/min .",
        "<think>a note from 2018 \u2013 says</think>\n<answer>\nverdict: Safe\n</answer>",
        "two  blanks, a\ttab",
    ],
)
def test_text_comes_back_unchanged(tokenizer, text: str):
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_the_chat_template_opens_the_answer(tokenizer):
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]

    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)

    assert prompt.endswith("<|im_start|>assistant\n")
    assert prompt.count("system") == 1
