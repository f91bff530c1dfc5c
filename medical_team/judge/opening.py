"""Judges by their names in the configuration, for as long as a block lasts. Used by the run and by the programs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from medical_team.config import GatesConfig, JudgeConfig
from medical_team.judge import make_judge
from medical_team.judge.language.llm import LlmJudge
from medical_team.judge.panel import PanelJudge
from medical_team.judge.protocol import Judge
from medical_team.types import Note

NOTHING_STARTED: Mapping[str, Judge] = {}


@asynccontextmanager
async def open_judge(
    names: Sequence[str],
    config: JudgeConfig,
    gates: GatesConfig,
    started: Mapping[str, Judge] = NOTHING_STARTED,
    notes: Sequence[Note] = (),
) -> AsyncIterator[Judge]:
    """The judge of that name, or a panel of several; ``started`` are those that run already, elsewhere;
    ``notes`` those whose gold pairs a judge made of code may learn terms from.

    A language model's engine is not started here: ``vllm`` must be among the started ones.

    Raises:
        ConfigError: A name, a URL or the token is none, or the endpoints are not one judge.
        NotYetThere: No endpoint is ready.
    """
    async with AsyncExitStack() as until_the_end:
        members = [
            started[name] if name in started else await _open(name, config, gates, until_the_end, notes)
            for name in names
        ]
        yield members[0] if len(members) == 1 else PanelJudge(members, config.panel.agreement)


async def _open(
    name: str, config: JudgeConfig, gates: GatesConfig, until_the_end: AsyncExitStack, notes: Sequence[Note]
) -> Judge:
    if name != "http":
        return make_judge(name, gates, notes)
    if config.http.api == "openai":
        from medical_team.judge.http.openai import OpenAiCompleter

        assert config.model is not None, "the configuration sees to it"
        completer = await until_the_end.enter_async_context(OpenAiCompleter(config.http, config.model))
        await completer.identify()
        return LlmJudge(completer, config.llm)
    from medical_team.judge.http import HttpJudge

    judge = await until_the_end.enter_async_context(HttpJudge(config.http))
    await judge.identify()
    return judge
