"""A trial of a sweep: an algorithm that is made, where it trains, of what Tune drew for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig

from spacetime_rl.config import RunConfig
from spacetime_rl.config.paths import anchored
from spacetime_rl.config.sweep import SweepConfig
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.training.algorithm import make_algorithm_config
from spacetime_rl.training.base import SpacetimeAlgorithm
from spacetime_rl.training.checkpoint import CheckpointCard
from spacetime_rl.training.meet import meet_game
from spacetime_rl.training.search import candidate_values

# What of a configuration decides which game is played, and by whom.
_GAME = ("scenario", "game", "tasks", "curriculum", "rewards", "policy_mapping", "policies_to_train")


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the trials of a sweep have in common. `plan` and `sweep.base` have every size settled."""

    sweep: SweepConfig
    plan: RolloutPlan
    run_id: str
    versions: Mapping[str, str]
    gpus: int
    home: Path = field(default_factory=Path.cwd)  # where the user started; trials work in folders of their own

    def config(self, drawn: Mapping[str, Any]) -> RunConfig:
        """The run that a trial is, of Tune's `config` for it."""
        return self.sweep.candidate(candidate_values(self.sweep, drawn))

    def request(self, drawn: Mapping[str, Any]) -> AlgorithmConfig:
        """A trial's algorithm as far as Tune needs it to reserve cores."""
        return self._algorithm(self.config(drawn), self.plan)

    def algorithm(self, drawn: Mapping[str, Any]) -> AlgorithmConfig:
        """A trial's algorithm; a game that differs from the base's is started once, to learn what it declares."""
        config = self.config(drawn)
        plan = self.plan if _game(config) == _game(self.sweep.base) else self._meet(config)
        return self._algorithm(config, replace(plan, seed=config.seed))

    def _meet(self, config: RunConfig) -> RolloutPlan:
        ours = self.plan
        met = meet_game(anchored(config, self.home), ours.launch.log_dir or Path("logs"), self.home)
        return replace(
            met,
            runners=ours.runners,
            games=ours.games,
            cpus_per_runner=ours.cpus_per_runner,
        )

    def _algorithm(self, config: RunConfig, plan: RolloutPlan) -> AlgorithmConfig:
        card = CheckpointCard(self.run_id, config.to_dict(), plan.spec.to_dict(), self.versions)
        return make_algorithm_config(anchored(config, self.home), plan, card, self.gpus, self.home)


def make_trainable(candidates: Candidates) -> type[SpacetimeAlgorithm]:
    """The class that Tune makes trials of."""
    base: type[SpacetimeAlgorithm] = candidates.request({}).algo_class

    class Candidate(base):  # type: ignore[misc, valid-type]
        def __init__(self, config: Mapping[str, Any] | None = None, *args: Any, **kwargs: Any) -> None:
            super().__init__(candidates.algorithm(config or {}), *args, **kwargs)

        @classmethod
        def default_resource_request(cls, config: Mapping[str, Any]) -> Any:
            return base.default_resource_request(candidates.request(config))

    return Candidate


def _game(config: RunConfig) -> dict[str, Any]:
    return config.model_dump(include=set(_GAME))
