"""Measure how sampling scales: agents per game x games per runner x concurrent runners."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import product
from statistics import median
from typing import Any

from spacetime_rl.bench.measure import Measurement, Throughput
from spacetime_rl.bench.rounds import Progress
from spacetime_rl.bench.sampling import Sampling
from spacetime_rl.config import RunConfig
from spacetime_rl.rollout.plan import RolloutPlan

AGENTS = (1, 8, 32, 128)
GAMES = (1, 2, 4)
RUNNERS = (1, 2)

_OPENING_S = 4.0  # estimated time to start two runners and their games

MakePlan = Callable[[int, int], tuple[RunConfig, RolloutPlan]]  # from agents per game and games per runner


@dataclass(frozen=True, slots=True)
class Cell:
    """The speed of one combination, over all runners and games together; `agents` counts those of one game."""

    agents: int
    games: int
    runners: int
    agent_steps_per_s: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


def scaling_s(rounds: int, seconds: float) -> float:
    """An estimate of the duration of `measure_scaling` in seconds."""
    return len(AGENTS) * len(GAMES) * (_OPENING_S + rounds * seconds * len(RUNNERS))


def measure_scaling(
    make_plan: MakePlan,
    rounds: int,
    seconds: float,
    progress: Progress,
    agent_counts: Sequence[int] = AGENTS,
    game_counts: Sequence[int] = GAMES,
) -> list[Cell]:
    """Measure every combination as the median of the rounds, each runner in a process. Ray must be initialised."""
    combinations = list(product(agent_counts, game_counts))
    cells: list[Cell] = []
    with _hosts(max(RUNNERS)) as hosts:
        for done, (agents, games) in enumerate(combinations):
            progress(done, len(combinations), f"scaling: {agents} agents, {games} games a runner")
            config, plan = make_plan(agents, games)
            cells += _measure(hosts, Sampling(config, plan), plan.spec.num_agents, games, rounds, seconds)
    progress(len(combinations), len(combinations), "done")
    return cells


def _measure(
    hosts: Sequence[Any], sampling: Sampling, agents: int, games: int, rounds: int, seconds: float
) -> Iterator[Cell]:
    import ray

    with ExitStack() as stack:
        stack.callback(lambda: ray.get([host.close.remote() for host in hosts]))
        ray.get([host.open.remote(sampling) for host in hosts])
        speeds: dict[int, list[float]] = {runners: [] for runners in RUNNERS}
        for _, runners in product(range(rounds), RUNNERS):
            turns: list[Throughput] = ray.get([host.play.remote(seconds) for host in hosts[:runners]])
            speeds[runners].append(sum(turn.agent_steps_per_s for turn in turns))
    for runners, own in speeds.items():
        yield Cell(agents, games, runners, median(own))


@contextmanager
def _hosts(count: int) -> Iterator[list[Any]]:
    import ray

    hosts = [ray.remote(num_cpus=0.5)(Host).remote() for _ in range(count)]
    try:
        yield hosts
    finally:
        for host in hosts:
            ray.kill(host)


class Host:
    """A Ray actor that plays a measurement in its own process."""

    def open(self, measurement: Measurement) -> None:
        """Open the measurement in this process."""
        self._measurement = measurement
        measurement.open()

    def play(self, seconds: float) -> Throughput:
        """Play the measurement for about `seconds` seconds."""
        return self._measurement.play(seconds)

    def close(self) -> None:
        """Close the measurement."""
        self._measurement.close()
