"""Evaluation: what an assessor finds on notes it was not trained on, beside what is had without reading them."""

from medical_team.evaluation.assessor import Evaluation, evaluate_assessor, kept_evaluation
from medical_team.evaluation.detection import Answered, Floors, Measure, Measured, measure
from medical_team.evaluation.reward_gap import gap_warning, reward_gap

__all__ = [
    "Answered",
    "Evaluation",
    "Floors",
    "Measure",
    "Measured",
    "evaluate_assessor",
    "gap_warning",
    "kept_evaluation",
    "measure",
    "reward_gap",
]
