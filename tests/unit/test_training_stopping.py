"""What stops a run, and what its time still allows."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medical_team.config import load_config
from medical_team.errors import ConfigError, RunStopped
from medical_team.training.own_cluster import guard_own_cluster
from medical_team.training.stopping import ENDS_AT_VARIABLE, SIGNALS, Part, Stop, TimeLimit, stop_of

NEVER = TimeLimit(None, 0)


@pytest.fixture
def stop(tmp_path: Path) -> Iterator[Stop]:
    stop = Stop(NEVER, tmp_path / "stop")
    stop.listen()
    with stop.only_at_safe_points():
        yield stop
    stop.close()


def test_a_run_that_nobody_stops_goes_on(stop: Stop):
    stop.check(Part.PLAY, Part.LEARN)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_stops_at_the_next_safe_point_and_is_named(stop: Stop, number: signal.Signals):
    os.kill(os.getpid(), number)

    with pytest.raises(RunStopped, match=f"stopped by {number.name};"):
        stop.check()


def test_of_two_signals_the_first_is_the_reason(stop: Stop):
    os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(RunStopped, match="SIGUSR1"):
        stop.check()


def test_where_nothing_can_be_lost_the_first_signal_stops_at_once(tmp_path: Path):
    stop = Stop(NEVER, tmp_path / "stop")
    stop.listen()
    try:
        with pytest.raises(RunStopped, match="SIGUSR1"):
            os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGTERM)  # while it tidies up
    finally:
        stop.close()


def test_signals_are_given_back(tmp_path: Path):
    before = [signal.getsignal(number) for number in SIGNALS]
    stop = Stop(NEVER, tmp_path / "stop")
    stop.listen()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as ray.init takes it for itself
    stop.listen()
    stop.close()

    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_file_stops_the_run_once(stop: Stop, tmp_path: Path):
    (tmp_path / "stop").touch()

    with pytest.raises(RunStopped, match=r"the file .*stop"):
        stop.check()
    assert not (tmp_path / "stop").exists(), "the resumed run would stop at once"


async def test_work_that_nobody_stops_returns_or_raises(stop: Stop):
    async def work(fails: bool) -> int:
        await asyncio.sleep(0)
        return 1 // (not fails)

    assert await stop.unless_stopped(work(False)) == 1
    with pytest.raises(ZeroDivisionError):
        await stop.unless_stopped(work(True))


async def test_work_is_cancelled_by_a_signal_and_may_tidy_up(stop: Stop):
    tidied = []

    async def work() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await asyncio.Event().wait()
        finally:
            tidied.append(True)

    with pytest.raises(RunStopped, match="SIGTERM"):
        await stop.unless_stopped(work())
    assert tidied == [True]


async def test_work_is_cancelled_when_time_is_just_enough_for_a_save(stop: Stop):
    stop.limit = TimeLimit(100, 10, now=lambda: 71)
    stop.limit.took(Part.SAVE, 20)

    with pytest.raises(RunStopped, match="too near for going on and a save"):
        await stop.unless_stopped(asyncio.Event().wait())


SECONDS = st.integers(0, 1000)


@given(SECONDS, SECONDS, st.dictionaries(st.sampled_from(Part), st.lists(SECONDS, min_size=1)), SECONDS)
def test_what_is_begun_ends_with_its_save_before_the_margin(
    ends_at: int, now: int, measured: dict[Part, list[int]], margin: int
):
    limit = TimeLimit(ends_at, margin, now=lambda: now)
    for part, times in measured.items():
        for seconds in times:
            limit.took(part, seconds)
    longest = {part: max(measured.get(part, [0])) for part in Part}

    over = now + longest[Part.PLAY] + longest[Part.LEARN] + longest[Part.SAVE]
    assert limit.allows(Part.PLAY, Part.LEARN) == (over <= ends_at - margin)
    assert limit.allows() == (now + longest[Part.SAVE] <= ends_at - margin)


def test_a_job_without_an_end_allows_everything():
    limit = TimeLimit(None, 1e9)
    limit.took(Part.LEARN, 1e9)

    assert limit.allows(Part.PLAY, Part.LEARN)


@pytest.mark.parametrize(
    ("overrides", "environment", "allowed"),
    [
        ([], {}, True),
        ([], {ENDS_AT_VARIABLE: ""}, True),
        ([], {ENDS_AT_VARIABLE: "1000"}, False),
        (["run.time_limit_s=1000"], {}, True),
        (["run.time_limit_s=1e9"], {ENDS_AT_VARIABLE: "1000"}, False),
        (["run.time_limit_s=200", "run.stop_before_s=199.999"], {ENDS_AT_VARIABLE: "4e9"}, True),
    ],
)
def test_the_earlier_end_counts(overrides: list[str], environment: dict[str, str], allowed: bool):
    assert stop_of(load_config(None, overrides), environment).limit.allows() == allowed


@pytest.mark.parametrize("given", ["soon", "nan", "inf"])
def test_an_end_that_is_no_time_is_refused(given: str):
    with pytest.raises(ConfigError, match=f"{ENDS_AT_VARIABLE} = '{given}' is no time"):
        stop_of(load_config(None), {ENDS_AT_VARIABLE: given})


def test_a_limit_that_leaves_no_time_to_train_is_refused():
    with pytest.raises(ConfigError, match="leaves no time before"):
        load_config(None, ["run.time_limit_s=60"])


@pytest.mark.parametrize(
    ("overrides", "environment"),
    [
        (["cluster.address=127.0.0.1:6379"], {}),
        ([], {"RAY_ADDRESS": "127.0.0.1:6379"}),
        ([], {"RAY_AUTH_MODE": "disabled"}),
    ],
)
def test_a_cluster_that_is_joined_or_chosen_is_left_as_it_is(
    overrides: list[str], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delitem(sys.modules, "ray", raising=False)
    before = dict(environment)

    assert not guard_own_cluster(load_config(None, overrides), environment)
    assert environment == before


def test_a_cluster_of_the_runs_own_has_a_token_of_its_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "ray", raising=False)
    environments: list[dict[str, str]] = [{}, {}]

    assert all(guard_own_cluster(load_config(None), environment) for environment in environments)
    tokens = {environment["RAY_AUTH_TOKEN"] for environment in environments}
    assert len(tokens) == 2 and all(len(token) == 64 for token in tokens)
    assert environments[0]["RAY_AUTH_MODE"] == "token"
