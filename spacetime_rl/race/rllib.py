"""Trainings on RLlib: ours, and the one with RLlib's own env runner, connectors and learner."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from ray.rllib.algorithms.algorithm import Algorithm

from spacetime_rl.bench.training import StockRllib, Training, decisions_of, require_ppo
from spacetime_rl.config import RunConfig
from spacetime_rl.export.onnx import export_module
from spacetime_rl.export.schema import Origin
from spacetime_rl.race.racer import Racer
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.tuning.ray_session import ray_session


class RllibRacer(Racer):
    """A training on a Ray of its own, the start of which counts."""

    def __init__(self, config: RunConfig, plan: RolloutPlan, kind: type[Training]) -> None:
        self.name = kind.name
        self._config = config
        self._plan = plan
        self._kind = kind
        self._algorithm: Algorithm | None = None
        self._ends = ExitStack()
        self._steps = 0.0

    def prepare(self) -> None:
        """Raise NotMeasurable for another algorithm than PPO, with which alone RLlib's own parts are measured."""
        if self._kind is StockRllib:
            require_ppo(self._config)

    def start(self, seed: int) -> None:
        """Start Ray, the games and the learner."""
        config = self._config.model_copy(update={"seed": seed})
        training = self._kind(config, replace(self._plan, seed=seed))
        self._steps = 0.0
        self._ends = ExitStack()
        self._ends.enter_context(ray_session(1.0 + max(1, self._plan.runners) * self._plan.cpus_per_runner))
        self._ends.callback(training.close)
        self._algorithm = training.build()

    def learn(self) -> int:
        """Train one iteration."""
        assert self._algorithm is not None
        self._steps += decisions_of(self._algorithm.train()) * self._plan.spec.num_agents
        return round(self._steps)

    def export(self, folder: Path) -> None:
        """Export a copy of the learner's networks."""
        assert self._algorithm is not None
        group: Any = self._algorithm.learner_group
        modules = next(iter(group.foreach_learner(_copy_modules))).get()
        origin = Origin.of_game(self._plan.spec)
        for name, module in modules.items():
            export_module(module, name, folder, origin)

    def stop(self) -> None:
        """Stop the training and its Ray."""
        self._algorithm = None
        self._ends.close()


def _copy_modules(learner: Any) -> dict[str, Any]:
    return {name: copy.deepcopy(module.unwrapped()) for name, module in learner.module.items()}
