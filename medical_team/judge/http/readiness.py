"""Is a judge there, is it ready, and which one is it? Asked once, outside of limits, retries and breakers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from medical_team.errors import ConfigError, NotYetThere
from medical_team.judge.http.answers import parse
from medical_team.judge.http.endpoint import Endpoint
from medical_team.judge.http.transport import Transport
from medical_team.judge.http.trouble import AWAY, MalformedAnswer, RequestFailed
from medical_team.judge.wire import READY_PATH, WireReady

MODELS_PATH = "/v1/models"

M = TypeVar("M", bound=BaseModel)

logger = logging.getLogger(__name__)


class _Model(BaseModel):
    id: str


class _Models(BaseModel):
    """The part of a list of models that is read."""

    data: list[_Model]


@dataclass(frozen=True, slots=True)
class Readiness:
    """What one endpoint said.

    Attributes:
        url: Its address.
        said: Its own words; ``None`` where it gave no answer that can be read.
        problem: Why it cannot audit; ``None`` where it can.
        reachable: Whether anything answered.
    """

    url: str
    said: WireReady | None
    problem: str | None
    reachable: bool = True


async def ask_ready(transport: Transport, endpoint: Endpoint, within_s: float) -> Readiness:
    """Our own server's word."""
    found = await _ask(transport, endpoint, READY_PATH, WireReady, within_s)
    if isinstance(found, Readiness):
        return found
    problem = None if found.ready else f"{endpoint} is not ready: {found.reason or 'it does not say why'}"
    return Readiness(str(endpoint), found, problem)


async def ask_for_model(transport: Transport, endpoint: Endpoint, model: str, within_s: float) -> Readiness:
    """Whether an endpoint that speaks OpenAI's API has the model."""
    found = await _ask(transport, endpoint, MODELS_PATH, _Models, within_s)
    if isinstance(found, Readiness):
        return found
    known = [one.id for one in found.data]
    problem = None if model in known else f"{endpoint} has no model {model!r}; it has {', '.join(known[:5]) or 'none'}"
    return Readiness(str(endpoint), WireReady(ready=problem is None, judge=model, model=model), problem)


async def _ask(transport: Transport, endpoint: Endpoint, path: str, message: type[M], within_s: float) -> M | Readiness:
    try:
        _, body = await transport.exchange("GET", endpoint.at(path), None, within_s)
        return parse(message, body)
    except RequestFailed as failure:
        return Readiness(str(endpoint), None, str(failure), reachable=failure.trouble not in AWAY)
    except MalformedAnswer as error:
        return Readiness(str(endpoint), None, f"{endpoint}: {error}; is judge.http.api the right one?")


def one_judge(found: Sequence[Readiness]) -> str:
    """The name of the judge that all endpoints which are ready are; what the others lack is told in the log.

    Raises:
        ConfigError: They are different judges, and audits would depend on who was free.
        NotYetThere: None is ready.
    """
    judges = {one.url: one.said.judge for one in found if one.said is not None and one.problem is None}
    if not judges:
        raise NotYetThere("no judge is ready: " + "; ".join(one.problem or one.url for one in found))
    if len(set(judges.values())) > 1:
        each = ", ".join(f"{url} is {judge!r}" for url, judge in judges.items())
        raise ConfigError(f"judge.http.urls: the endpoints are different judges ({each}); name endpoints of one")
    for one in found:
        if one.problem is not None:
            logger.warning("%s is not ready; audits go to the other endpoints", one.url)
    return next(iter(judges.values()))
