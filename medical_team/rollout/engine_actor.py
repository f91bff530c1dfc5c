"""The Ray actor around one vLLM engine: upstream's, plus an answer that is small and a digest of its weights.

The module is imported in the actor's own process: ``prepare`` runs before openrlhf is touched.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from medical_team.backends import prepare
from medical_team.rollout.guard import answered_or_end, end_process, guard_children
from medical_team.rollout.worker import Digest

prepare()

from openrlhf.trainer.ray.vllm_engine import RolloutRayActor  # noqa: E402 - only after prepare()
from vllm import SamplingParams  # noqa: E402
from vllm.v1.engine.exceptions import EngineDeadError  # noqa: E402

logger = logging.getLogger(__name__)

# Upstream decorates the class with ray.remote, which Ray forbids to subclass; the plain class is below it.
_PlainRolloutActor: Any = RolloutRayActor.__ray_metadata__.modified_class.__ray_actor_class__


@dataclass(frozen=True, slots=True)
class EngineAnswer:
    """One sampled answer, as it travels from an engine to the driver."""

    token_ids: tuple[int, ...]
    text: str
    truncated: bool
    logprobs: tuple[float, ...] | None
    version: int


class EngineActor(_PlainRolloutActor):
    """One vLLM engine."""

    async def __init__(self, *args: Any, **kwargs: Any) -> None:
        await super().__init__(*args, **kwargs)
        guard_children()
        self._version = 0

    async def answer(self, prompt_ids: list[int], sampling: dict[str, Any]) -> EngineAnswer:
        """Sample one answer; ``sampling`` are the keyword arguments of vLLM's SamplingParams."""
        version = self._version
        try:
            output = await self.generate(prompt_ids, SamplingParams(**sampling))
        except EngineDeadError:
            # vLLM's own process is gone and this one can do nothing any more: it ends, so that its loss is seen.
            logger.error("vLLM's engine core is dead: ending the engine's process")
            end_process()
        completion = output.outputs[0]
        return EngineAnswer(
            token_ids=tuple(completion.token_ids),
            text=completion.text,
            truncated=completion.finish_reason == "length",
            logprobs=_chosen_logprobs(completion),
            version=version,
        )

    async def weights_synced(self) -> int:
        """Called after a weight sync: forget cached prompts of the old weights, count the update."""
        await self.reset_prefix_cache()
        self._version += 1
        return self._version

    async def adopt_version(self, version: int) -> None:
        """Called on an engine that came back, or in a run that did: so many syncs have there been."""
        await self.reset_prefix_cache()
        self._version = version

    async def weights_digest(self) -> Digest:
        """Digest of the weights of this engine's first worker."""
        return tuple((await self.llm.collective_rpc("weights_digest"))[0])

    async def sleep(self, level: int = 1) -> None:
        """As upstream's; where vLLM's engine core is dead this process ends."""
        await answered_or_end(super().sleep(level), lambda: self.llm.errored)

    async def wake_up(self, tags: list[str] | None = None) -> None:
        """As upstream's; where vLLM's engine core is dead this process ends."""
        await answered_or_end(super().wake_up(tags), lambda: self.llm.errored)

    async def end(self) -> None:
        """Called on an engine that hangs; the call does not return."""
        end_process()

    async def ready(self) -> bool:
        """A sign of life of this process and of vLLM's, which gives it between two steps of decoding."""
        try:
            await self.llm.check_health()
            await self.llm.is_sleeping()
        except EngineDeadError:
            end_process()
        return True


def _chosen_logprobs(completion: Any) -> tuple[float, ...] | None:
    if completion.logprobs is None:
        return None
    pairs = zip(completion.token_ids, completion.logprobs, strict=True)
    return tuple(position[token].logprob for token, position in pairs)
