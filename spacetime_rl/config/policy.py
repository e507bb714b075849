"""What a policy is made of and how it learns: the parts a run may also set for one policy alone."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, SerializationInfo, field_serializer

from spacetime_rl.config.section import Section

CnnFilter = Annotated[
    tuple[PositiveInt, PositiveInt, PositiveInt],
    Field(description="One convolution: output channels, kernel size, stride (pixels)."),
]


class LstmConfig(Section):
    """A recurrent layer between the hidden layers and the outputs."""

    cell_size: int = Field(default=64, ge=1, description="Width of the LSTM's hidden and cell state.")
    max_seq_len: int = Field(default=16, ge=1, description="Decisions a training sequence is cut to.")


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
    activation: Literal["tanh", "relu", "elu", "silu"] = Field(default="tanh", description="Between the layers.")
    lstm: LstmConfig | None = Field(default=None, description="A recurrent policy; null for one without memory.")
    normalize_observations: bool = Field(
        default=True, description="Centre and scale observation vectors by running statistics kept beside the weights."
    )
    observation_clip: float = Field(default=10.0, gt=0, description="Normalised observations are clipped to ± this.")
    cnn: CnnConfig | None = Field(
        default=None,
        description="Encoder of image observations; null takes the default one where the game sends images.",
    )
    initial_log_std: float = Field(
        default=-0.5, ge=-10, le=2, description="Log standard deviation that continuous actions start exploring with."
    )
    share_trunk: bool = Field(default=False, description="Policy and value function share the hidden layers.")


class PolicyTrainingConfig(Section):
    """The part of PPO that may differ from policy to policy."""

    lr: float = Field(default=3.0e-4, gt=0, description="Learning rate of Adam.")
    gamma: float = Field(default=0.99, ge=0, le=1, description="Discount per decision.")
    lambda_: float = Field(default=0.95, ge=0, le=1, description="Generalised advantage estimation's λ.")
    clip_param: float = Field(default=0.2, gt=0, description="PPO clips the probability ratio to 1 ± this.")
    entropy_coeff: float = Field(default=0.0, ge=0, description="Weight of the entropy bonus.")
    vf_loss_coeff: float = Field(default=0.5, ge=0, description="Weight of the value loss.")
    vf_clip_param: float = Field(
        default=1.0e4,
        gt=0,
        description="The squared value error is clipped at this: of a return that is further off, nothing is learned.",
    )
    use_kl_loss: bool = Field(default=False, description="Add an adaptive KL penalty to the clipped loss.")
    kl_coeff: float = Field(default=0.2, ge=0, description="Its first weight, where `use_kl_loss` is on.")
    kl_target: float = Field(
        default=0.01, gt=0, description="The KL divergence an update aims at, where `use_kl_loss` is on."
    )
    grad_clip: float | None = Field(
        default=0.5, gt=0, description="Largest global norm of a gradient; null for no limit."
    )


class TrainingConfig(PolicyTrainingConfig):
    """PPO as a whole."""

    train_batch_size: int = Field(default=8192, ge=1, description="Agent steps an iteration, over all policies.")
    minibatch_size: int = Field(default=512, ge=1, description="Agent steps a gradient step, per policy.")
    num_epochs: int = Field(default=6, ge=1, description="Passes over the batch an iteration.")


class PolicyConfig(Section):
    """One policy's own settings; what is not set here comes from `model` and `training`."""

    model: ModelConfig = Field(default=ModelConfig(), description="Any keys of `model`.")
    training: PolicyTrainingConfig = Field(
        default=PolicyTrainingConfig(),
        description="Any keys of `training`, batch sizes and epochs excepted: these are shared by all policies.",
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
