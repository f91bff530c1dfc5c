"""A chat model behind any endpoint that speaks OpenAI's chat completions, as a judge's completer.

What is asked and how the answer is read is the language-model judge's business; limits, retries, breakers and
outages are those of the judge behind our own server.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Self

from pydantic import BaseModel

from medical_team.config.judge import HttpJudgeConfig
from medical_team.game.prompts import Message
from medical_team.judge.http.answers import parse
from medical_team.judge.http.caller import Caller
from medical_team.judge.http.readiness import MODELS_PATH, Readiness, ask_for_model, one_judge
from medical_team.judge.http.trouble import MalformedAnswer

COMPLETIONS_PATH = "/v1/chat/completions"


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    """The part of a chat completion that is read; endpoints add fields of their own."""

    choices: list[_Choice]


class OpenAiCompleter:
    """Completes chats at temperature 0 under a JSON schema. ``model`` is the name the endpoint knows it by."""

    def __init__(self, config: HttpJudgeConfig, model: str) -> None:
        """Nothing is sent yet.

        Raises:
            ConfigError: A URL or the token is none.
        """
        self.model = model
        self._caller = Caller(config, MODELS_PATH)

    async def complete(
        self, messages: list[Message], *, schema: dict[str, Any], max_tokens: int, deadline_s: float
    ) -> str:
        """The answer's text, which the endpoint constrained to ``schema``; who reads it validates it all the same.

        Raises:
            JudgeError: There is none within ``deadline_s``; the kind says why.
            JudgeOutage: All endpoints were away for longer than the budget.
        """
        body = json.dumps(completion_request(self.model, messages, schema, max_tokens)).encode()
        return await self._caller.post(COMPLETIONS_PATH, _always(body), read_completion, deadline_s)

    async def readiness(self, within_s: float = 5.0) -> list[Readiness]:
        """Whether each endpoint has the model."""
        caller = self._caller
        asked = (ask_for_model(caller.transport, one, self.model, within_s) for one in caller.pool.endpoints)
        return list(await asyncio.gather(*asked))

    async def identify(self, within_s: float = 5.0) -> None:
        """See that an endpoint has the model.

        Raises:
            NotYetThere: None has.
        """
        one_judge(await self.readiness(within_s))

    async def close(self) -> None:
        await self._caller.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()


def completion_request(model: str, messages: list[Message], schema: dict[str, Any], max_tokens: int) -> dict[str, Any]:
    return {
        "model": model,
        "messages": messages,
        "temperature": 0,
        "max_tokens": max_tokens,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "audit", "strict": True, "schema": schema},
        },
    }


def read_completion(body: bytes) -> str:
    """The text of a chat completion.

    Raises:
        MalformedAnswer: It has none, or the token limit cut it off.
    """
    choices = parse(_Completion, body).choices
    if len(choices) != 1 or choices[0].message.content is None:
        raise MalformedAnswer(f"a completion with {len(choices)} choices, or without text")
    if choices[0].finish_reason == "length":
        raise MalformedAnswer("the token limit cut the answer off: raise judge.llm.max_new_tokens")
    return choices[0].message.content


def _always(body: bytes) -> Callable[[float], bytes]:
    """The same body for every attempt: a completion knows no deadline and no ids."""
    return lambda within_s: body
