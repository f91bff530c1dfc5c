"""The order of a step's samples, which decides who works on what.

Upstream cuts the samples into micro batches in the order they come, and gives each rank of a group its share of
consecutive ones. A micro batch is as slow as its longest sample, and a step as slow as its slowest rank: micro batches
hold samples of like length, and ranks micro batches of like size in all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from openrlhf.utils.seqlen_balancing import get_seqlen_balanced_partitions

from medical_team.types import Sample


def order_for_ranks(samples: Sequence[Sample], micro_batch_size: int, world_sizes: Sequence[int]) -> list[Sample]:
    """All samples, in an order that is fair to the ranks of every group; the same for the same samples.

    Args:
        samples: The samples of a step; they divide into micro batches, and these over each group's ranks.
        micro_batch_size: Samples a forward pass.
        world_sizes: Ranks of each group. Piles are as many as all of them divide, so that a rank of a smaller group
            gets several whole ones.
    """
    by_length = sorted(samples, key=lambda sample: (len(sample.prompt_ids), len(sample.response_ids)))
    batches = [by_length[start : start + micro_batch_size] for start in range(0, len(by_length), micro_batch_size)]
    piles = get_seqlen_balanced_partitions([_tokens(batch) for batch in batches], math.lcm(*world_sizes), True)
    return [sample for pile in piles for index in pile for sample in batches[index]]


def _tokens(batch: Sequence[Sample]) -> int:
    """What a forward pass of the batch costs: every sample is padded to the longest."""
    return len(batch) * max(len(sample.prompt_ids) + len(sample.response_ids) for sample in batch)
