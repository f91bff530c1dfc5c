"""The typed configuration of a run: YAML, then dotted overrides, checked before anything starts.

An unknown key, a value of the wrong type or values that do not go together are a ``ConfigError`` with the key in
it. The defaults are the vetted ones; a file in ``configs/`` says only what differs. Nothing below the entry points
takes a whole ``Config``: rooms take their own section or the few values they need.
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
