"""`SweepConfig`: a run whose settings are searched, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from spacetime_rl import metrics
from spacetime_rl.config.metric_name import MetricName
from spacetime_rl.config.model import RunConfig
from spacetime_rl.config.search_space import Domain
from spacetime_rl.config.section import Section
from spacetime_rl.config.sections import Seconds

Mode = Literal["max", "min"]
Path = tuple[str, ...]


class FifoConfig(Section):
    """Every trial trains to its end."""

    type: Literal["fifo"] = "fifo"


class AshaConfig(Section):
    """Trials that are worse than most at the same step stop early (Li et al. 2020)."""

    type: Literal["asha"] = "asha"
    grace_agent_steps: int = Field(default=100_000, ge=1, description="No trial stops before this many agent steps.")
    reduction_factor: float = Field(
        default=3.0, gt=1, description="At each rung, one trial in `reduction_factor` continues."
    )


class PbtConfig(Section):
    """A population: the worst continue from a copy of the best, with changed settings (Jaderberg et al. 2017)."""

    type: Literal["pbt"] = "pbt"
    interval_agent_steps: int = Field(default=100_000, ge=1, description="Agent steps between two comparisons.")
    quantile_fraction: float = Field(default=0.25, gt=0, le=0.5, description="Share of the worst, and of the best.")
    resample_probability: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="Probability that a mutated setting is resampled; otherwise it is multiplied by 0.8 or 1.2.",
    )


class Pb2Config(Section):
    """PBT whose changes a Gaussian process proposes (Parker-Holder et al. 2020): for small populations."""

    type: Literal["pb2"] = "pb2"
    interval_agent_steps: int = Field(default=100_000, ge=1, description="Agent steps between two comparisons.")
    quantile_fraction: float = Field(default=0.25, gt=0, le=0.5, description="Share of the worst, and of the best.")


Scheduler = Annotated[
    Annotated[FifoConfig, Tag("fifo")]
    | Annotated[AshaConfig, Tag("asha")]
    | Annotated[PbtConfig, Tag("pbt")]
    | Annotated[Pb2Config, Tag("pb2")],
    Discriminator("type"),
]


class Objective(Section):
    """A metric that trials are compared by."""

    metric: MetricName = Field(min_length=1, description="Its public name, such as `scenario/success_rate`.")
    mode: Mode = Field(default="max", description="Whether a larger value is better.")


class SweepSettings(Section):
    """How the settings are searched."""

    metric: MetricName = Field(
        default=metrics.SCENARIO_SUCCESS, min_length=1, description="Metric that trials are compared by."
    )
    mode: Mode = Field(default="max", description="Whether a larger value is better.")
    objectives: tuple[Objective, ...] = Field(
        default=(), description="Several metrics at once, in place of `metric`: the result is their Pareto front."
    )
    num_samples: int = Field(default=8, ge=1, description="Trials; with a grid, rounds through it.")
    seeds_per_trial: int = Field(
        default=1, ge=1, le=100, description="Seeds that each configuration is trained with; their mean is compared."
    )
    max_concurrent: int | None = Field(
        default=None,
        ge=1,
        description="Trials at a time; null: a whole population, otherwise one trial for every two cores.",
    )
    scheduler: Scheduler = Field(default=FifoConfig(), description="Which trials stop early, or copy others.")
    searcher: Literal["random", "grid", "optuna"] = Field(
        default="random", description="How values are chosen; optuna learns from the trials before (TPE)."
    )
    time_s: Seconds | None = Field(default=None, description="Wall-clock seconds of the whole sweep.")
    agent_steps: int | None = Field(default=None, ge=1, description="Agent steps of all trials together.")
    max_failures: int = Field(
        default=3, ge=0, description="How many times a failed trial restarts from its latest checkpoint."
    )
    space: Mapping[str, Any] = Field(
        default={}, description="The searched settings: dotted keys of the run, each with its distribution."
    )

    @property
    def goals(self) -> tuple[Objective, ...]:
        """What trials are compared by: one objective, or several."""
        return self.objectives or (Objective(metric=self.metric, mode=self.mode),)


@dataclass(frozen=True, slots=True)
class SweepConfig:
    """A run, how it is searched, and what is drawn for which of its settings.

    A run by itself is a sweep of one trial, for which nothing is drawn: `is_search` is False then.
    """

    base: RunConfig
    settings: SweepSettings
    space: Mapping[Path, Domain]
    is_search: bool = True

    @classmethod
    def of_run(cls, config: RunConfig) -> SweepConfig:
        """The sweep that a run is."""
        return cls(config, SweepSettings(num_samples=1), {}, is_search=False)

    def candidate(self, values: Mapping[Path, Any]) -> RunConfig:
        """The run with these values laid over it. Raises pydantic's ValidationError where it cannot be run."""
        if not values:
            return self.base
        data = self.base.model_dump(mode="json", exclude_unset=True)
        for path, value in values.items():
            data = lay(data, path, value)
        return RunConfig.model_validate(data)


def lay(data: Any, path: Path, value: Any) -> Any:
    """A copy of plain data with the value at a path, whose steps into lists are their indices, put in."""
    if not path:
        return value
    step, *rest = path
    if isinstance(data, list):
        return [lay(item, tuple(rest), value) if str(index) == step else item for index, item in enumerate(data)]
    below = data if isinstance(data, Mapping) else {}
    return {**below, step: lay(below.get(step), tuple(rest), value)}


def dotted(path: Path) -> str:
    """`a.b`."""
    return ".".join(path)
