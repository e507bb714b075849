"""Every setting of a run, each valid by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SerializationInfo, ValidationInfo, field_serializer, field_validator

from spacetime_rl.config.algorithms import Algorithm, own_defaults, readers
from spacetime_rl.config.curiosity import CuriosityConfig
from spacetime_rl.config.imitation import ImitationConfig
from spacetime_rl.config.league import LeagueConfig
from spacetime_rl.config.lesson import SCENARIO, Lessons, own_lessons
from spacetime_rl.config.merge import deep_merge
from spacetime_rl.config.policy import (
    ModelConfig,
    PolicyConfig,
    TrainingConfig,
)
from spacetime_rl.config.rewards import RewardsConfig
from spacetime_rl.config.section import Section
from spacetime_rl.config.sections import (
    MANY_UPDATES,
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


class RunSettings(Section):
    """Every setting of a run, each valid by itself; `RunConfig` are those that are valid together."""

    name: str = Field(
        default="run",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        description="Name of the experiment: letters, digits, `_`, `.`, `-`.",
    )
    scenario: ScenarioConfig = Field(default=ScenarioConfig(), description="The scenario.")
    game: GameConfig = Field(default=GameConfig(), description="How the game is started.")
    curriculum: Lessons = Field(
        default=(),
        description="Lessons in order, played one after the other; `scenario` takes the scenario's own. An evaluation "
        "plays plain `scenario.params`.",
    )
    tasks: tuple[TaskConfig, ...] = Field(
        default=(), description="Tasks that the same policies learn, one an episode; empty plays the scenario alone."
    )
    model: ModelConfig = Field(default=ModelConfig(), description="The network of every policy.")
    algorithm: Algorithm = Field(default="PPO", description="The learning algorithm.")
    training: TrainingConfig = Field(default=TrainingConfig(), validate_default=True, description="How policies learn.")
    policies: Mapping[str, PolicyConfig] = Field(
        default={}, description="Policies with settings of their own, by name."
    )
    policy_mapping: tuple[MappingRule, ...] = Field(
        default=(),
        description="Which policy plays which agents, first match wins; empty follows the game's policy names.",
    )
    callbacks: tuple[str, ...] = Field(
        default=(), description="Your own RLlib callback classes, as `module.Class`; see docs/training.md."
    )
    rewards: RewardsConfig = Field(default=RewardsConfig(), description="Rewards of your own.")
    policies_to_train: tuple[str, ...] | None = Field(default=None, description="Policies that learn; null for all.")
    initialize_from: str | None = Field(
        default=None,
        min_length=1,
        description="Begin with the weights of another run: its id, or the folder of a run or checkpoint, or "
        "`baseline:NAME`. Policies of the same name are taken over, also where they observe less or have fewer "
        "units; null begins with untrained ones.",
    )
    reset_exploration: bool = Field(
        default=False,
        description="With `initialize_from`: explore as widely as untrained policies (`model.initial_log_std`), not as "
        "the initial policies did at the end of their training.",
    )
    league: LeagueConfig | None = Field(
        default=None,
        description="Opponents other than the latest policies (docs/league.md); null: only the latest ones play.",
    )
    imitation: ImitationConfig = Field(default=ImitationConfig(), description="What is learned from demonstrations.")
    curiosity: CuriosityConfig = Field(default=CuriosityConfig(), description="A reward for what is new to a policy.")
    rollout: RolloutConfig = Field(default=RolloutConfig(), description="How experience is gathered.")
    resources: ResourcesConfig = Field(default=ResourcesConfig(), description="What the run takes from Ray.")
    stop: StopConfig = Field(default=StopConfig(), description="When training ends.")
    checkpoint: CheckpointConfig = Field(default=CheckpointConfig(), description="When state is saved.")
    evaluation: EvaluationConfig = Field(default=EvaluationConfig(), description="How policies are evaluated.")
    tracking: TrackingConfig = Field(default=TrackingConfig(), description="Where the run is recorded.")
    results: Path = Field(default=Path("results"), description="Folder of the results of all runs.")
    seed: int = Field(default=0, ge=0, lt=2**31, description="Seed of games, networks and exploration.")

    @field_validator("training")
    @classmethod
    def _with_own_defaults(cls, training: TrainingConfig, info: ValidationInfo) -> TrainingConfig:
        """What the user has not set takes the algorithm's own default, where it has one."""
        algorithm = info.data.get("algorithm", "PPO")
        own = own_defaults(TrainingConfig, algorithm)
        unset = [key for key in own if key not in training.model_fields_set or getattr(training, key) == "auto"]
        return training.model_copy(update={key: own[key] for key in unset})

    @field_serializer("curriculum")
    def _only_what_was_set(self, value: Lessons, info: SerializationInfo) -> object:
        """Keep lessons partial: defaults written here would hide what the scenario's own lessons say."""
        if value == SCENARIO:
            return value
        return [lesson.model_dump(mode=info.mode, exclude_unset=True) for lesson in own_lessons(value)]

    def policy_model(self, policy: str) -> ModelConfig:
        """The network of one policy: `model`, with what `policies.<policy>.model` sets laid over it."""
        own = self.policies.get(policy, PolicyConfig()).model
        return ModelConfig.model_validate(_overlay(self.model, own))

    def policy_training(self, policy: str) -> TrainingConfig:
        """How one policy learns: `training`, with what `policies.<policy>.training` sets laid over it."""
        own = self.policies.get(policy, PolicyConfig()).training
        return TrainingConfig.model_validate(_overlay(self.training, own))

    @property
    def scripted(self) -> tuple[str, ...]:
        """The policies whose agents a script plays while others learn."""
        return tuple(name for name, policy in self.policies.items() if policy.scripted)

    def learns(self, policy: str) -> bool:
        """Whether a policy of the game learns."""
        named = self.policies_to_train is None or policy in self.policies_to_train
        return named and policy not in self.scripted

    def sized(self) -> Self:
        """The same with a number for each of PPO's sizes that is `auto`, where nothing is measured."""
        chosen = self.training.unmeasured()
        return self.with_batch({key: chosen[key] for key in chosen if self.algorithm in readers(TrainingConfig, key)})

    def with_batch(self, sizes: Mapping[str, int]) -> Self:
        """The same with some of the settings `train_batch_size`, `minibatch_size` and `num_epochs` replaced."""
        return self.model_copy(update={"training": self.training.model_copy(update=sizes)})

    @property
    def overlaps(self) -> bool:
        """Whether PPO's runners, if there are any, play while the learner learns.

        Experience that is an update old costs a run a few updates, which matters where it makes few of them.
        """
        if self.algorithm != "PPO" or self.imitation.offline or self.rollout.overlap != "auto":
            return self.rollout.overlap is True
        batch = self.sized().training.train_batch_size
        assert batch != "auto"
        return self.stop.agent_steps is None or self.stop.agent_steps >= MANY_UPDATES * batch

    def with_learners(self, learners: int) -> Self:
        """The same with this number of learners."""
        return self.model_copy(update={"resources": self.resources.model_copy(update={"learners": learners})})

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data that `RunConfig.model_validate` reads back to the same value.

        Of `training` it holds what the algorithm reads.
        """
        data = self.model_dump(mode="json")
        data["training"] = {k: v for k, v in data["training"].items() if self.algorithm in readers(TrainingConfig, k)}
        return data


def _overlay(base: Section, own: Section) -> dict[str, Any]:
    return deep_merge(base.model_dump(), own.model_dump(exclude_unset=True))
