"""Is a judge there, is it ready, and which one is it? Asked once, outside of limits, retries and breakers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medical_team.errors import ConfigError, MachineError
from medical_team.judge.http.answers import parse
from medical_team.judge.http.caller import MalformedAnswer
from medical_team.judge.http.endpoint import Endpoint
from medical_team.judge.http.transport import Transport
from medical_team.judge.http.trouble import RequestFailed
from medical_team.judge.wire import READY_PATH, WireReady


@dataclass(frozen=True, slots=True)
class Readiness:
    """What one endpoint said.

    Attributes:
        url: Its address.
        said: Its own words; ``None`` where it gave no answer that can be read.
        problem: Why it cannot audit; ``None`` where it can.
    """

    url: str
    said: WireReady | None
    problem: str | None


async def ask_ready(transport: Transport, endpoint: Endpoint, within_s: float) -> Readiness:
    try:
        _, body = await transport.exchange("GET", endpoint.url / READY_PATH.lstrip("/"), None, within_s)
        said = parse(WireReady, body)
    except RequestFailed as failure:
        return Readiness(str(endpoint), None, str(failure))
    except MalformedAnswer as error:
        return Readiness(str(endpoint), None, f"{endpoint}: {error}; is this our judge server? See judge.http.api")
    return Readiness(
        str(endpoint), said, None if said.ready else f"{endpoint} is not ready: {said.reason or 'no reason'}"
    )


def one_judge(found: Sequence[Readiness]) -> str:
    """The name of the judge that all endpoints which are ready are.

    Raises:
        ConfigError: They are different judges, and audits would depend on who was free.
        MachineError: None is ready.
    """
    judges = {one.url: one.said.judge for one in found if one.said is not None and one.problem is None}
    if not judges:
        raise MachineError("no judge is ready: " + "; ".join(one.problem or one.url for one in found))
    if len(set(judges.values())) > 1:
        each = ", ".join(f"{url} is {judge!r}" for url, judge in judges.items())
        raise ConfigError(f"judge.http.urls: the endpoints are different judges ({each}); name endpoints of one")
    return next(iter(judges.values()))
