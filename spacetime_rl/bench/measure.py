"""The interface of measurements, which are opened once, played in turns and closed, and the result of a turn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any

import numpy as np

from spacetime_rl.errors import SpacetimeError


class NotMeasurable(SpacetimeError):
    """The game cannot be measured this way; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """The speed of a measurement.

    `step_ms_p50` and `step_ms_p99` are quantiles of the duration of a step, which is one decision of a whole game; None
    if single steps are not measured. `physics_ticks_per_s` is None for a game that does not declare its ticks per
    decision. `shares` are known parts of the wall-clock time, by name.
    """

    agent_steps_per_s: float
    physics_ticks_per_s: float | None
    step_ms_p50: float | None = None
    step_ms_p99: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        decisions: float,
        elapsed_s: float,
        agents: int,
        action_repeat: int | None,
        step_ms: Sequence[float] = (),
        shares: Mapping[str, float] | None = None,
    ) -> Throughput:
        """Compute the throughput of `decisions` (over all games) in `elapsed_s`, each of `agents` agents.

        Agents that wait for their next episode count as well.
        """
        p50, p99 = np.percentile(step_ms, (50, 99)) if len(step_ms) else (None, None)
        return cls(
            agent_steps_per_s=decisions * agents / elapsed_s,
            physics_ticks_per_s=action_repeat and decisions * action_repeat / elapsed_s,
            step_ms_p50=None if p50 is None else float(p50),
            step_ms_p99=None if p99 is None else float(p99),
            shares=shares or {},
        )

    def to_dict(self) -> dict[str, Any]:
        """The four figures as plain JSON data."""
        return {
            "agent_steps_per_s": self.agent_steps_per_s,
            "physics_ticks_per_s": self.physics_ticks_per_s,
            "step_ms_p50": self.step_ms_p50,
            "step_ms_p99": self.step_ms_p99,
        }


class Measurement(ABC):
    """Base class of measurements: one way to play a game. `name` is its key in the report."""

    name: str

    @abstractmethod
    def open(self) -> None:
        """Start all processes and warm up. Raises NotMeasurable, or what a game raises."""

    @abstractmethod
    def play(self, seconds: float) -> Throughput:
        """Play for about `seconds` seconds and return the throughput."""

    @abstractmethod
    def close(self) -> None:
        """End everything that `open` started. Called once, even if `open` failed half way."""


def median_of(turns: Sequence[Throughput]) -> Throughput:
    """The median of every figure over the turns, and the mean of every share, so that shares still add up."""
    return Throughput(
        agent_steps_per_s=median(turn.agent_steps_per_s for turn in turns),
        physics_ticks_per_s=_median([turn.physics_ticks_per_s for turn in turns]),
        step_ms_p50=_median([turn.step_ms_p50 for turn in turns]),
        step_ms_p99=_median([turn.step_ms_p99 for turn in turns]),
        shares={name: fmean(turn.shares[name] for turn in turns) for name in turns[0].shares},
    )


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
