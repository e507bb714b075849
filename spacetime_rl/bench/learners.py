"""Measure what two learners save beside one: both learn from the same batch in turns, on one core each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time
from typing import Any

import torch
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.bench.null_game import NullGameOpener
from spacetime_rl.bench.sampling import as_trained
from spacetime_rl.config import RunConfig
from spacetime_rl.contract import assign_policies
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.learning.algorithm import SpacetimeAlgorithm
from spacetime_rl.rollout.plan import RolloutPlan

_AGENTS = 32
_BATCH = 8192
# Hidden layers, minibatch and epochs: a usual run, a large minibatch, large networks.
CASES = (((64, 64), 512, 2), ((64, 64), 4096, 2), ((256, 256), 512, 2), ((512, 512), 2048, 2))


@dataclass(frozen=True, slots=True)
class Learning:
    """The cost of learning from a batch of `_BATCH` agent steps, in all epochs.

    `wall_s` and `cpu_s` are seconds of one learner, and of the slowest of two: medians over the rounds. `faster` is the
    median over the rounds of the ratio of the wall-clock times. Where other programs need the cores, two learners wait
    for the slower one; `cpu_s` shows what they would need by themselves.
    """

    hiddens: tuple[int, ...]
    minibatch: int
    epochs: int
    wall_s: tuple[float, float]
    cpu_s: tuple[float, float]
    faster: float

    @property
    def faster_by_cpu(self) -> float:
        """The ratio of the processor times."""
        return self.cpu_s[0] / self.cpu_s[1]


def measure_learners(rounds: int, cases: Sequence[tuple[tuple[int, ...], int, int]] = CASES) -> Iterator[Learning]:
    """Measure every case, `rounds` pairs each. Needs a connection to Ray."""
    for hiddens, minibatch, epochs in cases:
        with ExitStack() as ends:
            one, two = (ends.enter_context(_algorithm(n, hiddens, minibatch, epochs)) for n in (1, 2))
            episodes, _ = one.sample_batch(), two.sample_batch()
            pairs = [(_learn(one, episodes), _learn(two, episodes)) for _ in range(rounds + 1)][1:]
        walls, spent = zip(*[zip(*pair, strict=True) for pair in pairs], strict=True)
        yield Learning(
            hiddens,
            minibatch,
            epochs,
            (median(w[0] for w in walls), median(w[1] for w in walls)),
            (median(s[0] for s in spent), median(s[1] for s in spent)),
            median(w[0] / w[1] for w in walls),
        )


def _learn(algorithm: SpacetimeAlgorithm, episodes: list[SingleAgentEpisode]) -> tuple[float, float]:
    """Wall-clock seconds of an update, and processor seconds of the learner that computed most."""
    before = _spent(algorithm)
    began = perf_counter()
    algorithm.learn(episodes)
    wall_s = perf_counter() - began
    return wall_s, max(after - spent for spent, after in zip(before, _spent(algorithm), strict=True))


def _spent(algorithm: SpacetimeAlgorithm) -> list[float]:
    return [answer.get() for answer in algorithm.learner_group.foreach_learner(lambda _: process_time())]


@contextmanager
def _algorithm(learners: int, hiddens: tuple[int, ...], minibatch: int, epochs: int) -> Iterator[SpacetimeAlgorithm]:
    opener = NullGameOpener(_AGENTS)
    config = RunConfig.model_validate(
        {
            "scenario": {"name": "null"},
            "training": {"train_batch_size": _BATCH, "minibatch_size": minibatch, "num_epochs": epochs},
            "rollout": {"runners": 0, "fragment_length": _BATCH // _AGENTS},
            "model": {"hiddens": list(hiddens)},
            "resources": {"learners": learners},
        }
    )
    plan = RolloutPlan(GameLaunch(scenario="null"), opener.spec, assign_policies(opener.spec, config), open=opener)
    algorithm = as_trained(config, plan).build_algo()
    algorithm.learner_group.foreach_learner(_one_thread)
    try:
        yield algorithm
    finally:
        algorithm.stop()


def _one_thread(_: Any) -> None:
    torch.set_num_threads(1)
