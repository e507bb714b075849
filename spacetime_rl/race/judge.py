"""Judges the policies of all racers on the same held-out episodes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import make_launch
from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.evaluate import evaluate
from spacetime_rl.evaluation.sources import HeuristicSource, OnnxSource, RandomSource, Source


@dataclass(frozen=True, slots=True)
class Judge:
    """Plays `episodes` episodes of the seed of the configuration's evaluation."""

    config: RunConfig
    episodes: int

    def success(self, folder: Path, *, drawn: bool) -> float:
        """The share of episodes in which every agent succeeds, by `drawn` actions or by the most probable ones.

        Raises UsageError for a game that reports no success.
        """
        return self._play(OnnxSource(folder, scripted=self.config.scripted), drawn)

    def success_of_others(self, *, has_script: bool) -> dict[str, float]:
        """The same for the random player and, in a game that `has_script`, for the scripted one, by their names."""
        others: list[Source] = [HeuristicSource(), RandomSource()] if has_script else [RandomSource()]
        return {source.name: self._play(source, True) for source in others}

    def _play(self, source: Source, drawn: bool) -> float:
        how = self.config.evaluation.model_copy(update={"stochastic": drawn})
        config = self.config.model_copy(update={"evaluation": how})
        launch = replace(make_launch(config), arenas=how.arenas)
        success = evaluate(launch, config, source, self.episodes, how.seed, how.games).overall.episode_success_rate
        if success is None:
            raise UsageError(f"{launch.title}: reports no success, so nobody can win a race in it")
        return success
