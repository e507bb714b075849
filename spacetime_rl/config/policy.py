"""What a policy is made of and how it learns: the parts a run may also set for one policy alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, PositiveInt, SerializationInfo, field_serializer, model_validator

from spacetime_rl.config.algorithms import CLIPPED, ON_POLICY, REPLAYING, setting
from spacetime_rl.config.section import Section

Auto = Literal["auto"]

# PPO's sizes where `auto` measures nothing, and the largest batch that it takes: see docs/training.md.
UNMEASURED = {"train_batch_size": 8192, "minibatch_size": 512, "num_epochs": 6}

CnnFilter = Annotated[
    tuple[PositiveInt, PositiveInt, PositiveInt],
    Field(description="One convolution: output channels, kernel size, stride (pixels)."),
]


class LstmConfig(Section):
    """A recurrent layer between the hidden layers and the outputs."""

    cell_size: int = Field(default=64, ge=1, description="Width of the LSTM's hidden and cell state.")
    max_seq_len: int = Field(default=16, ge=1, description="Longest training sequence, in decisions.")


class CnnConfig(Section):
    """The encoder of every image observation."""

    filters: tuple[CnnFilter, ...] = Field(
        default=((16, 4, 2), (32, 4, 2), (64, 3, 2)),
        min_length=1,
        description="Convolutions in order, each [output channels, kernel size, stride].",
    )


class ModelConfig(Section):
    """The network of a policy."""

    hiddens: tuple[PositiveInt, ...] = Field(default=(128, 128), description="Widths of the hidden layers.")
    activation: Literal["tanh", "relu", "elu", "silu"] = Field(
        default="tanh", description="Activation of the hidden layers."
    )
    lstm: LstmConfig | None = Field(default=None, description="A recurrent policy; null: no recurrent state.")
    normalize_observations: bool = Field(
        default=True, description="Centre and scale observation vectors by running statistics kept beside the weights."
    )
    observation_clip: float = Field(
        default=10.0, gt=0, description="Normalised observations are clipped to ± this value."
    )
    symlog: float | None = Field(
        default=None,
        gt=0,
        description="Also give the network every number x of an observation as sign(x)·log(1 + symlog·abs(x)), which "
        "separates 1 from 2 metres as clearly as 500 from 1000. For tasks that start far off and end precisely. "
        "Null: off.",
    )
    cnn: CnnConfig | None = Field(
        default=None,
        description="Encoder of image observations; null takes the default one where the game sends images.",
    )
    entities: Literal["attention", "pool", "flat"] = Field(
        default="attention",
        description="How lists of entities (`RLEntitySensor`) are read. `attention`: each entity through one encoder, "
        "then a mean of all, weighted by what the agent itself observes. `pool`: their mean and maximum, in a "
        "smaller network. With both, the order of entities makes no difference. `flat`: as plain numbers, row by row.",
    )
    entity_width: int = Field(default=32, ge=1, description="Width of the encoder of entities.")
    initial_log_std: float = Field(
        default=0.0, ge=-10, le=2, description="Log standard deviation of continuous actions at the start of training."
    )
    share_trunk: bool = Field(default=False, description="Policy and value function share the hidden layers.")


class PolicyTrainingConfig(Section):
    """The part of learning that may differ from policy to policy."""

    lr: float = setting(3.0e-4, "Learning rate of Adam.", gt=0)
    final_lr: float | None = setting(
        None, "Learning rate at `stop.agent_steps`, approached linearly; null keeps `lr`.", gt=0
    )
    gamma: float = setting(0.99, "Discount per decision.", ge=0, le=1)
    lambda_: float = setting(0.95, "Generalised advantage estimation's λ.", read_by=("PPO",), ge=0, le=1)
    clip_param: float = setting(
        0.2, "The probability ratio is clipped to 1 ± this value.", read_by=CLIPPED, own={"APPO": 0.3}, gt=0
    )
    entropy_coeff: float = setting(0.0, "Weight of the entropy bonus.", read_by=ON_POLICY, ge=0)
    final_entropy_coeff: float | None = setting(
        None,
        "`entropy_coeff` at `stop.agent_steps`, approached linearly; null keeps it constant.",
        read_by=ON_POLICY,
        ge=0,
    )
    vf_loss_coeff: float = setting(0.5, "Weight of the value loss.", read_by=ON_POLICY, ge=0)
    vf_clip_param: float = setting(
        1.0e4,
        "Limit of the squared value error; the value function learns nothing from a larger one.",
        read_by=("PPO",),
        gt=0,
    )
    critic: Literal["own", "arena", "team"] = setting(
        "own",
        "What the value function sees, in training only: the agent's `own` observation, or also those of all agents of "
        "the `arena`, or of its `team` (docs/multi-agent.md).",
        read_by=("PPO",),
    )
    use_kl_loss: bool = setting(False, "Add an adaptive KL penalty to the clipped loss.", read_by=CLIPPED)
    kl_coeff: float = setting(
        0.2, "Initial weight of the KL penalty, where `use_kl_loss` is on.", read_by=CLIPPED, ge=0
    )
    kl_target: float = setting(
        0.01, "KL divergence that an update aims at, where `use_kl_loss` is on.", read_by=CLIPPED, gt=0
    )
    grad_clip: float | None = setting(
        0.5,
        "Largest global norm of a gradient; null for no limit.",
        own={"SAC": None, "DQN": 10.0},
        gt=0,
    )
    n_step: int = setting(
        1,
        "Number of rewards that are summed before the value estimate.",
        read_by=REPLAYING,
        own={"DQN": 3},
        ge=1,
        le=100,
    )
    tau: float = setting(
        0.005,
        "Share of the weights that the target network takes over at each gradient step.",
        read_by=REPLAYING,
        gt=0,
        le=1,
    )
    initial_alpha: float = setting(
        0.2, "Initial weight of the entropy in the return; training adapts it.", read_by=("SAC",), gt=0
    )
    target_entropy: float | None = setting(
        None,
        "Entropy that the weight adapts to, in nats; null: minus the number of floats of an action.",
        read_by=("SAC",),
    )
    final_epsilon: float = setting(
        0.05,
        "Share of random actions after `epsilon_steps`; at first all actions are random.",
        read_by=("DQN",),
        ge=0,
        le=1,
    )
    epsilon_steps: int = setting(
        200_000, "Agent steps, over all policies, until `final_epsilon` is reached.", read_by=("DQN",), ge=1
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        """Null takes a setting out again that a file below has set, except where it means something."""
        if not isinstance(data, Mapping):
            return data
        return {k: v for k, v in data.items() if v is not None or k not in cls.model_fields or _may_be_null(cls, k)}


class TrainingConfig(PolicyTrainingConfig):
    """How policies learn. Where only some algorithms read a setting, its description names them."""

    train_batch_size: Auto | PositiveInt = setting(
        "auto",
        "Agent steps an iteration, over all policies. `auto` measures game and learner before the run, and takes small "
        "batches with many epochs where the learner would wait for the game, large ones with few where the game would "
        "wait for the learner (docs/training.md).",
        own={"APPO": 4096, "IMPALA": 4096, "SAC": 2048, "DQN": 2048},
    )
    minibatch_size: Auto | PositiveInt = setting(
        "auto",
        "Agent steps a gradient step, per policy; `auto` follows from the measured batch, and is 512 "
        "where the batch size is given.",
        own={"APPO": 512, "IMPALA": 512, "SAC": 256, "DQN": 256},
    )
    num_epochs: Auto | PositiveInt = setting(
        "auto",
        "Passes over the batch an iteration; `auto` follows from the measured batch, and is 6 where the batch size is "
        "given.",
        read_by=ON_POLICY,
        own={"APPO": 3, "IMPALA": 2},
    )
    training_intensity: float = setting(
        16.0, "How many times the learner uses an agent step, on average.", read_by=REPLAYING, own={"SAC": 32.0}, gt=0
    )
    warmup_steps: int = setting(
        2000, "Agent steps of a policy that are gathered before it learns.", read_by=REPLAYING, ge=1
    )
    replay_capacity: int = setting(
        200_000, "Size of each policy's replay buffer, in agent steps.", read_by=REPLAYING, ge=1
    )

    def unmeasured(self) -> dict[str, int]:
        """A number for each of PPO's sizes that is `auto`, from nothing but the configuration."""
        chosen = {key: value for key, value in UNMEASURED.items() if getattr(self, key) == "auto"}
        if "minibatch_size" in chosen and self.train_batch_size != "auto":
            chosen["minibatch_size"] = min(chosen["minibatch_size"], self.train_batch_size)
        return chosen


class PolicyConfig(Section):
    """One policy's own settings; all others come from `model` and `training`."""

    model: ModelConfig = Field(default=ModelConfig(), description="Any keys of `model`.")
    training: PolicyTrainingConfig = Field(
        default=PolicyTrainingConfig(),
        description="Any keys of `training`, batch sizes and epochs excepted: these are shared by all policies.",
    )
    scripted: bool = Field(
        default=False,
        description="While others learn, the game's own script plays this policy's agents, and the policy learns "
        "nothing; for an opponent to learn against.",
    )
    observation_size: int | None = Field(
        default=None, ge=1, description="Floats of the observation that this policy expects; the game must agree."
    )
    action_size: int | None = Field(
        default=None, ge=1, description="Floats of the action that this policy expects; the game must agree."
    )

    @field_serializer("model", "training")
    def _only_what_was_set(self, value: Section, info: SerializationInfo) -> dict[str, object]:
        """Keep the settings partial: defaults written here would hide the run's own `model` and `training`."""
        return value.model_dump(mode=info.mode, exclude_unset=True)


def _may_be_null(model: type[Section], key: str) -> bool:
    return NoneType in get_args(model.model_fields[key].annotation)
