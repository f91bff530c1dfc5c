"""``serve_medical_judge.py``: what it refuses before it loads or listens, in one sentence."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from audit_requests import request_for
from fakes import make_note

from medical_team.errors import UserError
from medical_team.judge.bearer import TOKEN_VARIABLE
from medical_team.judge.server.serve import listen

SCRIPT = Path(__file__).parents[2] / "launch" / "serve_medical_judge.py"


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], None]:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    return runpy.run_path(str(SCRIPT))["main"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("--host 0.0.0.0", "--token-file"),
        ("--judge rule --model some/model", "--model"),
        ("--judge vllm", "--model"),
        ("--judge oracle", "oracle"),
        ("--port 70000", "70000"),
        ("--port http", "http"),
        ("--queue 1", "queue"),
        ("--grace 0", "grace"),
        ("--token-file no/such/file", "no/such/file"),
        ("--temperature 1", "--temperature"),
    ],
)
def test_what_cannot_be_served_is_refused_by_name(main: Callable[[list[str]], None], options: str, named: str):
    with pytest.raises(UserError, match=named) as refused:
        main(options.split())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("overrides", "is_error"), [([], True), (["game.gates.max_edited_tokens=1"], None)])
async def test_the_rules_that_are_served_are_the_configurations(overrides: list[str], is_error: bool | None):
    script = runpy.run_path(str(SCRIPT))
    config = script["configuration"](script["parse"](["--judge", "rule", *overrides]))
    note = replace(make_note(0, harmful=False), sentences=("Pneumonia is diagnosed.",) * 8)
    asked = request_for(note, 0, "Sarcoidosis is diagnosed.")
    async with script["opener"]("rule", config)() as judge:
        (audit,) = await judge.audit([asked], 30.0)
    assert audit.is_error is is_error


def test_a_port_in_use_is_refused_before_a_judge_is_loaded(main: Callable[[list[str]], None]):
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(UserError, match=port):
            main(["--port", port, "--judge", "exact"])
