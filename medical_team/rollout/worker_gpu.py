"""Upstream's worker extension with a digest of its weights. Untested here: it needs a GPU."""

from __future__ import annotations

from openrlhf.trainer.ray.vllm_worker_wrap import WorkerWrap

from medical_team.rollout.worker import WeightsDigest


class GpuWorkerWrap(WeightsDigest, WorkerWrap):
    """What vLLM loads into its workers on GPU."""
