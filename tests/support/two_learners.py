"""Two processes, each with one of the two learners of a run: started once for many tests."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import ray
import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.utils.metrics import NUM_AGENT_STEPS_SAMPLED_LIFETIME
from torch.distributed import TCPStore  # type: ignore[attr-defined]  # torch's own gap

_SEED = 7


@dataclass(frozen=True)
class Task:
    """What to learn from, and how."""

    config: AlgorithmConfig
    spec: MultiRLModuleSpec
    batches: Sequence[list[SingleAgentEpisode]]
    state: Any = None  # of a learner, to begin with
    num_epochs: int = 2
    minibatch_size: int = 50


@dataclass(frozen=True)
class Learned:
    """What came of it: the learner's state, and the metrics of its last update."""

    state: Any
    metrics: Any
    begun: Any  # the state before the updates
    built: Any  # the state before demonstrations, too


def learn(task: Task, learners: int = 1) -> Learned:
    """Let this process's learner learn, which is one of so many. One alone draws what several would draw."""
    config = task.config.copy(copy_frozen=False)
    config.num_learners = learners if learners > 1 else 0
    learner = config.learner_class(config=config, module_spec=task.spec)
    learner.build()
    if task.state is not None:
        learner.set_state(task.state)
    built = copy.deepcopy(learner.get_state())
    if learner.teaching is not None:
        learner.teaching.begin()
    begun = copy.deepcopy(learner.get_state())
    for number, batch in enumerate(task.batches):
        torch.manual_seed(_SEED)
        if learners == 1:
            torch.manual_seed(int(torch.randint(2**62, ())))
        metrics = learner.update(
            training_data=TrainingData(episodes=list(batch)),
            timesteps={NUM_AGENT_STEPS_SAMPLED_LIFETIME: 100 * number},
            num_epochs=task.num_epochs,
            minibatch_size=task.minibatch_size,
        )
    return Learned(learner.get_state(), metrics, begun, built)


class Host:
    """A process for one of two learners."""

    def join(self, port: int, rank: int) -> None:
        """Connect to the other process."""
        store = TCPStore("127.0.0.1", port, 2, is_master=False)
        torch.distributed.init_process_group("gloo", store=store, rank=rank, world_size=2)

    def learn(self, task: Task) -> Learned:
        """Let one of two learners learn."""
        return learn(task, learners=2)


class TwoLearners:
    """The two processes."""

    def __init__(self, hosts: Sequence[Any]) -> None:
        self._hosts = hosts

    def learn(self, task: Task) -> list[Learned]:
        """What came of it in each of them."""
        learned: list[Learned] = ray.get([host.learn.remote(task) for host in self._hosts], timeout=120)
        return learned


@contextmanager
def two_learners() -> Iterator[TwoLearners]:
    """The processes, until the block ends."""
    store = TCPStore("127.0.0.1", 0, 3, is_master=True, wait_for_workers=False)
    hosts = [ray.remote(num_cpus=0)(Host).remote() for _ in range(2)]
    try:
        ray.get([host.join.remote(store.port, rank) for rank, host in enumerate(hosts)], timeout=120)
        yield TwoLearners(hosts)
    finally:
        for host in hosts:
            ray.kill(host)
