"""Which samples share a forward pass and a rank: nobody gets all the long ones, and little is padded."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medical_team.backends import cpu
from medical_team.types import GameType, Role, Sample

cpu.install()

from medical_team.rollout.ordering import order_for_ranks  # noqa: E402 - only after install()

pytestmark = pytest.mark.contract


def sample(number: int, prompt: int, response: int) -> Sample:
    return Sample(number, Role.ASSESSOR, GameType.VANILLA_BENIGN, (1,) * prompt, (2,) * response, 0.0, truncated=False)


@st.composite
def steps(draw: st.DrawFn) -> tuple[list[Sample], int, list[int]]:
    """Samples, micro batch size and the ranks of each group."""
    world_sizes = draw(st.lists(st.sampled_from([1, 2, 3, 4]), min_size=1, max_size=3))
    micro_batch_size = draw(st.integers(1, 3))
    count = micro_batch_size * math.lcm(*world_sizes) * draw(st.integers(1, 3))
    lengths = draw(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 100)), min_size=count, max_size=count))
    return [sample(number, *each) for number, each in enumerate(lengths)], micro_batch_size, world_sizes


def chunks(samples: Sequence[Sample], size: int) -> Iterator[Sequence[Sample]]:
    """Consecutive ones, as upstream cuts them."""
    return (samples[start : start + size] for start in range(0, len(samples), size))


def padded(samples: Sequence[Sample]) -> int:
    return len(samples) * max(len(each.prompt_ids) + len(each.response_ids) for each in samples)


@given(steps())
def test_every_sample_is_there_once_beside_the_ones_of_its_length(step: tuple[list[Sample], int, list[int]]):
    samples, micro_batch_size, world_sizes = step
    ordered = order_for_ranks(samples, micro_batch_size, world_sizes)

    by_length = sorted(samples, key=lambda each: (len(each.prompt_ids), len(each.response_ids)))
    assert Counter(map(tuple, chunks(ordered, micro_batch_size))) == Counter(
        map(tuple, chunks(by_length, micro_batch_size))
    )


@given(steps())
def test_no_rank_of_any_group_has_much_more_to_do_than_another(step: tuple[list[Sample], int, list[int]]):
    samples, micro_batch_size, world_sizes = step
    ordered = order_for_ranks(samples, micro_batch_size, world_sizes)

    batches = [padded(batch) for batch in chunks(ordered, micro_batch_size)]
    for ranks in world_sizes:
        work = [
            sum(padded(batch) for batch in chunks(share, micro_batch_size))
            for share in chunks(ordered, len(ordered) // ranks)
        ]
        piles_a_rank = math.lcm(*world_sizes) // ranks
        assert max(work) - min(work) <= piles_a_rank * (max(batches) - min(batches))


def test_two_ranks_share_a_step_that_sorting_would_split_into_short_and_long():
    samples = [sample(number, 100 * number, 10) for number in range(1, 9)]

    shares = list(chunks(order_for_ranks(samples, 1, [2]), 4))

    assert [sum(len(each.prompt_ids) for each in share) for share in shares] == [1800, 1800]
