"""The pure parts of the judge's client: breaker, limit, addresses, what follows from which trouble."""

from __future__ import annotations

import random

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medical_team.errors import ConfigError
from medical_team.judge.http.address import endpoint_url, endpoint_urls
from medical_team.judge.http.breaker import FIRST_REST_S, LONGEST_REST_S, Breaker, BreakerState
from medical_team.judge.http.limit import AdaptiveLimit
from medical_team.judge.http.transport import seconds_to_wait
from medical_team.judge.http.trouble import ERRORS, Trouble, of_exception, of_status


def opened(failures: int = 3) -> Breaker:
    breaker = Breaker(failures, random.Random(0))
    for _ in range(failures):
        breaker.fail(0.0, trial=False)
    return breaker


def test_a_breaker_opens_at_failures_in_a_row():
    breaker = Breaker(3)
    for _ in range(5):
        breaker.fail(0.0, trial=False)
        breaker.fail(0.0, trial=False)
        breaker.succeed()
    assert breaker.state is BreakerState.CLOSED
    for _ in range(3):
        breaker.fail(0.0, trial=False)
    assert breaker.state is BreakerState.OPEN and not breaker.lets_through(0.0)


def test_where_nobody_listens_one_failure_is_enough():
    breaker = Breaker(3)
    breaker.fail(0.0, trial=False, at_once=True)
    assert breaker.state is BreakerState.OPEN


def test_after_its_rest_one_request_tries_it_out():
    breaker = opened()
    assert breaker.lets_through(LONGEST_REST_S) and breaker.depart()
    assert breaker.state is BreakerState.HALF_OPEN and not breaker.lets_through(LONGEST_REST_S)
    breaker.succeed()
    assert breaker.lets_through(LONGEST_REST_S) and not breaker.depart()


def test_a_failed_trial_opens_it_again_for_longer():
    breaker, rests, now = opened(), [], 0.0
    for _ in range(10):
        rests.append(breaker.rests_until - now)
        now = breaker.rests_until
        breaker.depart()
        breaker.fail(now, trial=True)
    assert FIRST_REST_S / 2 <= rests[0] <= FIRST_REST_S
    assert rests[-1] > 4 * rests[0] and max(rests) <= LONGEST_REST_S


def test_one_success_between_failures_does_not_make_the_rests_short_again():
    breaker = opened()
    first = breaker.rests_until
    breaker.depart()
    breaker.succeed()
    for _ in range(3):
        breaker.fail(0.0, trial=False)
    assert breaker.rests_until > first
    for _ in range(3):
        breaker.succeed()
    breaker.fail(0.0, trial=False, at_once=True)
    assert breaker.rests_until <= FIRST_REST_S


def test_a_late_failure_of_before_does_not_end_a_trial():
    breaker = opened()
    breaker.depart()
    breaker.fail(9.0, trial=False)
    assert breaker.state is BreakerState.HALF_OPEN
    breaker.abandon()
    assert breaker.lets_through(LONGEST_REST_S), "a trial without a word makes room for another"


def answer(limit: AdaptiveLimit, count: int, latency_s: float = 0.01, now: float = 0.0) -> float:
    for _ in range(count):
        now += latency_s
        limit.answered(now - latency_s, now)
    return now


def test_a_limit_grows_to_the_most_there_may_be():
    limit = AdaptiveLimit(64)
    answer(limit, 200)
    assert limit.value == 64


def test_a_burst_of_429_counts_once():
    limit = AdaptiveLimit(64)
    for _ in range(16):
        limit.overloaded(departed_at=0.0, now=1.0)
    assert limit.value == 8


def test_an_endpoint_that_always_says_429_is_asked_one_at_a_time():
    limit = AdaptiveLimit(64)
    for now in range(20):
        limit.overloaded(float(now), now + 0.5)
    assert limit.value == 1


def test_a_few_429_among_many_answers_do_not_close_it():
    limit, now = AdaptiveLimit(64), 0.0
    for _ in range(100):
        now = answer(limit, 19, now=now)
        limit.overloaded(now - 0.01, now)
    assert limit.value >= 16


def test_a_latency_well_above_the_smallest_halves_it():
    limit = AdaptiveLimit(64)
    now = answer(limit, 100, latency_s=0.2)
    before = limit.value
    answer(limit, 30, latency_s=3.0, now=now)
    assert limit.value < before


def test_a_latency_of_milliseconds_is_no_sign():
    limit = AdaptiveLimit(64)
    now = answer(limit, 100, latency_s=0.001)
    answer(limit, 100, latency_s=0.05, now=now)
    assert limit.value == 64


@given(st.integers(1, 100), st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=80))
def test_a_limit_stays_within_its_bounds(most: int, events: list[tuple[bool, float]]):
    limit, now = AdaptiveLimit(most), 0.0
    for overloaded, latency_s in events:
        now += 1.0
        (limit.overloaded if overloaded else limit.answered)(now - latency_s, now)
        assert 1 <= limit.value <= most


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (301, Trouble.TURNED_AWAY),
        (400, Trouble.REFUSED),
        (401, Trouble.TURNED_AWAY),
        (403, Trouble.TURNED_AWAY),
        (404, Trouble.TURNED_AWAY),
        (405, Trouble.TURNED_AWAY),
        (413, Trouble.REFUSED),
        (422, Trouble.REFUSED),
        (429, Trouble.OVERLOADED),
        (500, Trouble.SERVER_ERROR),
        (501, Trouble.SERVER_ERROR),
        (502, Trouble.NOT_SERVING),
        (503, Trouble.NOT_SERVING),
        (504, Trouble.LATE),
    ],
)
def test_a_status_names_its_trouble(status: int, trouble: Trouble):
    assert of_status(status)[0] is trouble


def test_every_exception_has_a_trouble_and_every_trouble_an_error():
    assert of_exception(TimeoutError())[0] is Trouble.LATE
    assert of_exception(aiohttp.ConnectionTimeoutError())[0] is Trouble.NOBODY_LISTENS
    assert of_exception(aiohttp.ServerDisconnectedError())[0] is Trouble.BROKEN_OFF
    assert of_exception(ConnectionResetError())[0] is Trouble.BROKEN_OFF
    assert set(ERRORS) == set(Trouble)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        ("soon", None),
        ("-3", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2015 00:00:00 +9999999999", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None):
    assert seconds_to_wait(header) == seconds


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("ftp://host", "no base URL"),
        ("localhost:8000", "no base URL"),
        ("http://", "no"),
        ("http://me:secret@host", "no user, password"),
        ("http://host/?token=secret", "no user, password"),
    ],
)
def test_a_url_that_is_no_endpoints_is_refused_without_its_secrets(url: str, complaint: str):
    with pytest.raises(ConfigError, match=complaint) as refused:
        endpoint_url(url)
    assert "secret" not in str(refused.value)


def test_urls_are_different_endpoints():
    assert str(endpoint_url("http://host:8000/judge/")) == "http://host:8000/judge"
    with pytest.raises(ConfigError, match="twice"):
        endpoint_urls(["http://host", "http://host/"])
    with pytest.raises(ConfigError, match="empty"):
        endpoint_urls([])
