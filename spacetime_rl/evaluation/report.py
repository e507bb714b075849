"""What an evaluation found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = 1
_COUNTED = ("episode", "return", "length", "success")
_Z95 = 1.959963984540054  # two-sided 95 % quantile of the standard normal distribution


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """How one policy did, over all its agents in all episodes; `overall` is all policies together.

    `success_ci` is the 95 % Wilson interval. It counts episodes, not agents: agents of one episode share their luck.
    Both are None for a game that does not say what success is. `metrics` are means of what else the game measured.
    """

    policy: str
    episodes: int
    seed: int
    success_rate: float | None
    success_ci: tuple[float, float] | None
    return_mean: float
    length_mean: float
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class EvalReport:
    """Every policy of one source on the same seeded episodes."""

    source: str
    scenario: str
    episodes: int
    seed: int
    overall: PolicyReport
    policies: tuple[PolicyReport, ...]
    restarts: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "format": FORMAT,
            "source": self.source,
            "scenario": self.scenario,
            "episodes": self.episodes,
            "seed": self.seed,
            "restarts": self.restarts,
            "overall": asdict(self.overall),
            "policies": {report.policy: asdict(report) for report in self.policies},
        }


def summarise(policy: str, episodes: int, seed: int, results: Sequence[Mapping[str, float]]) -> PolicyReport:
    """Sum up the metrics of every agent in every episode."""
    successes = [result["success"] for result in results if "success" in result]
    rate = _mean(successes) if successes else None
    own = dict.fromkeys(name for result in results for name in result if name not in _COUNTED)
    return PolicyReport(
        policy=policy,
        episodes=episodes,
        seed=seed,
        success_rate=rate,
        success_ci=None if rate is None else wilson_interval(rate, episodes),
        return_mean=_mean([result["return"] for result in results]),
        length_mean=_mean([result["length"] for result in results]),
        metrics={name: _mean([result[name] for result in results if name in result]) for name in own},
    )


def wilson_interval(rate: float, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion (E. B. Wilson 1927), for a rate that may be a mean over agents."""
    spread = _Z95**2 / trials
    centre = (rate + spread / 2.0) / (1.0 + spread)
    half = _Z95 / (1.0 + spread) * math.sqrt(rate * (1.0 - rate) / trials + spread / (4.0 * trials))
    return max(0.0, centre - half), min(1.0, centre + half)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
