"""The `gate:` section of a configuration: how much `spacetime-rl gate` plays, and what counts as worse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator

from spacetime_rl.config.section import Section

SUCCESS = "success"


class GateMetricConfig(Section):
    """A metric of the game that a build must not make worse."""

    better: Literal["higher", "lower"] = Field(default="higher", description="Which values are better.")
    margin: float = Field(gt=0, description="A build that is worse by less than this passes, in the metric's own unit.")
    relative: bool = Field(default=False, description="The margin is a share of the base's mean instead.")


class GateConfig(Section):
    """How much is played, and what counts as worse."""

    player: str = Field(
        default="heuristic",
        description="Who plays: `random`, `heuristic`, `baseline`, a run, or a folder of ONNX files.",
    )
    episodes: int = Field(default=2_000, ge=1, description="Episodes of each build, at most.")
    round: int = Field(default=50, ge=1, description="Episodes between two looks.")
    seed: int = Field(default=10_000, ge=0, description="Seed of the first round; the others follow.")
    alpha: float = Field(default=0.05, gt=0, lt=1, description="How often a verdict may be wrong.")
    margin: float | None = Field(
        default=0.025,
        gt=0,
        lt=1,
        description="A build that succeeds in fewer episodes by less than this share of them passes; null: success is "
        "not judged.",
    )
    cpu_margin: float | None = Field(
        default=None,
        gt=0,
        description="A build whose game needs more processor time a physics tick by less than this share passes; null: "
        "it is not judged.",
    )
    metrics: Mapping[str, GateMetricConfig] = Field(
        default={}, description="Further metrics of an episode that are judged, such as `return` or `collisions`."
    )
    findings: bool = Field(
        default=False, description="Whether the oracles of `playtest` look at every episode; it has to be recorded."
    )

    @field_validator("metrics")
    @classmethod
    def _check(cls, metrics: Mapping[str, GateMetricConfig]) -> Mapping[str, GateMetricConfig]:
        if SUCCESS in metrics:
            raise ValueError("success is judged by gate.margin; leave it out here")
        return metrics
