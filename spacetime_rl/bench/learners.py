"""Measure what two learners, or a GPU, save: they learn from the same batches in turns with one learner on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
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
from spacetime_rl.learning.learners import learner_threads
from spacetime_rl.rollout.plan import RolloutPlan

_AGENTS = 32
_BATCH, _EPOCHS = 8192, 6  # as in a run whose sizes are not measured


@dataclass(frozen=True, slots=True)
class Case:
    """A policy's hidden layers, and the agent steps of a minibatch."""

    hiddens: tuple[int, ...]
    minibatch: int

    def __str__(self) -> str:
        """In words, as in `2 layers of 64, minibatches of 512`."""
        return f"{len(self.hiddens)} layers of {self.hiddens[0]}, minibatches of {self.minibatch}"


# A usual run, a large minibatch, large networks.
CASES = (
    Case((64, 64), 512),
    Case((64, 64), 4096),
    Case((256, 256), 512),
    Case((512, 512), 2048),
    Case((1024, 1024), 4096),
)


@dataclass(frozen=True, slots=True)
class TwoLearners:
    """The cost of learning from a batch.

    `wall_ms` and `cpu_ms` are milliseconds for an epoch of `_BATCH` agent steps: of one learner, and of the slower one
    of two. They are medians over the rounds. `faster` is the median over the rounds of the ratio of the wall-clock
    times. Where other programs need the cores, two learners wait for the slower one: `faster_by_cpu` is the ratio of
    the processor times, to which `faster` comes close where nothing else runs.
    """

    case: Case
    wall_ms: tuple[float, float]
    cpu_ms: tuple[float, float]
    faster: float
    faster_by_cpu: float


@dataclass(frozen=True, slots=True)
class OnGpu:
    """The wall-clock cost of learning from a batch on CPU cores, as many as a run's learner takes, and on a GPU.

    `cpu_ms` and `gpu_ms` are milliseconds for an epoch of `_BATCH` agent steps, medians over the rounds; `faster` is
    the median over the rounds of their ratio.
    """

    case: Case
    cpu_ms: float
    gpu_ms: float
    faster: float


def measure_learners(case: Case, rounds: int) -> TwoLearners:
    """Measure `rounds` pairs of updates, by one learner and by two. Needs a connection to Ray."""
    with ExitStack() as ends:
        one, two = (ends.enter_context(_algorithm(case, learners)) for learners in (1, 2))
        pairs = _pairs(one, two, rounds)
    walls, spent = ([(single[at], double[at]) for single, double in pairs] for at in (0, 1))
    return TwoLearners(case, _medians(walls), _medians(spent), _ratio(walls), _ratio(spent))


def measure_gpu(case: Case, rounds: int) -> OnGpu:
    """Measure `rounds` pairs of updates, on the CPU and on a GPU. Needs a connection to Ray, and a GPU."""
    with ExitStack() as ends:
        cpu = ends.enter_context(_algorithm(case, threads=learner_threads()))
        gpu = ends.enter_context(_algorithm(case, gpus=1))
        walls = [(on_cpu[0], on_gpu[0]) for on_cpu, on_gpu in _pairs(cpu, gpu, rounds)]
    return OnGpu(case, *_medians(walls), _ratio(walls))


_Cost = tuple[float, float]  # wall-clock seconds of an update, and processor seconds


def _pairs(first: SpacetimeAlgorithm, second: SpacetimeAlgorithm, rounds: int) -> list[tuple[_Cost, _Cost]]:
    """Both learn from the same episodes in turns; the first round, in which they warm up, does not count."""
    episodes, _ = first.sample_batch(), second.sample_batch()
    return [(_learn(first, episodes), _learn(second, episodes)) for _ in range(rounds + 1)][1:]


def _medians(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    first, second = (1000.0 * median(each) / _EPOCHS for each in zip(*pairs, strict=True))
    return first, second


def _ratio(pairs: list[tuple[float, float]]) -> float:
    return median(single / double for single, double in pairs)


def _learn(algorithm: SpacetimeAlgorithm, episodes: list[SingleAgentEpisode]) -> _Cost:
    """Wall-clock seconds of an update, and processor seconds of the learner that computed most."""
    before = _spent(algorithm)
    began = perf_counter()
    algorithm.learn(episodes)
    wall_s = perf_counter() - began
    return wall_s, max(after - spent for spent, after in zip(before, _spent(algorithm), strict=True))


def _spent(algorithm: SpacetimeAlgorithm) -> list[float]:
    return [answer.get() for answer in algorithm.learner_group.foreach_learner(lambda _: process_time())]


@contextmanager
def _algorithm(case: Case, learners: int = 1, gpus: int = 0, threads: int = 1) -> Iterator[SpacetimeAlgorithm]:
    opener = NullGameOpener(_AGENTS)
    config = RunConfig.model_validate(
        {
            "scenario": {"name": "null"},
            "training": {"train_batch_size": _BATCH, "minibatch_size": case.minibatch, "num_epochs": _EPOCHS},
            "rollout": {"runners": 0, "fragment_length": _BATCH // _AGENTS},
            "model": {"hiddens": list(case.hiddens)},
            "resources": {"learners": learners},
        }
    )
    plan = RolloutPlan(GameLaunch(scenario="null"), opener.spec, assign_policies(opener.spec, config), open=opener)
    algorithm = as_trained(config, plan, gpus).build_algo()
    algorithm.learner_group.foreach_learner(partial(_use_threads, threads))
    try:
        yield algorithm
    finally:
        algorithm.stop()


def _use_threads(threads: int, _: Any) -> None:
    torch.set_num_threads(threads)
