"""Measure a game stepped from Python with random actions and no policy: the upper limit of any training."""

from __future__ import annotations

import time

import numpy as np
import psutil
from numpy.typing import NDArray

from spacetime_rl.bench.measure import Measurement, Throughput
from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import GameSpec, PolicyLayout

_WARM_UP_STEPS = 30


class Bridge(Measurement):
    """One game, stepped by its client."""

    name = "bridge"

    def __init__(self, launch: GameLaunch) -> None:
        self._launch = launch
        self._game: Game | None = None

    def open(self) -> None:
        """Start the game and play the warm-up steps."""
        self._game = open_game(self._launch)
        self._actions = RandomActions(self._game.spec)
        self._game.reset(seed=0)
        for _ in range(_WARM_UP_STEPS):
            self._game.step(self._actions.next())

    def play(self, seconds: float) -> Throughput:
        """Step the game for `seconds` seconds; shares are those of the game and the wire."""
        assert self._game is not None
        game, timing, step_ms = self._game, self._game.timing, []
        game_s, wire_s = timing.game_s, timing.wire_s
        began = now = time.perf_counter()
        while now - began < seconds:
            game.step(self._actions.next())
            then, now = now, time.perf_counter()
            step_ms.append(1e3 * (now - then))
        elapsed_s = now - began
        shares = {"game": (timing.game_s - game_s) / elapsed_s, "wire": (timing.wire_s - wire_s) / elapsed_s}
        spec = game.spec
        return Throughput.of(len(step_ms), elapsed_s, spec.num_agents, spec.action_repeat, step_ms, shares)

    @property
    def rss_mb(self) -> float:
        """Resident memory of the game's process in MiB."""
        assert self._game is not None
        return float(psutil.Process(self._game.pid).memory_info().rss) / 2**20

    def close(self) -> None:
        """Close the game."""
        if self._game is not None:
            self._game.close()


class RandomActions:
    """Uniform random actions, drawn in advance so that drawing does not count as measured time."""

    _POOL = 64  # actions that are drawn in advance and repeated

    def __init__(self, spec: GameSpec) -> None:
        rng = np.random.default_rng(0)
        self._pools = [
            _draw(group.layout, (self._POOL, spec.group_size(g)), rng) for g, group in enumerate(spec.groups)
        ]
        self._next = 0

    def next(self) -> list[NDArray[np.float32]]:
        """Actions of every group, each float32 [n, action_size]."""
        self._next = (self._next + 1) % self._POOL
        return [pool[self._next] for pool in self._pools]


def _draw(layout: PolicyLayout, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    columns = [
        rng.uniform(-1, 1, (*shape, action.size))
        if action.kind == "continuous"
        else rng.integers(0, action.size, (*shape, 1))
        for action in layout.actions
    ]
    return np.concatenate(columns, axis=-1, dtype=np.float32)
