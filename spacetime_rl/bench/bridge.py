"""How fast Python and a game step together, with random actions and no learning: the ceiling of any training."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import PolicyLayout

_WARM_UP_STEPS = 30


@dataclass(frozen=True, slots=True)
class Throughput:
    """One measurement. Shares are of the wall-clock time."""

    agent_steps_per_s: float
    physics_ticks_per_s: float
    step_ms_p50: float
    step_ms_p99: float
    share_game: float
    share_wire: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


def measure_bridge(launch: GameLaunch, rounds: int = 5, seconds: float = 2.0) -> Throughput:
    """Step one game for `rounds` times `seconds`; every figure is the median of the rounds. Raises GameError."""
    with open_game(launch) as game:
        actions = _RandomActions(game)
        game.reset(seed=0)
        for _ in range(_WARM_UP_STEPS):
            game.step(actions.next())
        measured = [_round(game, actions, seconds) for _ in range(rounds)]
    return Throughput(*(median(column) for column in zip(*(asdict(m).values() for m in measured), strict=True)))


def _round(game: Game, actions: _RandomActions, seconds: float) -> Throughput:
    game_s, wire_s, steps_ms = game.timing.game_s, game.timing.wire_s, []
    began = now = time.perf_counter()
    while now - began < seconds:
        game.step(actions.next())
        then, now = now, time.perf_counter()
        steps_ms.append(1e3 * (now - then))
    elapsed = now - began
    return Throughput(
        agent_steps_per_s=len(steps_ms) * game.spec.num_agents / elapsed,
        physics_ticks_per_s=len(steps_ms) * game.spec.action_repeat / elapsed,
        step_ms_p50=float(np.percentile(steps_ms, 50)),
        step_ms_p99=float(np.percentile(steps_ms, 99)),
        share_game=(game.timing.game_s - game_s) / elapsed,
        share_wire=(game.timing.wire_s - wire_s) / elapsed,
    )


class _RandomActions:
    """Uniform actions, drawn before the clock runs."""

    _POOL = 256

    def __init__(self, game: Game) -> None:
        rng = np.random.default_rng(0)
        self._pools = [
            _draw(group.layout, (self._POOL, game.spec.group_size(g)), rng) for g, group in enumerate(game.spec.groups)
        ]
        self._next = 0

    def next(self) -> list[NDArray[np.float32]]:
        """Actions of every group."""
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
