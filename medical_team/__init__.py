"""medical_team: language models learn to find errors in clinical notes by adversarial self-play."""

__version__ = "0.3.0"
