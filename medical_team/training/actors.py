"""Upstream's Ray actors with what a checkpoint of ours needs. Imported in the actors' own processes.

Upstream saves into one folder a group, deletes old checkpoints before the new one is written and forgets the random
states. Here an actor saves into the folder it is given, once, with everything of its process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medical_team.backends import prepare
from medical_team.backends.remote_code import refuse_remote_code

prepare()
refuse_remote_code()

import torch  # noqa: E402 - only after prepare()
from openrlhf.trainer.ray.launcher import ReferenceModelActor  # noqa: E402
from openrlhf.trainer.ray.ppo_actor import PolicyModelActor  # noqa: E402
from openrlhf.trainer.ray.ppo_critic import CriticModelActor  # noqa: E402

from medical_team.errors import CheckpointError  # noqa: E402
from medical_team.rollout.worker import Digest, combined, digest  # noqa: E402
from medical_team.training.random_states import random_states, restore_random_states  # noqa: E402
from medical_team.training.state_files import BackgroundFiles  # noqa: E402


def _plain(remote_class: Any) -> Any:
    """The class below ray.remote: Ray forbids to subclass the decorated one."""
    return remote_class.__ray_metadata__.modified_class.__ray_actor_class__


class _Checkpointed:
    """Saving and loading of one DeepSpeed engine and its process's random states."""

    _TAG = "state"

    def _engine(self) -> Any:
        raise AssertionError("a checkpointed actor names its DeepSpeed engine")

    def save_to(self, folder: str) -> None:
        """Copy this rank's part and write it into ``folder`` in the background; all ranks call it.

        A receipt is there when it is written.
        """
        engine, files = self._with_files()
        engine.save_checkpoint(folder, self._TAG, client_state={"random": random_states()}, save_latest=False)
        files.write(Path(folder), engine.global_rank)

    def load_from(self, folder: str) -> None:
        """Read it back. The driver has verified every file.

        Raises:
            CheckpointError: The folder has no checkpoint of this group.
        """
        engine, _ = self._with_files()
        path, states = engine.load_checkpoint(folder, tag=self._TAG)
        if path is None:
            raise CheckpointError(f"{folder} holds no checkpoint")
        restore_random_states(states["random"])

    def _with_files(self) -> tuple[Any, BackgroundFiles]:
        engine = self._engine()
        if not isinstance(engine.checkpoint_engine, BackgroundFiles):
            engine.checkpoint_engine = BackgroundFiles()
        return engine, engine.checkpoint_engine


class PolicyActor(_Checkpointed, _plain(PolicyModelActor)):
    """One rank of the policy that plays both roles."""

    def init_model_from_pretrained(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        super().init_model_from_pretrained(strategy, *args, **kwargs)
        self.actor.entropy_is_rewarded = strategy.args.actor.entropy_coef != 0

    def _engine(self) -> Any:
        return self.actor.model

    def sync_engine(self, engine: Any) -> None:
        """Give the weights to the one engine that came back; all ranks call it, as at a weight sync.

        On GPU the engines of a sync are ranks of one process group. This one is of the engine alone, as others may be
        lost still: before the next sync ``open_sync_group`` makes one of all.
        """
        self.open_sync_group([engine])
        self.trainer.broadcast_to_vllm()

    def open_sync_group(self, engines: list[Any]) -> None:
        """Where weights go from now on; as ActorPPOTrainer's constructor opens it, by rank 0 alone."""
        arguments = self.strategy.args.vllm
        self.trainer.vllm_engines = engines
        arguments.num_engines = len(engines)
        if torch.distributed.get_rank() == 0 and not self.trainer.use_cuda_ipc:
            self.trainer._init_vllm_sync_group(arguments.sync_backend)

    def weights_digest(self) -> Digest:
        """Of the whole policy; all ranks call it. Under ZeRO-3 they gather one parameter after the other."""
        import deepspeed

        sharded = self.strategy.args.ds.zero_stage == 3
        digests = []
        for name, parameter in self.actor.model.module.named_parameters():  # a tied one comes once
            with deepspeed.zero.GatheredParameters([parameter], enabled=sharded):
                digests.append(digest({name: parameter}))
        return combined(digests)


class CriticActor(_Checkpointed, _plain(CriticModelActor)):
    """One rank of the critic."""

    def _engine(self) -> Any:
        return self.critic


class ReferenceActor(_plain(ReferenceModelActor)):
    """One rank of the frozen reference policy."""
