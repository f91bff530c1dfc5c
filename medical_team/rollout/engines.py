"""Pools of vLLM engines: what the manager sees as "the engine" of a role.

A pool turns chat messages into tokens, gives a request to the engine with the fewest in flight and waits no longer
than its deadline. A failure of the request is an ``EngineError``. An engine that is gone or hangs is no failure of the
request: the supervisor starts it anew, and the request is made again, with the same seed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from medical_team.errors import EngineError, ModelError
from medical_team.game.prompts import fold_system
from medical_team.rollout.supervisor import EngineSupervisor, Place
from medical_team.types import Generation

T = TypeVar("T")

Messages = list[dict[str, str]]


class Silence(Exception):
    """An engine that owes answers gives none of them."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an answer is waited for.

    Attributes:
        deadline_s: Seconds one generation may take.
        silence_s: Seconds in which an engine may answer nobody.
    """

    deadline_s: float
    silence_s: float = float("inf")

    async def wait(self, place: Place, answer: Awaitable[T]) -> T:
        """The answer.

        Raises:
            TimeoutError: It is not there at the deadline.
            Silence: The engine has answered nobody for too long, since it was asked for this answer.
        """
        asked = time.monotonic()
        waiting = asyncio.ensure_future(answer)
        try:
            while not waiting.done():
                now = time.monotonic()
                left = asked + self.deadline_s - now
                silent = max(asked, place.heard_at) + self.silence_s - now
                if left <= 0:
                    raise TimeoutError
                if silent <= 0:
                    raise Silence
                await asyncio.wait({waiting}, timeout=min(left, silent))
            return waiting.result()
        finally:
            waiting.cancel()


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are drawn."""

    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    logprobs: int | None = None
    """0 to be told the log-probabilities of the sampled tokens, as they were drawn."""


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
    """Engines that answer for one role, or for both.

    Args:
        engines: All of the run's.
        members: Which of them are the pool's.
        template, sampling: How a request is made.
        patience: How long it is waited for.
    """

    def __init__(
        self,
        engines: EngineSupervisor,
        members: Sequence[int],
        template: ChatTemplate,
        sampling: Sampling,
        patience: Patience,
    ) -> None:
        self._engines = engines
        self._members = members
        self._template = template
        self._sampling = sampling
        self._patience = patience

    def drawing(self, sampling: Sampling) -> EnginePool:
        """The same engines with another way to draw; evaluation is greedy."""
        return EnginePool(self._engines, self._members, self._template, sampling, self._patience)

    async def generate(self, messages: Messages, *, seed: int) -> Generation:
        """One answer; however often an engine is lost over it, it is the same one.

        Raises:
            EngineError: The engine refused, or missed the deadline while it answered others.
            EnginesLost: Engines die faster than they can be started.
        """
        prompt_ids = self._template(messages)
        answer = None
        while answer is None:
            async with self._engines.lease(self._members) as place:
                answer = await self._ask(place, prompt_ids, asdict(self._sampling) | {"seed": seed})
        return Generation(
            prompt_ids=tuple(prompt_ids),
            response_ids=answer.token_ids,
            text=answer.text,
            truncated=answer.truncated,
            logprobs=answer.logprobs,
            engine_version=answer.version,
        )

    async def _ask(self, place: Place, prompt_ids: list[int], sampling: dict[str, Any]) -> Any:
        """The answer of the engine at the place, or ``None`` when the engine is lost."""
        from ray.exceptions import RayError, RayTaskError

        engine = place.handle
        try:
            answer = await self._patience.wait(place, engine.answer.remote(prompt_ids, sampling))
        except Silence:
            self._engines.lost(place, engine, f"no answer in {self._patience.silence_s:g} s")
            return None
        except TimeoutError:
            raise EngineError(f"engine {place.index} gave no answer within {self._patience.deadline_s:g} s") from None
        except RayTaskError as error:  # what the engine itself raised
            raise EngineError(f"engine {place.index} failed: {type(error).__name__}") from error
        except RayError as error:  # its process, its node, or the way to it: nothing that another seed would mend
            self._engines.lost(place, engine, type(error).__name__)
            return None
        place.answered()
        return answer
