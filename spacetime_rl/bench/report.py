"""The results of a benchmark as one value, which is written as JSON and shown as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from spacetime_rl.bench.rounds import Result
from spacetime_rl.bench.scaling import Cell
from spacetime_rl.console.bottleneck import Verdict

FORMAT = "spacetime-bench/1"
MEASURED = ("engine_limit", "bridge", "sampling", "learning", "training", "stock_client", "stock_sb3", "stock_rllib")
RATIOS = {
    "bridge_to_limit": ("bridge", "engine_limit"),
    "sampling_to_limit": ("sampling", "engine_limit"),
    "training_to_stock_sb3": ("training", "stock_sb3"),
    "training_to_stock_rllib": ("training", "stock_rllib"),
}
TO_CORES = "training_to_cores"  # the fifth ratio: training to all cores, divided by what the parts cost alone


@dataclass(frozen=True, slots=True)
class RunnerAlone:
    """The speed of the env runner on a game that takes hardly any time."""

    agents: int
    agent_steps_per_s: float
    us_per_agent_step: float


@dataclass(frozen=True, slots=True)
class BenchReport:
    """The results of `spacetime-rl bench`. `results` has a key for every measurement, also for failed ones."""

    target: str
    command: str
    settings: Mapping[str, Any]
    machine: Mapping[str, Any]
    results: Mapping[str, Result]
    runner_alone: tuple[RunnerAlone, ...]
    us_per_agent_tick: Mapping[str, float]  # the game by section, and the wire; empty for a stock game
    memory_mb: Mapping[str, float]
    verdict: Verdict
    scaling: tuple[Cell, ...] = field(default=())

    @property
    def shares(self) -> Mapping[str, float]:
        """The shares of the parts of training in its wall-clock time."""
        return _shares(self.results)

    @property
    def ratio(self) -> dict[str, float | None]:
        """The ratios of `RATIOS`, and `training_to_cores`; None if one side was not measured."""
        speeds = {name: speed_of(self.results, name) for name in MEASURED}
        ratios = {name: _ratio(speeds[above], speeds[below]) for name, (above, below) in RATIOS.items()}
        return {**ratios, TO_CORES: _ratio(speeds["training"], self._cores_limit(speeds))}

    def _cores_limit(self, speeds: Mapping[str, float | None]) -> float | None:
        """Agent steps per second if every core of the machine always played or learned, and nothing ever waited."""
        alone = {row.agents: row.agent_steps_per_s for row in self.runner_alone}
        parts = (speeds["engine_limit"], alone.get(self.settings["agents"]), speeds["learning"])
        if None in parts:
            return None
        return float(self.machine["cores"]) / sum(1.0 / part for part in parts if part)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        taken = {name: result.median for name, result in self.results.items()}
        return {
            "format": FORMAT,
            "target": self.target,
            "command": self.command,
            "settings": dict(self.settings),
            "machine": dict(self.machine),
            **{name: figures.to_dict() if (figures := taken.get(name)) else None for name in MEASURED},
            "ratio": self.ratio,
            "verdict": self.verdict.to_dict(),
            "shares": dict(self.shares),
            "us_per_agent_tick": dict(self.us_per_agent_tick),
            "memory_mb": dict(self.memory_mb),
            "runner_alone": [asdict(row) for row in self.runner_alone],
            "scaling": [cell.to_dict() for cell in self.scaling],
            "rounds": {name: list(result.rounds) for name, result in self.results.items() if result.rounds},
            "missing": {name: result.missing for name, result in self.results.items() if result.missing},
        }


def speed_of(results: Mapping[str, Result], name: str) -> float | None:
    """Agent steps per second of one measurement; None if it was not measured."""
    result = results.get(name)
    return result.median.agent_steps_per_s if result and result.median else None


def _shares(results: Mapping[str, Result]) -> Mapping[str, float]:
    training = results.get("training")
    return training.median.shares if training and training.median else {}


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None
