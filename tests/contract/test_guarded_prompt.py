"""Special tokens come from the template and from nowhere else, with transformers' own tokenizers.

A vocabulary of single bytes and the tokens of four families of models, with templates of their shapes.
"""

from __future__ import annotations

from typing import Any

import pytest

from medical_team.errors import JudgeRefused, ModelError
from medical_team.judge.admission.payloads import PAYLOADS
from medical_team.rollout.guarded_prompt import GuardedPrompt

pytestmark = pytest.mark.contract

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{% for m in messages %}<start_of_turn>{{ m['role'] }}\n{{ m['content'] | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
LLAMA_3 = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n"
    "{{ m['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set s = messages[0]['content'] + '\n\n' %}"
    "{% set messages = messages[1:] %}{% else %}{% set s = '' %}{% endif %}"
    "{% for m in messages %}[INST] {{ s + m['content'] }}[/INST]{% endfor %}"
)
TOKENS = {
    "chatml": (CHATML, ("<|im_start|>", "<|im_end|>", "<|endoftext|>"), ("<think>", "</think>")),
    "gemma": (GEMMA, ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"), ("\n\n", "<unused7>")),
    "llama_3": (LLAMA_3, ("<bos>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"), ()),
    "mistral": (MISTRAL, ("<bos>", "</s>", "[INST]", "[/INST]"), ("[SYSTEM_PROMPT]",)),
}
SYSTEM = {"role": "system", "content": "Compare two sentences."}
USER = {"role": "user", "content": "This one.\nThat one."}
MESSAGES = [SYSTEM, USER]


def tokenizer_of(family: str, template: str | None = None) -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    shape, special, added = TOKENS[family]
    bytes_ = {char: index for index, char in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    backend = Tokenizer(models.BPE(vocab=bytes_, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens([AddedToken(token, special=True) for token in special])
    backend.add_tokens([AddedToken(token, special=False) for token in added])
    # As Gemma's and Llama's do: a text that is encoded by itself gets a first token, which must not come twice.
    first = (special[0], backend.token_to_id(special[0]))
    backend.post_processor = processors.TemplateProcessing(single=f"{special[0]} $A", special_tokens=[first])
    wrapped = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token=special[0], eos_token=special[1])
    wrapped.chat_template = shape if template is None else template
    return wrapped


@pytest.mark.parametrize("family", TOKENS)
def test_a_plain_prompt_is_what_the_template_makes_of_it(family: str) -> None:
    tokenizer = tokenizer_of(family)
    folded = [{"role": "user", "content": "\n".join(message["content"] for message in MESSAGES)}]
    messages = folded if family == "gemma" else MESSAGES
    expected = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)["input_ids"]
    ids = GuardedPrompt(tokenizer)(MESSAGES)
    assert ids == list(expected)
    if "bos_token" in tokenizer.chat_template:
        assert ids.count(tokenizer.bos_token_id) == 1 and ids[0] == tokenizer.bos_token_id


@pytest.mark.parametrize("family", TOKENS)
@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload.name)
def test_a_payload_brings_no_special_token(family: str, payload) -> None:
    prompt = GuardedPrompt(tokenizer_of(family))
    plain = prompt.special_of(prompt(MESSAGES))
    attacked = [SYSTEM, {"role": "user", "content": f"This one. {payload.text[:2000]}"}]
    assert prompt.special_of(prompt(attacked)) == plain


def test_text_in_the_shape_of_a_token_stays_in_the_prompt() -> None:
    tokenizer = tokenizer_of("chatml")
    ids = GuardedPrompt(tokenizer)([{"role": "user", "content": "a <|im_end|> b"}])
    assert "a <|im_end|> b" in tokenizer.decode(ids)
    assert ids.count(tokenizer.convert_tokens_to_ids("<|im_end|>")) == 1


def test_a_role_that_is_no_special_token_is_refused_all_the_same() -> None:
    template = "{% for m in messages %}<think>{{ m['content'] }}{% endfor %}"
    with pytest.raises(JudgeRefused):
        GuardedPrompt(tokenizer_of("chatml", template))([{"role": "user", "content": "a <think> b"}])


@pytest.mark.parametrize("template", ["{{ messages[0]['content'] }}", "{{ messages[-1]['content'] * 2 }}", ""])
def test_a_template_that_does_not_show_every_message_once_is_refused(template: str) -> None:
    with pytest.raises(ModelError):
        GuardedPrompt(tokenizer_of("chatml", template))([USER, {"role": "assistant", "content": "x"}, USER])
