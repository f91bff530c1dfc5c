"""The typed configuration of a run: YAML, then dotted overrides, checked before anything starts.

An unknown key, a value of the wrong type or values that do not go together are a ``ConfigError`` with the key in
it. The defaults are those of the demo, for a small model on two cores; a file in ``configs/`` says only what differs.
A room takes its own section or the few values it needs; a whole ``Config`` is for who sees to a run as a whole.
``python -m medical_team.config`` prints every key with its default and its meaning.
"""

from __future__ import annotations

from medical_team.config.base import Section
from medical_team.config.game import GameConfig, GatesConfig, RewardsConfig
from medical_team.config.judge import AdmissionConfig, HttpJudgeConfig, JudgeConfig, LlmJudgeConfig, PanelConfig
from medical_team.config.loading import SHORT_FORMS, expand_short_forms, load_config, to_yaml
from medical_team.config.run import CheckpointConfig, DataConfig, EvaluationConfig, ModelConfig, RunConfig
from medical_team.config.training import (
    ActorOptimConfig,
    ClusterConfig,
    CriticOptimConfig,
    GroupConfig,
    OptimConfig,
    RolloutConfig,
    TrainConfig,
    VllmConfig,
    WarmStartConfig,
)
from medical_team.config.whole import Config

__all__ = [
    "SHORT_FORMS",
    "ActorOptimConfig",
    "AdmissionConfig",
    "CheckpointConfig",
    "ClusterConfig",
    "Config",
    "CriticOptimConfig",
    "DataConfig",
    "EvaluationConfig",
    "GameConfig",
    "GatesConfig",
    "GroupConfig",
    "HttpJudgeConfig",
    "JudgeConfig",
    "LlmJudgeConfig",
    "ModelConfig",
    "OptimConfig",
    "PanelConfig",
    "RewardsConfig",
    "RolloutConfig",
    "RunConfig",
    "Section",
    "TrainConfig",
    "VllmConfig",
    "WarmStartConfig",
    "expand_short_forms",
    "load_config",
    "to_yaml",
]
