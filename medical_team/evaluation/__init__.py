"""Evaluation: what an assessor finds on notes it was not trained on, beside what is had without reading them."""

from medical_team.evaluation.assessor import Evaluation, evaluate_assessor, kept_evaluation
from medical_team.evaluation.detection import Answered, Floors, Measure, Measured, measure

__all__ = ["Answered", "Evaluation", "Floors", "Measure", "Measured", "evaluate_assessor", "kept_evaluation", "measure"]
