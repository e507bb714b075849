"""The reward for what is new to a policy."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from spacetime_rl.config.section import Section


class CuriosityConfig(Section):
    """Random network distillation (Burda et al. 2018): a reward for observations that are new to the policy (PPO)."""

    weight: float = Field(
        default=0.0,
        ge=0,
        description="Weight of the intrinsic reward, whose discounted sums have a standard deviation of about 1; "
        "0: off (docs/training.md).",
    )
    layers: tuple[PositiveInt, ...] = Field(
        default=(64,), description="Hidden layers of the random target and of its predictor."
    )
    features: PositiveInt = Field(default=32, description="Outputs of both networks.")
    predictor_lr: float = Field(default=3.0e-4, gt=0, description="Learning rate of the predictor.")
