"""The manager: everything between a deck of deals and the samples of a training step.

Read ``manager.collect`` first, then ``referee.play``; ``quotas`` says what a batch is made of, ``batch`` how it fills.
"""

from medical_team.manager.auditing import Auditor
from medical_team.manager.batch import CollectStats
from medical_team.manager.engine import Engine, request_seed
from medical_team.manager.manager import Collected, Dealer, MedicalGameManager
from medical_team.manager.tally import GameTally

__all__ = [
    "Auditor",
    "CollectStats",
    "Collected",
    "Dealer",
    "Engine",
    "GameTally",
    "MedicalGameManager",
    "request_seed",
]
