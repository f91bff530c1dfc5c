"""Pools of vLLM engines: what the manager sees as "the engine" of a role.

A pool turns chat messages into tokens, gives a request to the engine with the fewest in flight, waits no longer than
its deadline, and turns every failure into an ``EngineError``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from medical_team.errors import EngineError, ModelError
from medical_team.game.prompts import fold_system
from medical_team.types import Generation

Messages = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are drawn."""

    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0


class ChatTemplate:
    """Messages to token ids, with the model's own chat template; a model without a system role works too.

    Raises:
        ModelError: The tokenizer has no chat template, or a broken one.
    """

    def __init__(self, tokenizer: Any, max_prompt_tokens: int) -> None:
        check_chat_template(tokenizer)
        self._tokenizer = tokenizer
        self._max_prompt_tokens = max_prompt_tokens
        self._system_role = accepts_system_role(tokenizer)
        self._check_template()

    def __call__(self, messages: Messages) -> list[int]:
        """Token ids of the prompt.

        Raises:
            EngineError: It is longer than the engine takes.
        """
        ids = self._encode(messages)
        if len(ids) > self._max_prompt_tokens:
            raise EngineError(
                f"a prompt has {len(ids)} tokens and {self._max_prompt_tokens} fit: raise model.max_length"
            )
        return ids

    def count(self, messages: Messages) -> int:
        """Tokens of the prompt, however many."""
        return len(self._encode(messages))

    def _encode(self, messages: Messages) -> list[int]:
        turns = messages if self._system_role else fold_system(messages)
        encoded = self._tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=True)
        return list(encoded["input_ids"])

    def _check_template(self) -> None:
        try:
            self._encode([{"role": "user", "content": "x"}])
        except Exception as error:  # Jinja's, or whatever a template raises
            raise ModelError(
                f"{self._tokenizer.name_or_path} has a chat template that fails ({type(error).__name__}): mend its "
                "chat_template, or use another model"
            ) from None


def check_chat_template(tokenizer: Any) -> None:
    """Raise ModelError when the tokenizer has no chat template."""
    if not getattr(tokenizer, "chat_template", None):
        raise ModelError(
            f"{tokenizer.name_or_path} has no chat template: use an instruction-tuned model, or put a "
            "chat_template into its tokenizer_config.json"
        )


def accepts_system_role(tokenizer: Any) -> bool:
    """Whether the chat template shows a system message."""
    probe = [{"role": "system", "content": "system-probe"}, {"role": "user", "content": "x"}]
    try:
        return "system-probe" in tokenizer.apply_chat_template(probe, tokenize=False)
    except Exception:  # templates refuse a role by raising whatever Jinja's raise_exception is bound to
        return False


class EnginePool:
    """Engines that answer for one role, or for both."""

    def __init__(self, engines: Sequence[Any], template: ChatTemplate, sampling: Sampling, deadline_s: float) -> None:
        self._engines = list(engines)
        self._in_flight = [0] * len(engines)
        self._template = template
        self._sampling = sampling
        self._deadline_s = deadline_s

    def drawing(self, sampling: Sampling) -> EnginePool:
        """The same engines with another way to draw; evaluation is greedy."""
        return EnginePool(self._engines, self._template, sampling, self._deadline_s)

    async def generate(self, messages: Messages, *, seed: int) -> Generation:
        """One answer.

        Raises:
            EngineError: The engine died, refused or missed its deadline.
        """
        prompt_ids = self._template(messages)
        index = self._in_flight.index(min(self._in_flight))
        self._in_flight[index] += 1
        try:
            async with asyncio.timeout(self._deadline_s):
                answer = await self._engines[index].answer.remote(prompt_ids, asdict(self._sampling) | {"seed": seed})
        except TimeoutError:
            raise EngineError(f"engine {index} gave no answer within {self._deadline_s:g} s") from None
        except _ray_errors() as error:
            raise EngineError(f"engine {index} failed: {type(error).__name__}") from error
        finally:
            self._in_flight[index] -= 1
        return Generation(
            prompt_ids=tuple(prompt_ids),
            response_ids=answer.token_ids,
            text=answer.text,
            truncated=answer.truncated,
            logprobs=answer.logprobs,
            engine_version=answer.version,
        )


def _ray_errors() -> type[Exception]:
    from ray.exceptions import RayError

    return RayError
