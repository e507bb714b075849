"""What policies learn from recorded behaviour."""

from __future__ import annotations

from typing import Any

from pydantic import Field, PositiveInt, create_model, field_validator

from spacetime_rl.config.section import Section

DATASET = "minari:"  # before the id of a Minari dataset, where a path could stand as well
SCRIPT = "heuristic"  # instead of a path: the scripted player, which is recorded when the run begins

# `from` is a word of Python's, so the class that has this key is made by a call.
_Sources = create_model(
    "_Sources",
    __base__=Section,
    **{
        "from": (
            tuple[str, ...],
            Field(
                default=(),
                description="Recorded episodes to learn from: folders, files, or Minari datasets "
                "(`minari:GAME/POLICY-v0`, or their folders), as a list or a single one; `heuristic` records the "
                "scripted player when the run begins; an empty list: none, whatever else stands here "
                "(docs/demonstrations.md).",
            ),
        )
    },  # type: ignore[call-overload]
)


class ImitationConfig(_Sources):  # type: ignore[misc, valid-type]
    """Learning from demonstrations: recorded episodes of a person, a script or another policy."""

    episodes: PositiveInt = Field(
        default=200, description="Episodes that the scripted player is recorded for, where `from` names `heuristic`."
    )
    agents: tuple[str, ...] = Field(
        default=("*",),
        min_length=1,
        description="Patterns (`*`, `?`, `[…]`) for the names of the agents that are imitated: in a person's episode, "
        "scripts may have played the others.",
    )
    successes_only: bool = Field(default=False, description="Only agents' episodes that ended in success are used.")
    epochs: int = Field(
        default=50, ge=0, description="Passes over the demonstrations before the first iteration; 0: no pre-training."
    )
    pretraining_lr: float = Field(
        default=1.0e-3, gt=0, description="Learning rate of the pre-training at first; it falls linearly to 0."
    )
    weight: float = Field(
        default=0.1, ge=0, description="Weight of the imitation loss beside the algorithm's own, when training begins."
    )
    final_weight: float = Field(default=0.0, ge=0, description="This weight after `weight_steps`, approached linearly.")
    weight_steps: PositiveInt = Field(
        default=200_000, description="Agent steps, over all policies, until `final_weight` is reached."
    )
    validation_share: float = Field(
        default=0.1,
        ge=0,
        le=0.9,
        description="Share of the agents' episodes that is not learned from, but measured after every pass of the "
        "pre-training, whose best weights are kept; 0: none, and the last weights are kept.",
    )
    beta: float = Field(
        default=0.0,
        ge=0,
        description="How much more pre-training and `--offline` imitate actions that earned more than expected: each "
        "counts exp(beta · advantage), at most 20 (PPO, APPO, IMPALA); 0: all alike.",
    )
    margin: float = Field(
        default=0.8,
        gt=0,
        description="By how much the value of the demonstrated choice should exceed the others (DQN).",
    )
    offline: bool = Field(
        default=False,
        description="Learn from the demonstrations alone: no game is played in training. `train --offline` sets it.",
    )

    @field_validator("from", mode="before")
    @classmethod
    def _as_list(cls, value: Any) -> Any:
        """A single source may stand without a list."""
        return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value

    @property
    def sources(self) -> tuple[str, ...]:
        """The value of `from`."""
        found: tuple[str, ...] = getattr(self, "from")
        return found

    @property
    def records_script(self) -> bool:
        """Whether the scripted player is to be recorded first."""
        return SCRIPT in self.sources

    @property
    def is_on(self) -> bool:
        """Whether the demonstrations are used at all."""
        return bool(self.sources) and bool(self.offline or self.epochs or self.weight or self.final_weight)

    def weight_at(self, agent_steps: float) -> float:
        """The weight of the imitation loss after this number of agent steps."""
        done = min(1.0, agent_steps / self.weight_steps)
        return self.weight + done * (self.final_weight - self.weight)
