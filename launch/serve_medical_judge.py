"""Serve a judge over HTTP.

    python launch/serve_medical_judge.py --model google/medgemma-4b-it --port 8000
    python launch/serve_medical_judge.py --judge rule

Options:
    --judge NAME       rule, exact or vllm; vllm when --model is given, else rule
    --model M          chat model of the vllm judge: a name or a folder
    --host H           address to listen on, 127.0.0.1 by default; any other than this machine's own needs a token
    --port P           8000 by default; 0 takes a free one and says which
    --token-file FILE  file with the bearer token; else the environment variable MEDICAL_TEAM_JUDGE_TOKEN
    --queue N          audits that may wait for the judge; a client that finds it full is told when to come back
    --max-body BYTES   longest body of a request
    --read-timeout S   seconds a client may take for a header, and again for a body
    --grace S          seconds for finishing what is held after SIGTERM
    key.sub=value ...  overrides of the configuration, for instance judge.llm.max_length=4096

A language model is put to its admission before the first audit, on the project's own notes, and /ready says what it
missed. To take it all the same: judge.admission.accept=NAME; to try one without asking: judge.admission.probes=0.

Health at /health, readiness at /ready, Prometheus metrics at /metrics; docs/judge.md explains the rest.
"""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from medical_team.config import Config, load_config
from medical_team.entry import Parser, run_entry_point
from medical_team.errors import ConfigError, JudgeNotAdmitted
from medical_team.judge.bearer import read_token
from medical_team.judge.server.auth import require_token
from medical_team.judge.server.settings import ServerSettings

if TYPE_CHECKING:
    from medical_team.judge.protocol import Judge
    from medical_team.judge.server.standing import OpenJudge

DEFAULTS = ServerSettings(judge="")


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    config = configuration(options)
    token = read_token(options.token_file, os.environ)
    require_token(options.host, token)
    settings = ServerSettings(
        judge=options.model or options.judge,
        model=options.model,
        token=token,
        queue=options.queue,
        max_body=options.max_body,
        read_timeout=options.read_timeout,
        grace=options.grace,
    )
    run(options, config, settings)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(__doc__)
    parser.add_argument("--judge", choices=("rule", "exact", "vllm"), help=argparse.SUPPRESS)
    parser.add_argument("--model", help=argparse.SUPPRESS)
    parser.add_argument("--host", default="127.0.0.1", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=8000, help=argparse.SUPPRESS)
    parser.add_argument("--token-file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--queue", type=int, default=DEFAULTS.queue, help=argparse.SUPPRESS)
    parser.add_argument("--max-body", type=int, default=DEFAULTS.max_body, help=argparse.SUPPRESS)
    parser.add_argument("--read-timeout", type=float, default=DEFAULTS.read_timeout, help=argparse.SUPPRESS)
    parser.add_argument("--grace", type=int, default=DEFAULTS.grace, help=argparse.SUPPRESS)
    parser.add_argument("overrides", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_intermixed_args(arguments)
    options.judge = options.judge or ("vllm" if options.model else "rule")
    if (options.judge == "vllm") != (options.model is not None):
        raise ConfigError(f"--judge {options.judge}: a model is given (--model) for vllm and for no other judge")
    if not 0 <= options.port < 65536:
        raise ConfigError(f"--port {options.port}: a port is a number from 0 to 65535")
    return options


def configuration(options: argparse.Namespace) -> Config:
    """The overrides' and what the options are short for."""
    model = [f"judge.model={options.model}"] if options.model else []
    return load_config(None, [*model, f"judge.name={options.judge}", *options.overrides])


def run(options: argparse.Namespace, config: Config, settings: ServerSettings) -> None:
    from medical_team.judge.server.app import make_app
    from medical_team.judge.server.serve import listen, serve

    listener = listen(options.host, options.port)
    admission = partial(why_not_admitted, config) if options.judge == "vllm" else None
    serve(make_app(opener(options.judge, config), settings, admission), settings, listener)


async def why_not_admitted(config: Config, judge: Judge) -> str | None:
    """The sentence that says what a judge misses; ``None`` where it may audit."""
    from medical_team.data.dataset import load_notes
    from medical_team.judge.admission import put_to_admission

    if not config.judge.admission.probes:
        return None
    notes = load_notes(config.data, config.run.seed)
    report = await put_to_admission(judge, config, notes.train + notes.held_out)
    try:
        report.check()
    except JudgeNotAdmitted as error:
        return str(error)
    return None


def opener(judge: str, config: Config) -> OpenJudge:
    """How the judge that was asked for is loaded."""
    if judge == "vllm":
        from medical_team.rollout.standalone_judge import open_engine_judge

        return lambda: open_engine_judge(config.judge)
    from medical_team.judge.server.local import open_local

    return lambda: open_local(judge, config.game.gates)


if __name__ == "__main__":
    run_entry_point(main)
