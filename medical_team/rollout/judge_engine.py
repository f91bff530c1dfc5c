"""A judge's own vLLM engine: the ``Completer`` of ``judge.llm`` in this process, and the actor that lives around it.

Greedy, under a JSON schema, in bfloat16 or float32. Nothing of openrlhf is needed here.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

from medical_team.backends import Backend
from medical_team.backends.cpu import engine_arguments as cpu_engine_arguments
from medical_team.backends.cpu import environment as cpu_environment
from medical_team.config import LlmJudgeConfig
from medical_team.errors import JudgeError, JudgeRefused, JudgeTimeout, JudgeUnreachable
from medical_team.game.prompts import Message
from medical_team.judge.actor import JudgeActor
from medical_team.judge.language.llm import LlmJudge
from medical_team.judge.protocol import AuditRequest, JudgeFailure
from medical_team.rollout.guard import answered_or_end, end_process, guard_children
from medical_team.rollout.guarded_prompt import GuardedPrompt
from medical_team.types import Audit

logger = logging.getLogger(__name__)

DEFAULT_MODEL = "google/medgemma-4b-it"

# Audits that an engine works on at once; more wait in its queue.
_SEQUENCES = 64

# GB of KV cache on CPU where nothing else is said.
_KV_CACHE_GB = 1

# Seconds for the first two answers, with whatever an engine compiles for them.
WARM_UP_DEADLINE_S = 300.0


@dataclass(frozen=True, slots=True)
class JudgeEngine:
    """What an engine is started with.

    Attributes:
        model: Folder or hub name.
        dtype: What it computes in. There is no float16: Gemma 3 models overflow in it.
        llm: Lengths and the GPUs' share.
        enable_sleep: Whether it can give its GPU away between audits.
        backend: The hardware.
    """

    model: str
    dtype: Literal["bfloat16", "float32"]
    llm: LlmJudgeConfig
    enable_sleep: bool = False
    backend: Backend = "gpu"

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of vLLM's AsyncEngineArgs."""
        arguments: dict[str, Any] = {
            "model": self.model,
            "dtype": self.dtype,
            "max_model_len": self.llm.max_length,
            "max_num_seqs": _SEQUENCES,
            "tensor_parallel_size": self.llm.gpus if self.backend == "gpu" else 1,
            # Not "ray", which vLLM would choose inside an actor: its workers are on this actor's GPUs.
            "distributed_executor_backend": "mp" if self.llm.gpus > 1 and self.backend == "gpu" else "uni",
            "enable_prefix_caching": True,
            "enable_sleep_mode": self.enable_sleep,
            "trust_remote_code": self.llm.trust_remote_code,
            "language_model_only": True,  # MedGemma could look at images, and would keep memory for them
            # Blanks between keys are not the model's to choose: it could fill its answer with them.
            "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
            "disable_log_stats": True,
        }
        if self.backend == "gpu":
            return arguments | {"gpu_memory_utilization": self.llm.gpu_memory_utilization}
        return arguments | {"enforce_eager": True} | cpu_engine_arguments(self.llm.max_length)


def judge_dtype(configured: str, backend: Backend) -> Literal["bfloat16", "float32"]:
    """As configured, or what the hardware multiplies fast."""
    if configured == "bfloat16" or configured == "float32":
        return configured
    if backend == "gpu":
        return "bfloat16"
    from medical_team.backends.cpu import compute_dtype

    return "bfloat16" if compute_dtype() == "bfloat16" else "float32"


def guarded_prompt(model: str, trust_remote_code: bool) -> GuardedPrompt:
    """The prompts of a judge's model.

    Raises:
        ModelError: It has no tokenizer, or its chat template cannot be used.
    """
    from medical_team.training.model_folder import load_tokenizer

    return GuardedPrompt(load_tokenizer("judge.model", model, trust_remote_code))


