"""The accounts behind docs/faults.md: what is lost or doubled in doctored records is counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from faults.accounts import Accounts, Records, count
from hypothesis import given
from hypothesis import strategies as st

BATCH = 6


def records(*steps: tuple[int, ...], finished: int | None = None, failed: tuple[int, ...] = ()) -> Records:
    """Of a run that recorded these games, step by step, and finished so many of the steps."""
    done = len(steps) if finished is None else finished
    games = dict(enumerate(steps, 1))
    return Records(games, frozenset(failed), dict.fromkeys(range(1, done + 1), BATCH))


def test_a_run_that_nothing_happened_to_has_lost_nothing():
    accounts = count(records((0, 1)), records((0, 1), (2, 3)), 1, BATCH, {1: 1, 2: 2})

    assert accounts == Accounts(lost=0, twice=0, repeated=0) and accounts.in_order


def test_a_broken_off_step_that_is_played_again_costs_nothing():
    before = records((0, 1), (2, 3), finished=1)

    assert count(before, records((0, 1), (2, 3)), 1, BATCH, {}) == Accounts(0, 0, 0)


def test_finished_steps_that_are_done_again_are_counted():
    before = records((0, 1), (2,), (3,))

    assert count(before, records((0, 1), (2,), (3,)), 1, BATCH, {}) == Accounts(0, 0, repeated=2)


@given(steps=st.lists(st.integers(1, 5), min_size=2, max_size=6), data=st.data())
def test_every_game_that_is_taken_out_or_put_in_twice_is_counted(steps: list[int], data: st.DataObject):
    numbers = iter(range(sum(steps)))
    games = [tuple(next(numbers) for _ in range(size)) for size in steps]
    everything = [number for step in games for number in step]
    # The last number of all cannot be missed: nothing says that it was dealt.
    lost = data.draw(st.sets(st.sampled_from(everything[:-1]), max_size=4)) if len(everything) > 1 else set()
    again = data.draw(st.sets(st.sampled_from(sorted({*everything} - lost)), max_size=4))
    doctored = [tuple(number for number in step if number not in lost) for step in games]
    whole = records(*doctored, tuple(again))

    accounts = count(records(doctored[0]), whole, 1, BATCH, {})

    assert (accounts.lost, accounts.twice) == (len(lost), len(again))


def test_a_game_that_ended_without_an_answer_or_audit_is_lost():
    after = records((0, 1), (2, 3), failed=(3,))

    assert count(records((0, 1)), after, 1, BATCH, {}).lost == 1


@pytest.mark.parametrize(
    ("after", "updates", "says"),
    [
        (records((0, 1)), {}, "no step was finished after step 1"),
        (records((0, 1, 2), (3,)), {}, "the games of step 1, which was kept"),
        (records((0, 1), (2,)), {2: 3}, "the weights after step 2 have had 3 updates"),
        (
            replace(records((0, 1), (2,)), samples={1: BATCH, 2: BATCH - 1}),
            {},
            f"step 2 was trained on {BATCH - 1} samples and not on {BATCH}",
        ),
        (replace(records((0, 1), (2,), (3,)), samples={1: BATCH, 3: BATCH}), {}, "step 2 was trained on 0 samples"),
    ],
)
def test_what_else_is_wrong_is_said(after: Records, updates: dict[int, int], says: str):
    accounts = count(records((0, 1)), after, 1, BATCH, updates)

    assert not accounts.in_order
    assert any(says in sentence for sentence in accounts.wrong), accounts.wrong
