"""Checkpoints that are whole or not there, and the turns of the step after the last one.

``store`` is what the trainer holds; ``transaction`` turns a written folder into a checkpoint, ``manifest`` lists its
files, ``validity`` decides whether it may be read, ``state`` is the driver's part of it, ``receipt`` how the ranks say
that theirs is written, ``journal`` the turns in flight. No stack below: ``python -m medical_team.checkpoints RUN``
looks at the checkpoints of a run anywhere.
"""

from __future__ import annotations

from medical_team.checkpoints.journal import JournaledEngine, TurnJournal
from medical_team.checkpoints.state import TrainerState
from medical_team.checkpoints.store import Checkpoint, CheckpointStore

__all__ = ["Checkpoint", "CheckpointStore", "JournaledEngine", "TrainerState", "TurnJournal"]
