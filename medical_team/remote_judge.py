"""Is the judge behind HTTP there, ready, which one is it, and how fast? Shows one audit of a made-up note.

    python -m medical_team.remote_judge --url http://localhost:8000
    python -m medical_team.remote_judge --url http://localhost:8001 --api openai --model google/medgemma-4b-it

The token comes from --token-file or the environment variable MEDICAL_TEAM_JUDGE_TOKEN. Exit code 0: it audits;
1: it does not, or not as a judge should; 2: the command line is wrong.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from medical_team.config.judge import HttpJudgeConfig
from medical_team.entry import FAILED, Parser, run_entry_point
from medical_team.errors import ConfigError
from medical_team.judge import AuditRequest, JudgeFailure
from medical_team.types import Audit, Edit, ErrorType, GameType, Note

if TYPE_CHECKING:
    from rich.console import Console

    from medical_team.judge.http import HttpJudge, Readiness

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
    # One attempt: what is asked here is how the judge is, not how it is after retries.
    config = HttpJudgeConfig(
        urls=tuple(options.url), api=options.api, token_file=options.token_file, attempts=1, outage_budget_s=0
    )
    if options.model:
        return asyncio.run(ask_openai(config, options.model, options.audits, options.deadline))
    return asyncio.run(ask_server(config, options.audits, options.deadline))


async def ask_server(config: HttpJudgeConfig, audits: int, deadline_s: float) -> int:
    """Look at our own server."""
    from medical_team.judge.http import HttpJudge

    async with HttpJudge(config) as judge:
        found = await judge.readiness(deadline_s)
        console = _console()
        for one in found:
            show_readiness(console, one)
        if any(one.problem for one in found):
            return FAILED
        await judge.identify(deadline_s)
        return show_audits(console, await time_audits(judge, audits, deadline_s))
