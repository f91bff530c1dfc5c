"""A judge outside of a run, its engine in this process: for the programs that probe, serve and judge again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from medical_team.backends import resolve
from medical_team.config import Config, JudgeConfig
from medical_team.errors import JudgeLost
from medical_team.judge.language.llm import LlmJudge
from medical_team.judge.opening import open_judge
from medical_team.judge.protocol import Judge
from medical_team.rollout.judge_engine import DEFAULT_MODEL, WARM_UP_DEADLINE_S, JudgeEngine, VllmCompleter, judge_dtype
from medical_team.types import Note

# Seconds between two looks at whether an engine is still there.
_WATCH_EVERY_S = 1.0


@asynccontextmanager
async def open_configured_judge(config: Config, notes: Sequence[Note] = ()) -> AsyncIterator[Judge]:
    """The judge of a configuration, a language model's engine and the members of a panel included.

    ``notes`` are those whose gold pairs a judge made of code may learn terms from.

    Raises:
        UserError: It cannot be had as configured.
        JudgeError: A language model gives no first answer.
        JudgeLost: Its engine died in the block.
    """
    async with AsyncExitStack() as until_the_end:
        started = {}
        if "vllm" in config.judge_names:
            started["vllm"] = await until_the_end.enter_async_context(open_engine_judge(config.judge))
        opened = open_judge(config.judge_names, config.judge, config.game.gates, started, notes)
        yield await until_the_end.enter_async_context(opened)


@asynccontextmanager
async def open_engine_judge(config: JudgeConfig) -> AsyncIterator[LlmJudge]:
    """A language model on an engine in this process, warmed up.

    Raises:
        JudgeError: It gives no first answer.
        JudgeLost: The engine died in the block, which ends with it.
    """
    backend = resolve()
    dtype = judge_dtype(config.llm.dtype, backend)
    completer = VllmCompleter(JudgeEngine(config.model or DEFAULT_MODEL, dtype, config.llm, backend=backend))
    try:
        await completer.start()
        judge = LlmJudge(completer, config.llm)
        await judge.warm_up(WARM_UP_DEADLINE_S)
        async with while_it_lives(completer):
            yield judge
    finally:
        completer.close()


@asynccontextmanager
async def while_it_lives(completer: VllmCompleter) -> AsyncIterator[None]:
    """A block that is cancelled when the engine dies: no audit would ever be answered again.

    Raises:
        JudgeLost: It died.
    """

    async def watch(block: asyncio.Timeout) -> None:
        while not completer.is_dead:
            await asyncio.sleep(_WATCH_EVERY_S)
        block.reschedule(asyncio.get_running_loop().time())

    block = asyncio.timeout(None)
    try:
        async with block:
            watching = asyncio.create_task(watch(block))
            try:
                yield
            finally:
                watching.cancel()
    except TimeoutError:
        if not block.expired():
            raise
        raise JudgeLost(f"the engine of judge {completer.model} has died: start it again") from None
