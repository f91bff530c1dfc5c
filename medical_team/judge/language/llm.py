"""The language model judge: prompt, constrained answer, validation. What runs the model is a ``Completer``.

Two completers exist: ``rollout.judge_engine`` over vLLM in this process, and one over an OpenAI-compatible endpoint.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from medical_team.config import LlmJudgeConfig
from medical_team.errors import JudgeError
from medical_team.game.prompts import Message
from medical_team.judge.language.opinion import answer_schema, audit_of, read_opinion
from medical_team.judge.language.prompts import prompt_named, review_of
from medical_team.judge.protocol import AuditRequest, FailureKind, JudgeFailure
from medical_team.types import Audit

# What a completer is asked before its first audit: no more than it takes to compile the schema.
_WARM_UP: list[Message] = [{"role": "user", "content": "Answer as JSON."}]

# Of the caller's deadline: the rest is for the way back, so that one late answer costs its own audit and not the batch.
_SHARE_OF_DEADLINE = 0.9

_unguessable = partial(secrets.token_hex, 8)


class Completer(Protocol):
    """Runs a chat model, always greedily. ``model`` names it and goes into every audit."""

    model: str

    async def complete(
        self, messages: list[Message], *, schema: dict[str, Any], max_tokens: int, deadline_s: float
    ) -> str:
        """The answer, at most ``max_tokens`` long and decoded under the JSON schema, within ``deadline_s`` seconds.

        Raises:
            JudgeError: There is none; the subclass says why.
        """
        ...


class LlmJudge:
    """Audits with a language model, all requests of a batch at once."""

    def __init__(
        self,
        completer: Completer,
        settings: LlmJudgeConfig,
        code: Callable[[], str] = _unguessable,
    ) -> None:
        """``code`` makes the markers' code of one request: players must not be able to guess the next.

        Raises:
            ConfigError: There is no such prompt version, or ``max_new_tokens`` holds no answer.
        """
        self.name = f"{completer.model}/{settings.prompt}"
        self._completer = completer
        self._prompt = prompt_named(settings.prompt)
        self._max_tokens = settings.max_new_tokens
        self._schemas = {asked: answer_schema(self._max_tokens, reviewed=asked) for asked in (False, True)}
        self._code = code

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        within_s = _SHARE_OF_DEADLINE * deadline_s
        # Exceptions are waited for like answers: no request may still run when the batch is over.
        answers = await asyncio.gather(
            *(self._answer(request, within_s) for request in requests), return_exceptions=True
        )
        return [_expected(answer) for answer in answers]

    async def warm_up(self, deadline_s: float) -> None:
        """One answer under each schema: compiling one takes seconds, which no audit's deadline should pay for.

        Raises:
            JudgeError: The model gives none.
        """
        for schema in self._schemas.values():
            await self._completer.complete(_WARM_UP, schema=schema, max_tokens=self._max_tokens, deadline_s=deadline_s)

    async def _answer(self, request: AuditRequest, deadline_s: float) -> Audit | JudgeFailure:
        try:
            return await self._audit(request, deadline_s)
        except JudgeError as error:
            return JudgeFailure(FailureKind(error.kind), str(error))

    async def _audit(self, request: AuditRequest, deadline_s: float) -> Audit:
        asked = review_of(request) is not None
        answer = await self._completer.complete(
            self._prompt(request, self._code()),
            schema=self._schemas[asked],
            max_tokens=self._max_tokens,
            deadline_s=deadline_s,
        )
        return audit_of(read_opinion(answer, reviewed=asked), self.name)


def _expected(answer: Audit | JudgeFailure | BaseException) -> Audit | JudgeFailure:
    if isinstance(answer, BaseException):
        raise answer
    return answer
