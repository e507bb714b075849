"""A smaller or cheaper policy beside its original: the same episodes, the size of the files, the time of a decision."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spacetime_rl.evaluation.comparison import by_episode
from spacetime_rl.evaluation.report import EvalReport
from spacetime_rl.export.schema import read_schema
from spacetime_rl.export.session import make_session
from spacetime_rl.runs.layout import onnx_file, schemas_in
from spacetime_rl.statistics.intervals import Interval, difference_interval, mean

AGENTS = 1, 32  # at which the time is measured
_REPEATS = 7
_FORWARDS = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of a measure over episodes, the other player's less the original's, with its 95 % interval."""

    measure: str
    value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Cost:
    """What a policy costs: bytes of its file, and milliseconds of one decision in onnxruntime, by number of agents."""

    size: int
    latency_ms: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two folders of policies: what each costs, and what the episodes say."""

    costs: Mapping[str, tuple[Cost, Cost]]  # by policy: the original's, the other's
    differences: tuple[Difference, ...]  # of success, if the game reports it, and of the return

    @property
    def size_ratio(self) -> float:
        """The size of all files, the other's by the original's."""
        return sum(other.size for _, other in self.costs.values()) / sum(own.size for own, _ in self.costs.values())

    def latency_ratio(self, agents: int) -> float:
        """The time of a decision of all policies, the other's by the original's."""
        ours, theirs = (sum(pair[i].latency_ms[agents] for pair in self.costs.values()) for i in (0, 1))
        return theirs / ours

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "size_ratio": self.size_ratio,
            "latency_ratio": {str(agents): self.latency_ratio(agents) for agents in AGENTS},
            "policies": {name: [asdict(cost) for cost in pair] for name, pair in self.costs.items()},
            "differences": [asdict(difference) for difference in self.differences],
        }


def compare_episodes(original: EvalReport, other: EvalReport) -> tuple[Difference, ...]:
    """The differences of success and return on the same episodes; without success where no agent reports it."""
    found = []
    for measure in ("success", "return"):
        ours, theirs = by_episode(original, None, measure), by_episode(other, None, measure)
        both = [number for number in ours if number in theirs]
        if len(both) < 2 or (measure == "success" and not (any(ours.values()) or any(theirs.values()))):
            continue
        paired = original.paired and other.paired
        columns = [theirs[number] for number in both], [ours[number] for number in both]
        value = mean(columns[0]) - mean(columns[1])
        found.append(Difference(measure, value, difference_interval(*columns, paired)))
    return tuple(found)


def compare_costs(original: Path, other: Path) -> dict[str, tuple[Cost, Cost]]:
    """By policy what the files in two folders cost, measured in turn so that both meet the same load."""
    names = [read_schema(file).policy for file in schemas_in(original)]
    return {name: _costs(onnx_file(original, name), onnx_file(other, name)) for name in names}


def _costs(original: Path, other: Path) -> tuple[Cost, Cost]:
    times: list[dict[int, list[float]]] = [{agents: [] for agents in AGENTS} for _ in (original, other)]
    for agents in AGENTS:
        runs = [_forward(file, agents) for file in (original, other)]
        for _ in range(_REPEATS):
            for run, found in zip(runs, times, strict=True):
                found[agents].append(_time_ms(run))
    # The least of several: whatever else the machine does only makes it longer.
    costs = [Cost(file.stat().st_size, {agents: min(found[agents]) for agents in AGENTS})
             for file, found in zip((original, other), times, strict=True)]  # fmt: skip
    return costs[0], costs[1]


def _forward(file: Path, agents: int) -> Callable[[], Any]:
    session = make_session(file)
    rng = np.random.default_rng(0)
    inputs = {
        given.name: rng.normal(size=[agents, *given.shape[1:]]).astype(np.float32) for given in session.get_inputs()
    }
    return lambda: session.run(["distribution"], inputs)


def _time_ms(run: Callable[[], Any]) -> float:
    begun_s = time.perf_counter()
    for _ in range(_FORWARDS):
        run()
    return (time.perf_counter() - begun_s) / _FORWARDS * 1e3
