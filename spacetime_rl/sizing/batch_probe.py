"""Measures, before a PPO run, the time of an agent step in the games and in the learner: a few seconds each."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import ray
import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.learner.learner import Learner
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.config import RunConfig
from spacetime_rl.config.imitation import ImitationConfig
from spacetime_rl.learning.learners import learner_threads
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.rollout.runner import GameEnvRunner
from spacetime_rl.sizing.arena_probe import one_game
from spacetime_rl.sizing.arithmetic import LearnerCost, fit_learner_cost

_PLAY_S = 1.5  # seconds of play
_MINIBATCHES = (128, 512)  # near the ends of the range that `auto` chooses from
_AGENT_STEPS = 2048  # size of the batch to learn from
_ROUNDS = 3  # of which the shortest counts


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds in which one game and its runner play an agent step, and the cost of learning from one."""

    playing_s: float
    learner: LearnerCost


def measure_learning(config: RunConfig, plan: RolloutPlan, gpus: int = 0) -> Costs:
    """Play one game of the plan with untrained policies, and learn from its episodes: here, or with `gpus` on a GPU.

    A GPU is measured where Ray has one, which may be on another node. Raises GameError where the game cannot be played.
    """
    if not gpus:
        return _measure(config, plan)
    there = ray.remote(num_gpus=1, max_retries=0)(_measure)
    return ray.get(there.remote(config, plan, gpus=1))  # type: ignore[no-any-return]


def _measure(config: RunConfig, plan: RolloutPlan, gpus: int = 0) -> Costs:
    config = config.model_copy(update={"initialize_from": None, "imitation": ImitationConfig()})
    with one_game(config, plan, gpus) as (runner, algorithm):
        playing_s, episodes = _play(runner, plan.spec.num_agents)
        with _learner_threads():
            seconds = _learn(_make_learner(algorithm, runner), episodes)
    return Costs(playing_s, fit_learner_cost(_MINIBATCHES, seconds))


@contextmanager
def _learner_threads() -> Iterator[None]:
    """Give torch the number of threads that `SpacetimeAlgorithm.setup` gives the learner."""
    before = torch.get_num_threads()
    torch.set_num_threads(learner_threads())
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _play(runner: GameEnvRunner, agents: int) -> tuple[float, list[SingleAgentEpisode]]:
    """Seconds per agent step, without the game's start, and the episodes."""
    runner.sample(num_timesteps=agents)
    episodes: list[SingleAgentEpisode] = []
    began, agent_steps = time.perf_counter(), 0
    while not agent_steps or time.perf_counter() - began < _PLAY_S:
        episodes += runner.sample(num_timesteps=16 * agents)
        agent_steps = sum(map(len, episodes))
    return (time.perf_counter() - began) / agent_steps, episodes


def _make_learner(algorithm: AlgorithmConfig, runner: GameEnvRunner) -> Learner:
    spec = algorithm.get_multi_rl_module_spec(spaces=runner.get_spaces(), inference_only=False)
    learner = algorithm.learner_class(config=algorithm, module_spec=spec)
    learner.build()
    return learner


def _learn(learner: Learner, episodes: Sequence[SingleAgentEpisode]) -> tuple[float, float]:
    """Seconds per agent step of one epoch with minibatches of both sizes, each the shortest of `_ROUNDS` rounds."""
    batch = _sized(episodes)
    agent_steps = sum(map(len, batch))
    for size in _MINIBATCHES:  # warm up
        _update(learner, batch, size)
    found = {size: min(_update(learner, batch, size) for _ in range(_ROUNDS)) / agent_steps for size in _MINIBATCHES}
    small, large = _MINIBATCHES
    return found[small], found[large]


def _sized(episodes: Sequence[SingleAgentEpisode]) -> list[SingleAgentEpisode]:
    """Episodes with about `_AGENT_STEPS` agent steps; the episodes of a slow game are repeated."""
    repeated = list(episodes) * math.ceil(_AGENT_STEPS / sum(map(len, episodes)))
    taken, agent_steps = [], 0
    for episode in repeated:
        taken.append(episode)
        agent_steps += len(episode)
        if agent_steps >= _AGENT_STEPS:
            break
    return taken


def _update(learner: Learner, episodes: Sequence[SingleAgentEpisode], minibatch: int) -> float:
    began = time.perf_counter()
    learner.update(
        training_data=TrainingData(episodes=list(episodes)), timesteps={}, num_epochs=1, minibatch_size=minibatch
    )
    return time.perf_counter() - began
