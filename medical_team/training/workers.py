"""The ranks of actor, critic and reference: whether they live. Asked by whoever waits for them.

A dead rank cannot be replaced within a run: its part of the optimizer's states is gone, and the other ranks wait for it
in a collective that has no end. So its death ends the run, at once and by name.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import ray
from ray.exceptions import RayActorError

from medical_team.errors import WorkerLost

# Seconds in which Ray knows of an actor's death for certain, once a call to it has failed.
_KNOWN_WITHIN_S = 5.0
_LOOKS_EVERY_S = 0.1


class Workers:
    """Handles of the ranks by name, ``critic rank 0``.

    Each owes an answer to one empty call. It gives it when it has time; where its process is gone, Ray gives an error
    in its place, however busy it was.
    """

    def __init__(self, handles: Mapping[str, Any]) -> None:
        self.handles = dict(handles)
        self._signs: dict[str, Any] = {}

    def check(self, phase: str) -> None:
        """Look, without waiting.

        Raises:
            WorkerLost: One is dead; it names the rank and the phase.
        """
        for name, handle in self.handles.items():
            if name not in self._signs:
                self._signs[name] = handle.__ray_ready__.remote()
        signs = list(self._signs.values())
        if not signs:
            return
        came, _ = ray.wait(signs, num_returns=len(signs), timeout=0, fetch_local=False)
        for name, sign in list(self._signs.items()):
            if sign not in came:
                continue
            del self._signs[name]
            try:
                ray.get(sign, timeout=_KNOWN_WITHIN_S)
            except RayActorError as error:
                raise WorkerLost(
                    f"{name} is lost during {phase} ({type(error).__name__}): see the worker logs of Ray's session; "
                    "run.resume=auto goes on from the newest checkpoint"
                ) from None

    def check_for_a_while(self, phase: str) -> None:
        """As ``check``, until a death that is under way would be known. Whoever is left may be busy for ever."""
        ends = time.monotonic() + _KNOWN_WITHIN_S
        while self.handles and time.monotonic() < ends:
            self.check(phase)
            time.sleep(_LOOKS_EVERY_S)


def ranks_of(groups: Mapping[str, Any]) -> dict[str, Any]:
    """Handles of the ranks of upstream's actor groups by name; a group that a run does not have is None."""
    return {
        f"{name} rank {rank}": handle
        for name, group in groups.items()
        if group is not None
        for rank, handle in enumerate(group._actor_handlers)
    }


NOBODY = Workers({})
