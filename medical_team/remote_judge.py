"""Is the judge behind HTTP there, ready, which one is it, and how fast? Shows one audit of a made-up note.

    python -m medical_team.remote_judge --url http://localhost:8000
    python -m medical_team.remote_judge --url http://localhost:8001 --api openai --model google/medgemma-4b-it

The token comes from --token-file or the environment variable MEDICAL_TEAM_JUDGE_TOKEN. Exit code 0: it audits;
1: it does not, or calls a plain error none; 2: the command line is wrong.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from rich.markup import escape
from rich.table import Table

from medical_team.config.judge import HttpJudgeConfig, LlmJudgeConfig
from medical_team.entry import FAILED, Parser, run_entry_point
from medical_team.errors import ConfigError, JudgeOutage
from medical_team.judge import AuditRequest, FailureKind, Judge, JudgeFailure
from medical_team.types import Audit, Edit, ErrorType, GameType, Note

if TYPE_CHECKING:
    from medical_team.judge.http import Readiness

EXAMPLE_NOTE = Note(
    note_id="remote-judge-example",
    sentences=(
        "A 34-year-old man comes with fever and a productive cough for three days.",
        "Crackles are heard over the right lower lobe, and a radiograph shows an infiltrate there.",
        "He has no known allergies and takes no medicines.",
        "He was started on amoxicillin for community-acquired pneumonia.",
    ),
    group="remote-judge-example",
)
EXAMPLE_EDIT = Edit(3, "He was started on metformin for community-acquired pneumonia.", ErrorType.PHARMACOTHERAPY)


@dataclass(frozen=True, slots=True)
class Timed:
    """What a judge answered, and after how many seconds."""

    answer: Audit | JudgeFailure
    seconds: float


def example() -> AuditRequest:
    """An error that any judge should see, in a note of this project's own: it may be shown."""
    sentences = list(EXAMPLE_NOTE.sentences)
    sentences[EXAMPLE_EDIT.sentence_id] = EXAMPLE_EDIT.replacement
    shown = Note(
        EXAMPLE_NOTE.note_id,
        tuple(sentences),
        EXAMPLE_NOTE.group,
        EXAMPLE_EDIT.error_type,
        EXAMPLE_EDIT.sentence_id,
        EXAMPLE_NOTE.sentences[EXAMPLE_EDIT.sentence_id],
    )
    return AuditRequest(0, GameType.ADVERSARIAL_BENIGN, EXAMPLE_NOTE, EXAMPLE_EDIT, shown)


def main(arguments: list[str]) -> int:
    parser = Parser(__doc__)
    parser.add_argument("--url", required=True, action="append", help="base URL; may be given several times")
    parser.add_argument("--api", choices=("medical_team", "openai"), default="medical_team")
    parser.add_argument("--model", help="with --api openai: the name the endpoint knows its model by")
    parser.add_argument("--token-file", type=Path, help="file with the bearer token")
    parser.add_argument("--audits", type=int, default=5, help="audits that are timed (default 5)")
    parser.add_argument("--deadline", type=float, default=30.0, help="seconds an audit may take (default 30)")
    options = parser.parse_args(arguments)
    if options.audits < 1 or options.deadline <= 0:
        raise ConfigError("--audits and --deadline must be above 0")
    if (options.api == "openai") is not bool(options.model):
        raise ConfigError("--model goes with --api openai, and --api openai with --model")
    # One attempt: what is asked here is how the judge is, not how it is after retries. A late one is asked for again.
    config = HttpJudgeConfig(
        urls=tuple(options.url), api=options.api, token_file=options.token_file, attempts=1, outage_budget_s=0
    )
    return asyncio.run(look(config, options.model, options.audits, options.deadline))


