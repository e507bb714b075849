"""The configuration of a run: YAML at the door, one frozen validated `RunConfig` inside."""

from spacetime_rl.config.compare import diff, settle_like
from spacetime_rl.config.lesson import LessonConfig
from spacetime_rl.config.loader import change, load
from spacetime_rl.config.model import RunConfig
from spacetime_rl.config.policy import (
    CnnConfig,
    LstmConfig,
    ModelConfig,
    PolicyConfig,
    PolicyTrainingConfig,
    TrainingConfig,
)
from spacetime_rl.config.rewards import RewardsConfig
from spacetime_rl.config.sections import (
    CheckpointConfig,
    EvaluationConfig,
    GameConfig,
    MappingRule,
    ResourcesConfig,
    RolloutConfig,
    ScenarioConfig,
    StopConfig,
    TrackingConfig,
)
from spacetime_rl.config.task import TaskConfig
from spacetime_rl.config.writer import dump

__all__ = [
    "CheckpointConfig",
    "CnnConfig",
    "EvaluationConfig",
    "GameConfig",
    "LessonConfig",
    "LstmConfig",
    "MappingRule",
    "ModelConfig",
    "PolicyConfig",
    "PolicyTrainingConfig",
    "ResourcesConfig",
    "RewardsConfig",
    "RolloutConfig",
    "RunConfig",
    "ScenarioConfig",
    "StopConfig",
    "TaskConfig",
    "TrackingConfig",
    "TrainingConfig",
    "change",
    "diff",
    "dump",
    "load",
    "settle_like",
]
