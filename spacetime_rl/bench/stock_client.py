"""Measure the same scene with godot-rl's own client, random actions and no policy."""

from __future__ import annotations

import time
from typing import Any

from spacetime_rl.bench.measure import Measurement, NotMeasurable, Throughput
from spacetime_rl.bench.stock_program import StockProgram, died, end, require_client, watch
from spacetime_rl.rollout.plan import RolloutPlan

_WARM_UP_STEPS = 10
_POOL = 64  # actions that are drawn in advance


class StockClient(Measurement):
    """One game, stepped by godot-rl's `GodotEnv`."""

    name = "stock_client"

    def __init__(self, plan: RolloutPlan) -> None:
        self._launch = plan.launch
        self._spec = plan.spec
        self._program: StockProgram | None = None
        self._env: Any = None
        self._steps = 0

    def open(self) -> None:
        """Start the game and play the warm-up. Raises NotMeasurable without godot-rl, or if groups differ in images."""
        require_client()
        from godot_rl.core.godot_env import GodotEnv

        if len({group.layout.images for group in self._spec.groups}) > 1:
            raise NotMeasurable("the client of godot-rl looks for the images of the first agent in all of them")
        self._program = StockProgram(self._launch)
        try:
            self._env = GodotEnv(**self._program.make_settings(games=1))
            watch(self._env)
            self._env.reset()
        except (OSError, AssertionError, TypeError) as error:
            raise died(self._program, error) from error
        spaces = self._env.action_spaces
        self._actions = [[list(space.sample().values()) for space in spaces] for _ in range(_POOL)]
        for _ in range(_WARM_UP_STEPS):
            self._step()

    def play(self, seconds: float) -> Throughput:
        """Step the game for `seconds` seconds."""
        step_ms = []
        began = now = time.perf_counter()
        while now - began < seconds:
            self._step()
            then, now = now, time.perf_counter()
            step_ms.append(1e3 * (now - then))
        return Throughput.of(len(step_ms), now - began, self._env.num_envs, self._spec.action_repeat, step_ms)

    def close(self) -> None:
        """End the client, the game and the script that starts it."""
        if self._env is not None:
            end(self._env)
        if self._program is not None:
            self._program.close()

    def _step(self) -> None:
        assert self._program is not None
        self._steps += 1
        try:
            self._env.step(self._actions[self._steps % _POOL], order_ij=True)
        except OSError as error:
            raise died(self._program, error) from error