async def look(config: HttpJudgeConfig, model: str | None, audits: int, deadline_s: float) -> int:
    """Ask what is there, time some audits and show one; the exit code."""
    from rich.console import Console

    console = Console(highlight=False)
    async with open_judge(config, model) as (peer, judge):
        found = await peer.readiness(deadline_s)
        console.print(readiness_table(found))
        problems = [one.problem for one in found if one.problem]
        for problem in problems:
            console.print(problem, markup=False, soft_wrap=True)
        if problems:
            return FAILED
        timed = await time_audits(judge, audits, deadline_s)
    console.print(audit_table(timed))
    if all(isinstance(one.answer, Audit) and one.answer.is_error is not False for one in timed):
        return 0
    console.print("An audit failed, or did not see the error.")
    return FAILED


@asynccontextmanager
async def open_judge(config: HttpJudgeConfig, model: str | None) -> AsyncIterator[tuple[Peer, Judge]]:
    """Who says what is there, and who audits: the same at our own server, a chat model's completer otherwise."""
    if model is None:
        from medical_team.judge.http import HttpJudge

        async with HttpJudge(config) as judge:
            yield judge, judge
    else:
        from medical_team.judge.http.openai import OpenAiCompleter
        from medical_team.judge.language.llm import LlmJudge

        async with OpenAiCompleter(config, model) as completer:
            yield completer, LlmJudge(completer, LlmJudgeConfig())


class Peer(Protocol):
    """What can be asked whether it is ready."""

    async def readiness(self, within_s: float) -> list[Readiness]: ...


async def time_audits(judge: Judge, audits: int, deadline_s: float) -> list[Timed]:
    """One after the other; none after the judge has gone."""
    timed: list[Timed] = []
    while len(timed) < audits:
        timed.append(await time_audit(judge, deadline_s))
        if isinstance(timed[-1].answer, JudgeFailure) and timed[-1].answer.kind is FailureKind.UNREACHABLE:
            break
    return timed


async def time_audit(judge: Judge, deadline_s: float) -> Timed:
    started = perf_counter()
    try:
        (answer,) = await judge.audit([example()], deadline_s)
    except JudgeOutage as outage:  # with no budget, the first failure is one
        answer = JudgeFailure(FailureKind.UNREACHABLE, str(outage))
    return Timed(answer, perf_counter() - started)


def readiness_table(found: Sequence[Readiness]) -> Table:
    table = Table(title="Endpoints", title_justify="left")
    for column in ("url", "reachable", "ready", "judge", "model"):
        table.add_column(column, overflow="fold")
    for one in found:
        judge, model = (one.said.judge, one.said.model or "-") if one.said else ("-", "-")
        table.add_row(
            one.url, "yes" if one.reachable else "no", "no" if one.problem else "yes", escape(judge), escape(model)
        )
    return table


def said_of(answer: Audit | JudgeFailure) -> str:
    """Whether it is an error, or the kind of failure."""
    if isinstance(answer, JudgeFailure):
        return answer.kind.value
    return {True: "yes", False: "no", None: "cannot tell"}[answer.is_error]


def audit_table(timed: Sequence[Timed]) -> Table:
    """One audit of the example, and how long each of them took."""
    request, first = example(), timed[0].answer
    seconds = [one.seconds for one in timed]
    table = Table(title="An audit of a made-up note", title_justify="left", show_header=False)
    table.add_row("was", request.note.sentences[request.edit.sentence_id])
    table.add_row("is", request.edit.replacement)
    if isinstance(first, Audit):
        table.add_row("an error?", said_of(first))
        table.add_row("reason code", escape(first.reason))
        table.add_row("realism", "-" if first.realism is None else f"{first.realism:.2f}")
        table.add_row("judge", escape(first.judge))
    else:
        table.add_row("no audit", escape(f"{first.kind}: {first.message}"))
    if len(timed) > 1:
        told = Counter(said_of(one.answer) for one in timed)
        table.add_row("all of them", ", ".join(f"{count} x {said}" for said, count in told.most_common()))
    table.add_row("seconds", f"median {median(seconds):.3f} of {len(timed)}, {min(seconds):.3f} to {max(seconds):.3f}")
    return table


if __name__ == "__main__":
    run_entry_point(main)
