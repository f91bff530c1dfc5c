"""The replaced forward and our experiences are upstream's, number by number, on a tiny random model without engines."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
import torch
from tiny_llama import concat, sample, tiny_model
from upstream import folder

from medical_team.backends import cpu
from medical_team.types import Role

cpu.install()

from openrlhf.models.actor import Actor  # noqa: E402 - only after install()
from openrlhf.trainer.ppo_utils.experience import Experience, split_experience_batch  # noqa: E402
from openrlhf.trainer.ppo_utils.replay_buffer import NaiveReplayBuffer  # noqa: E402

from medical_team.rollout.experience import roles_of, to_experience, to_experiences  # noqa: E402

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def published() -> ModuleType:
    """openrlhf.models.actor once more, under another name and with nothing replaced in it."""
    path = folder() / "models" / "actor.py"
    spec = importlib.util.spec_from_file_location("openrlhf.models.actor_as_published", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.Actor.forward is not Actor.forward
    return module


BATCHES = {
    "one": [(5, 4)],
    "equal prompts": [(6, 3), (6, 7)],
    "unequal prompts": [(3, 5), (9, 2), (6, 6)],
    "prompt longer than another whole sequence": [(2, 2), (14, 3)],
    "answer of one token": [(4, 1), (5, 1)],
}


def forward(module: Any, model: Any, batch: Experience, temperature: float) -> tuple[Any, Any]:
    actor = module.Actor(model, temperature=temperature)
    actor.packing_samples = False  # upstream sets it only where it loads the model itself
    with torch.compiler.set_stance("force_eager"):
        return actor(batch.sequences, batch.action_mask, batch.attention_mask, return_output=True, return_entropy=True)


@pytest.mark.parametrize("lengths", BATCHES.values(), ids=list(BATCHES))
@pytest.mark.parametrize("temperature", [1.0, 0.7, 1.6])
def test_the_forward_gives_upstreams_log_probabilities_and_entropies(
    published: ModuleType, lengths: list[tuple[int, int]], temperature: float
):
    batch, model = concat([sample(*pair) for pair in lengths]), tiny_model()
    ours, our_output = forward(sys.modules["openrlhf.models.actor"], model, batch, temperature)
    theirs, their_output = forward(published, model, batch, temperature)

    mask = batch.action_mask.bool()
    assert ours.shape == theirs.shape == mask.shape
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    width = mask.shape[1]
    torch.testing.assert_close(our_output.entropy[:, -width:][mask], their_output.entropy[:, -width:][mask])
    assert ours[mask].std() > 0.1 or mask.sum() < 3, "the model must not be so random that anything would agree"


def test_the_forward_gives_upstreams_gradients(published: ModuleType):
    batch = concat([sample(3, 5), sample(9, 2), sample(6, 6)])
    gradients = []
    for module in (sys.modules["openrlhf.models.actor"], published):
        model = tiny_model()
        log_probs, output = forward(module, model, batch, 0.7)
        entropy = output.entropy[:, -batch.action_mask.shape[1] :] * batch.action_mask
        (log_probs.sum() + 0.1 * entropy.sum()).backward()
        gradients.append(torch.cat([parameter.grad.flatten() for parameter in model.parameters()]))

    torch.testing.assert_close(*gradients, atol=1e-4, rtol=1e-4)


def test_without_an_action_mask_the_forward_is_upstreams_own(published: ModuleType):
    batch, model = concat([sample(4, 3), sample(6, 2)]), tiny_model()
    outputs = []
    for module in (sys.modules["openrlhf.models.actor"], published):
        actor = module.Actor(model)
        actor.packing_samples = False
        outputs.append(actor(batch.sequences, attention_mask=batch.attention_mask, return_output=True)["logits"])

    torch.testing.assert_close(*outputs)


def test_an_experience_is_what_upstream_makes_of_the_same_tokens():
    from openrlhf.trainer.ppo_utils.samples_generator import SamplesGenerator

    drawn = (-0.5, -1.0, -2.0, -0.25, -4.0)
    ours = to_experience(replace(sample(7, 5, reward=-0.25), logprobs=drawn))
    response = {
        "prompt": "",
        "label": str(Role.ASSESSOR),
        "observation_tokens": ours.sequences[0].tolist(),
        "action_ranges": [(7, 12)],
        "rollout_log_probs": [0.0] * 7 + list(drawn),
        "reward": -0.25,
        "truncated": False,
    }
    theirs = SamplesGenerator.__new__(SamplesGenerator)._process_response_into_experience(response, max_len=64)

    same = (
        "sequences",
        "attention_mask",
        "action_mask",
        "rewards",
        "response_length",
        "total_length",
        "rollout_log_probs",
    )
    for name in same:
        torch.testing.assert_close(getattr(ours, name), getattr(theirs, name), msg=name)
    assert ours.truncated.tolist() == theirs.truncated.tolist()
    for name in ("labels", "images", "mm_train_inputs"):
        assert getattr(ours, name) == getattr(theirs, name)
    torch.testing.assert_close(ours.info["reward"], theirs.info["reward"])


def test_samples_survive_batching_and_splitting():
    samples = [
        sample(3, 5, role=Role.ATTACKER, reward=-0.5),
        sample(9, 2, role=Role.ASSESSOR, reward=2.0),
        sample(6, 7, role=Role.ATTACKER, reward=1.0),
    ]
    batch = concat(samples)
    assert roles_of(batch) == [each.role for each in samples]

    buffer = NaiveReplayBuffer(sample_batch_size=3)
    assert buffer.target_device == torch.device("cpu")
    buffer.append(batch)

    for item, each in zip(buffer.items, samples, strict=True):
        assert item.sequences.tolist() == list(each.prompt_ids + each.response_ids)
        assert item.action_mask.sum() == len(each.response_ids)
        assert roles_of(item) == [each.role]
        assert item.info["reward"] == each.reward
        assert item.info["is_attacker"] == float(each.role is Role.ATTACKER)
    again = buffer.collate_fn(buffer.items)
    assert torch.equal(again.sequences, batch.sequences)
    assert torch.equal(again.action_mask, batch.action_mask)
    assert again.info.keys() == batch.info.keys()


def test_every_sample_has_the_same_numeric_info():
    batches = [concat([sample(4, 3, role=role)]) for role in Role]

    assert len({frozenset(batch.info) for batch in batches}) == 1
    assert all(value.dtype.is_floating_point for batch in batches for value in batch.info.values())


def test_a_step_takes_exactly_its_samples_and_orders_them_for_the_ranks():
    samples = [sample(prompt, 3) for prompt in (9, 4, 6)]

    lengths = [int(each.total_length) for each in to_experiences(samples, 3, micro_batch_size=3, world_sizes=[1])]
    assert lengths == sorted(lengths)
    with pytest.raises(AssertionError, match="exactly 4 samples and got 3"):
        to_experiences(samples, 4, micro_batch_size=1, world_sizes=[1])


def test_split_keeps_role_and_info_of_every_row():
    batch = concat([sample(3, 2, role=Role.ATTACKER, reward=-1.0), sample(5, 4, role=Role.ASSESSOR, reward=1.0)])

    rows = split_experience_batch(batch)

    assert [roles_of(row)[0] for row in rows] == [Role.ATTACKER, Role.ASSESSOR]
    assert [float(row.info["reward"]) for row in rows] == [-1.0, 1.0]
