"""The seam to the engines: what the manager and the evaluation ask of them, and the one retry.

The retry is for a request that failed. An engine that is lost is no failure of the request: whoever implements
``Engine`` asks another one, with the same seed and on a budget of its own (``cluster.max_engine_restarts``), so that a
game is the same however many engines die over it.

``rollout/`` implements ``Engine`` over vLLM, the tests by a few lines of Python; nothing here knows either.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Protocol

from medical_team.errors import EngineError
from medical_team.game.prompts import Message
from medical_team.types import Generation, Role

logger = logging.getLogger(__name__)

# Another seed gets over an answer that takes too long; what fails twice in a row is worth being counted.
ATTEMPTS = 2


class Engine(Protocol):
    """A pool of engines that answers for a role."""

    async def generate(self, messages: list[Message], *, seed: int) -> Generation:
        """The answer to a chat; the same seed and weights give the same answer.

        Raises:
            EngineError: The request was refused, or its answer took too long.
            EnginesLost: There is no engine, and there will be none.
        """
        ...


async def generate(engine: Engine, messages: list[Message], *, role: Role, seed: int) -> Generation:
    """Ask, and ask once more with another seed when the request fails.

    Raises:
        EngineError: The last attempt's.
    """
    for attempt in range(ATTEMPTS - 1):
        try:
            return await engine.generate(messages, seed=request_seed(seed, role, attempt))
        except EngineError as error:
            logger.warning("%s turn: attempt %d of %d failed: %s", role, attempt + 1, ATTEMPTS, type(error).__name__)
    return await engine.generate(messages, seed=request_seed(seed, role, ATTEMPTS - 1))


def request_seed(seed: int, role: Role, attempt: int) -> int:
    """Seed of one request, in [0, 2**63): a stable hash, so that it depends neither on process nor on order."""
    digest = hashlib.blake2b(f"{seed}/{role}/{attempt}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
