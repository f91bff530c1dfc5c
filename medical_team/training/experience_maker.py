"""Advantages that are a role's own.

The two roles have opposite rewards: one mean or one scale over both tells the losing role that everything it did was
bad. Upstream whitens over the whole batch; here each role's tokens are whitened by themselves, as SPIRAL's
role-conditioned advantage estimation argues for (Liu et al. 2025, arXiv 2506.24119).
"""

from __future__ import annotations

import torch
from openrlhf.trainer.ppo_utils.experience import Experience
from openrlhf.trainer.ppo_utils.experience_maker import RemoteExperienceMaker

from medical_team.rollout.experience import roles_of
from medical_team.types import Role


class RoleExperienceMaker(RemoteExperienceMaker):
    """Upstream's forwards, KL and GAE or REINFORCE++ returns; then whitening a role at a time.

    Upstream's own whitening is one affine map over all tokens, which whitening a role afterwards undoes: the result is
    that of whitening the raw advantages by role.
    """

    metrics: dict[str, float]
    """``role_metrics`` of the last batch."""

    @torch.no_grad()
    def compute_advantages_and_returns(self, experiences: list[Experience]) -> list[Experience]:
        self.metrics = role_metrics(experiences)  # upstream lets go of the KL
        experiences = super().compute_advantages_and_returns(experiences)
        for role in Role:
            whiten_role(experiences, role, divide_by_std=not self.args.algo.advantage.no_std_norm)
        return experiences


def role_metrics(experiences: list[Experience]) -> dict[str, float]:
    """Means over each role's action tokens: the KL to the reference, and what engine and trainer disagree on.

    ``logprob_gap`` is the mean distance of the two log-probabilities of a sampled token, ``logprob_gap_max`` the
    largest. Kernels differ by a little; more than that, and the policy learns from answers that it did not give.
    """
    metrics: dict[str, float] = {}
    for role in Role:
        masks = [_role_mask(experience, role) for experience in experiences]
        if not any(bool(mask.any()) for mask in masks):
            continue
        pairs = list(zip(experiences, masks, strict=True))
        metrics[f"{role}/kl"] = float(torch.cat([each.kl[mask] for each, mask in pairs]).float().mean())
        if all(each.rollout_log_probs is not None for each in experiences):
            gaps = torch.cat([(each.action_log_probs - each.rollout_log_probs)[mask] for each, mask in pairs]).abs()
            metrics |= {f"{role}/logprob_gap": float(gaps.mean()), f"{role}/logprob_gap_max": float(gaps.max())}
    return metrics


def whiten_role(experiences: list[Experience], role: Role, divide_by_std: bool = True) -> None:
    """Shift the role's advantages to mean 0 over its action tokens and, if asked, scale them to variance 1, in place.

    A role whose advantages are all equal gets zeros: nothing distinguishes its samples.
    """
    masks = [_role_mask(experience, role) for experience in experiences]
    advantages = torch.cat([exp.advantages[mask] for exp, mask in zip(experiences, masks, strict=True)]).float()
    if advantages.numel() == 0:
        return
    mean = advantages.mean()
    deviation = (advantages - mean).pow(2).mean().sqrt()
    constant = deviation < 1e-6 * (1 + mean.abs())
    scale = torch.zeros(()) if constant else 1 / deviation if divide_by_std else torch.ones(())
    for experience, mask in zip(experiences, masks, strict=True):
        whitened = (experience.advantages - mean) * scale
        experience.advantages = torch.where(mask, whitened, experience.advantages)


def _role_mask(experience: Experience, role: Role) -> torch.Tensor:
    """(B, A): the action tokens of the role's rows."""
    rows = torch.tensor([own is role for own in roles_of(experience)])
    return experience.action_mask.bool() & rows.unsqueeze(1)
