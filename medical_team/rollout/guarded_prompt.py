"""A chat prompt in which only the template has special tokens: what the messages say stays text, token id by token id.

A tokenizer that reads a rendered prompt cannot tell the template's ``<|im_end|>`` from one that a player wrote. Here
the template is rendered around placeholders and encoded as templates are, the messages are encoded apart with every
special token split into its characters, and the pieces are joined.
"""

from __future__ import annotations

import re
from typing import Any

from medical_team.errors import JudgeRefused, ModelError
from medical_team.game.prompts import Message, fold_system
from medical_team.rollout.engines import accepts_system_role, check_chat_template

_SLOT = re.compile(r"MessageSlot(\d+)Here")


class GuardedPrompt:
    """Messages to token ids, by the model's own chat template; a model without a system role works too.

    Raises:
        ModelError: The tokenizer has no chat template, or one that does not show every message once.
    """

    def __init__(self, tokenizer: Any) -> None:
        check_chat_template(tokenizer)
        self._tokenizer = tokenizer
        self._system_role = accepts_system_role(tokenizer)
        self._special = _special_ids(tokenizer)

    def __call__(self, messages: list[Message]) -> list[int]:
        """Token ids of the prompt, ready for the answer.

        Raises:
            JudgeRefused: A message holds a token of the template all the same (tokenizers split the special ones only).
        """
        turns = messages if self._system_role else fold_system(messages)
        template, order = self._render(turns)
        frame = [self._encode(piece) for piece in template]
        texts = [self._encode(turns[index]["content"].strip(), guarded=True) for index in order]
        forbidden = self._special.union(*(self._added(ids) for ids in frame))
        if any(token in forbidden for ids in texts for token in ids):
            raise JudgeRefused("a field of the request is a token of the model's chat template")
        ids = list(frame[0])
        for text, piece in zip(texts, frame[1:], strict=True):
            ids += text + piece
        return ids

    def special_of(self, ids: list[int]) -> list[int]:
        """The special tokens among them, in order."""
        return [token for token in ids if token in self._special]

    def _render(self, turns: list[Message]) -> tuple[list[str], list[int]]:
        """What the template writes before, between and after the messages, and in which order it shows them."""
        slots = [{"role": turn["role"], "content": f"MessageSlot{index}Here"} for index, turn in enumerate(turns)]
        # A model that would think first is told not to: the schema is all that it may write.
        text = self._tokenizer.apply_chat_template(
            slots, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        pieces = _SLOT.split(text)
        order = [int(index) for index in pieces[1::2]]
        if sorted(order) != list(range(len(turns))):
            raise ModelError(f"{self._tokenizer.name_or_path}: its chat template does not show every message once")
        return pieces[::2], order

    def _encode(self, text: str, *, guarded: bool = False) -> list[int]:
        # The template brings its own first token: one that the tokenizer adds would be a second.
        encoded = self._tokenizer(text, add_special_tokens=False, split_special_tokens=guarded)
        return list(encoded["input_ids"])

    def _added(self, ids: list[int]) -> set[int]:
        """Tokens beside the ordinary vocabulary, such as role names that are not marked as special; blanks are text."""
        added = self._tokenizer.added_tokens_decoder
        return {token for token in ids if token in added and str(added[token]).strip()}


def _special_ids(tokenizer: Any) -> set[int]:
    added = {token for token, entry in tokenizer.added_tokens_decoder.items() if entry.special}
    return added | set(tokenizer.all_special_ids)
