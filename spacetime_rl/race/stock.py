"""Trainings by Stable-Baselines3 through godot-rl's wrapper: with our settings, and with those of its examples."""

from __future__ import annotations

from pathlib import Path

import torch

from spacetime_rl.bench.stock_program import StockProgram
from spacetime_rl.bench.stock_sb3 import Sb3Learner, StockSb3
from spacetime_rl.config import RunConfig
from spacetime_rl.convert.sb3 import convert_sb3
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.learning.build import train_batch_size
from spacetime_rl.race.racer import Racer
from spacetime_rl.rollout.plan import RolloutPlan


class Sb3Racer(Racer):
    """PPO with the number of games and threads that is the fastest here, which `search` finds."""

    def __init__(self, config: RunConfig, plan: RolloutPlan, search: StockSb3, *, as_example: bool) -> None:
        self.name = "stock_sb3_example" if as_example else "stock_sb3"
        self._config = config
        self._plan = plan
        self._search = search
        self._as_example = as_example
        self._program: StockProgram | None = None
        self._learner: Sb3Learner | None = None

    def prepare(self) -> None:
        """Look for the fastest setting. Raises NotMeasurable for spaces that the wrapper cannot play."""
        try:
            if not self._search.describe():
                self._search.open()
        finally:
            self._search.close()

    def start(self, seed: int) -> None:
        """Start the games, and make the algorithm."""
        torch.set_num_threads(self._search.best.threads)
        self._program = StockProgram(self._plan.launch)
        self._learner = Sb3Learner(self._program, self._search.best.games, seed)
        if self._as_example:
            self._learner.build_as_example()
        else:
            self._learner.build(self._config, train_batch_size(self._config, self._plan))

    def learn(self) -> int:
        """Sample and learn from one batch; one of the examples' is so small that several are taken."""
        assert self._learner is not None
        return self._learner.iterate()

    def export(self, folder: Path) -> None:
        """Convert the model that Stable-Baselines3 saves."""
        assert self._learner is not None
        spec = self._plan.spec
        names = folder / "game.json"
        names.write_text(to_json(spec.to_dict()), encoding="utf-8")
        convert_sb3(self._learner.save(folder / "model.zip"), folder, spec.groups[0].name, layout=names, verify=False)

    def stop(self) -> None:
        """End the games."""
        if self._learner is not None:
            self._learner.close()
        if self._program is not None:
            self._program.close()
        self._learner = self._program = None
