"""An experiment for Tune as one value: the trials of a sweep, or the single trial of a run, without a search space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig

from spacetime_rl.config import RunConfig
from spacetime_rl.config.paths import anchored
from spacetime_rl.config.sweep import SweepConfig
from spacetime_rl.learning.algorithm import SpacetimeAlgorithm
from spacetime_rl.learning.build import make_algorithm_config
from spacetime_rl.rollout.make_plan import plan_rollout
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.runs.checkpoint import CheckpointMetadata
from spacetime_rl.tuning.search import candidate_values

# The settings that decide which game is played, and by which policies.
_GAME = ("scenario", "game", "tasks", "curriculum", "rewards", "policy_mapping", "policies_to_train", "league")


@dataclass(frozen=True, slots=True)
class Experiment:
    """A sweep, or a run as a sweep of one trial, with every size of `plan` and `sweep.base` settled."""

    sweep: SweepConfig
    plan: RolloutPlan
    run_id: str
    versions: Mapping[str, str]
    gpus: int
    # The folder that the user started in; trials run in folders of their own.
    home: Path = field(default_factory=Path.cwd)

    @property
    def base(self) -> RunConfig:
        """The run configuration that every trial starts from; a trial overrides the settings that were drawn for it."""
        return self.sweep.base

    def config(self, drawn: Mapping[str, Any]) -> RunConfig:
        """The run configuration of a trial, from Tune's `config` for it."""
        return self.sweep.candidate(candidate_values(self.sweep, drawn))

    def request(self, drawn: Mapping[str, Any]) -> AlgorithmConfig:
        """A trial's algorithm with the base's plan, which suffices for Tune to reserve cores."""
        return self._algorithm(self.config(drawn), self.plan)

    def algorithm(self, drawn: Mapping[str, Any]) -> AlgorithmConfig:
        """A trial's algorithm. A game that differs from the base's is started once to read its declaration."""
        config = self.config(drawn)
        plan = self.plan if _game(config) == _game(self.base) else self._plan_of(config)
        return self._algorithm(config, replace(plan, seed=config.seed))

    def _plan_of(self, config: RunConfig) -> RolloutPlan:
        ours = self.plan
        recordings = ours.recorder.folder if ours.recorder else None
        own = plan_rollout(anchored(config, self.home), ours.launch.log_dir or Path("logs"), self.home, recordings)
        return replace(own, runners=ours.runners, games=ours.games, cpus_per_runner=ours.cpus_per_runner)

    def _algorithm(self, config: RunConfig, plan: RolloutPlan) -> AlgorithmConfig:
        metadata = CheckpointMetadata(self.run_id, config.to_dict(), plan.spec.to_dict(), self.versions)
        return make_algorithm_config(anchored(config, self.home), plan, metadata, self.gpus, self.home)


def make_trainable(experiment: Experiment) -> type[SpacetimeAlgorithm]:
    """The class of Tune's trials. A restored trial uses the present plan, not the saved one."""
    base: type[SpacetimeAlgorithm] = experiment.request({}).algo_class

    class Trial(base):  # type: ignore[misc, valid-type]
        def __init__(self, config: Mapping[str, Any] | None = None, *args: Any, **kwargs: Any) -> None:
            super().__init__(experiment.algorithm(config or {}), *args, **kwargs)

        @classmethod
        def default_resource_request(cls, config: Mapping[str, Any]) -> Any:
            return base.default_resource_request(experiment.request(config))

    return Trial


def _game(config: RunConfig) -> dict[str, Any]:
    return config.model_dump(include=set(_GAME))