class VllmCompleter:
    """Answers chat messages on an engine of its own; ``await start()`` first."""

    def __init__(self, settings: JudgeEngine) -> None:
        """Loads the tokenizer.

        Raises:
            ModelError: There is none, or its chat template cannot be used.
        """
        self.model = settings.model
        self._settings = settings
        self.engine: Any = None
        self.prompt = guarded_prompt(settings.model, settings.llm.trust_remote_code)

    async def start(self) -> None:
        """Load the model; takes as long as that takes, and the event loop goes on meanwhile."""
        if self.engine is None:
            self.engine = await asyncio.to_thread(_start_engine, self._settings)

    async def complete(
        self, messages: list[Message], *, schema: dict[str, Any], max_tokens: int, deadline_s: float
    ) -> str:
        """See ``Completer``. A request that is late is taken out of the engine.

        Raises:
            JudgeTimeout: There was no answer in time.
            JudgeRefused: The prompt leaves no room for an answer, or a field of it is a token of the template.
            JudgeUnreachable: The engine died, or was put to sleep.
            JudgeError: It failed in another way.
        """
        from vllm.exceptions import VLLMError
        from vllm.v1.engine.exceptions import EngineDeadError

        prompt = self.prompt(messages)
        self._check_fits(len(prompt), max_tokens)
        try:
            async with asyncio.timeout(deadline_s):
                output = await self._last_output(prompt, _sampling(schema, max_tokens))
        except TimeoutError:
            raise JudgeTimeout(f"no answer within {deadline_s:g} s") from None
        except EngineDeadError:
            raise JudgeUnreachable("the judge's engine is dead") from None
        except VLLMError as error:
            raise JudgeError(f"the judge's engine failed ({type(error).__name__})") from None
        if output is None or output.finish_reason == "abort":
            raise JudgeUnreachable("the judge's engine dropped the request")
        return output.text

    def in_flight(self) -> int:
        """Requests that the engine holds."""
        return self.engine.output_processor.get_num_unfinished_requests()

    @property
    def is_dead(self) -> bool:
        """Whether the engine has died, so that no request will ever be answered."""
        return self.engine is not None and self.engine.errored

    async def answers(self) -> None:
        """Return when the engine's own process has given a sign of life; it does so between two steps of decoding."""
        if self.engine is not None:
            await self.engine.is_sleeping()

    async def sleep(self) -> None:
        """Move the weights to the host and drop the cache; audits in flight fail."""
        await self.engine.sleep(level=1)

    async def wake_up(self) -> None:
        await self.engine.wake_up()

    def close(self) -> None:
        """End the engine's processes."""
        if self.engine is not None:
            self.engine.shutdown()
            self.engine = None

    def _check_fits(self, prompt_tokens: int, max_tokens: int) -> None:
        room = self._settings.llm.max_length - max_tokens
        if prompt_tokens > room:
            raise JudgeRefused(f"a prompt has {prompt_tokens} tokens and {room} fit: raise judge.llm.max_length")

    async def _last_output(self, prompt: list[int], sampling: Any) -> Any:
        """The finished completion. Leaving early, by deadline or cancellation, aborts the request in the engine."""
        output = None
        stream = self.engine.generate({"prompt_token_ids": prompt}, sampling, request_id=uuid4().hex)
        async with aclosing(stream):
            async for update in stream:
                output = update.outputs[0]
        return output


class VllmJudgeActor(JudgeActor):
    """The judge's process with its engine."""

    def __init__(self, settings: JudgeEngine) -> None:
        self._completer = VllmCompleter(settings)
        self._llm_judge = LlmJudge(self._completer, settings.llm)
        super().__init__(lambda: self._llm_judge)

    async def ready(self) -> str:
        await self._completer.start()
        await self._llm_judge.warm_up(WARM_UP_DEADLINE_S)
        return await super().ready()

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        answers = await super().audit(requests, deadline_s)
        self._end_with_engine()
        return answers

    async def alive(self) -> bool:
        self._end_with_engine()
        await self._completer.answers()
        return await super().alive()

    def _end_with_engine(self) -> None:
        """A process without its engine can do nothing any more: it ends, so that its loss is seen."""
        if self._completer.is_dead:
            logger.error("the judge's engine is dead: ending its process")
            end_process()

    async def end(self) -> None:
        end_process()

    async def sleep(self) -> None:
        await answered_or_end(self._completer.sleep(), lambda: self._completer.is_dead)

    async def wake_up(self) -> None:
        await answered_or_end(self._completer.wake_up(), lambda: self._completer.is_dead)


def _sampling(schema: dict[str, Any], max_tokens: int) -> Any:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

    return SamplingParams(
        temperature=0.0,
        max_tokens=max_tokens,
        structured_outputs=StructuredOutputsParams(json=schema),
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _start_engine(settings: JudgeEngine) -> Any:
    if settings.backend == "cpu":  # before vllm is imported; an actor has them from its cluster already
        for name, value in cpu_environment(0, _KV_CACHE_GB).items():
            os.environ.setdefault(name, value)
    from vllm import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    engine = AsyncLLM.from_engine_args(AsyncEngineArgs(**settings.arguments()))
    guard_children()
    return engine
