"""Waits that end: what is late, what fails, and how it comes out. Ray's own part is in test_stalled_run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import ray
from ray.exceptions import GetTimeoutError, RayTaskError

from medical_team.errors import CheckpointError, StallError
from medical_team.training.waiting import Deadline, still_waiting

pytestmark = pytest.mark.contract

SOON = Deadline(0.01)
LATE = Deadline(60)


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """Something to wait for that does not come before the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_a_call_in_time_returns_and_raises_what_it_would_without_a_deadline():
    assert LATE.run("adding", lambda a, b: a + b, 2, b=3) == 5
    with pytest.raises(ZeroDivisionError):
        LATE.run("dividing", lambda: 1 / 0)


def test_a_call_that_blocks_is_left_behind_and_its_phase_named(never: threading.Event):
    with pytest.raises(StallError, match=r"^the update took longer than 0\.01 s: see the worker logs"):
        SOON.run("the update", never.wait)

    (left,) = [thread for thread in threading.enumerate() if thread.name == "the update"]
    assert left.daemon, "a process must not wait for it"


def test_a_timeout_of_the_calls_own_is_no_stall():
    def times_out() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        LATE.run("the update", times_out)


def test_results_have_the_deadline_and_name_their_phase(monkeypatch: pytest.MonkeyPatch):
    def late(refs: list[Any], timeout: float | None = None) -> Any:
        assert refs == ["ref"] and timeout is not None, "a wait without a timeout cannot be given up"
        raise GetTimeoutError("get timed out")

    monkeypatch.setattr(ray, "get", late)
    with pytest.raises(StallError, match=r"^saving the model took longer than 0\.01 s"):
        SOON.results("saving the model", ["ref"])
    assert still_waiting(within_s=60) == [], "who gives results up ends the wait for them"


def test_a_call_that_was_given_up_is_named_until_it_ends(never: threading.Event):
    with pytest.raises(StallError):
        SOON.run("the forward passes", never.wait)

    assert still_waiting(within_s=0) == ["the forward passes"]
    never.set()
    assert still_waiting(within_s=60) == []


def test_an_actors_own_timeout_is_its_error(monkeypatch: pytest.MonkeyPatch):
    def failed(refs: list[Any], timeout: float | None = None) -> Any:
        raise RayTaskError("fit", "a whole traceback", GetTimeoutError("its own")).as_instanceof_cause()

    monkeypatch.setattr(ray, "get", failed)
    with pytest.raises(RayTaskError, match="a whole traceback"):
        LATE.results("the update", [])


@pytest.mark.parametrize("wait", [lambda: LATE.results("loading", []), lambda: LATE.run("loading", ray.get, [])])
def test_an_error_of_ours_comes_out_of_an_actor_as_it_was_raised(monkeypatch: pytest.MonkeyPatch, wait: Any):
    def failed(refs: list[Any], timeout: float | None = None) -> Any:
        raise RayTaskError("load_from", "a whole traceback", CheckpointError("step-2 holds no checkpoint"))

    monkeypatch.setattr(ray, "get", failed)
    with pytest.raises(CheckpointError, match=r"^step-2 holds no checkpoint$"):
        wait()


def test_any_other_error_of_an_actor_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch):
    def failed(refs: list[Any], timeout: float | None = None) -> Any:
        raise RayTaskError("fit", "a whole traceback", KeyError("a bug"))

    monkeypatch.setattr(ray, "get", failed)
    with pytest.raises(RayTaskError, match="a whole traceback"):
        LATE.results("the update", [])
