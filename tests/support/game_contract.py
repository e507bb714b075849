"""What holds of every result of every game, and actions that every game takes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.api import Game, StepResult

Actions = list[NDArray[np.float32]]


def draw(game: Game, seed: int = 0) -> Iterator[Actions]:
    """Random actions that the game takes."""
    rng = np.random.default_rng(seed)
    while True:
        yield [_actions_of(game, group, rng) for group in range(len(game.spec.groups))]


def _actions_of(game: Game, group: int, rng: np.random.Generator) -> NDArray[np.float32]:
    columns = [
        rng.integers(field.size, size=game.spec.group_size(group)).astype(np.float32)
        if field.kind == "discrete"
        else rng.uniform(-1, 1, game.spec.group_size(group)).astype(np.float32)
        for field in game.spec.groups[group].layout.actions
        for _ in range(field.width)
    ]
    return np.stack(columns, axis=1)


def check(game: Game, result: StepResult) -> None:
    """Shapes, dtypes and what holds of every result."""
    agents = game.spec.num_agents
    for group, seen in enumerate(result.observations):
        assert seen.shape == (game.spec.group_size(group), game.spec.groups[group].layout.obs_dim)
        assert seen.dtype == np.float32
        assert np.isfinite(seen).all()
    for flags in (result.terminated, result.truncated, result.active):
        assert (flags.shape, flags.dtype) == ((agents,), np.dtype(np.bool_))
    assert (result.rewards.shape, result.rewards.dtype) == ((agents,), np.dtype(np.float32))
    assert np.isfinite(result.rewards).all()
    assert not (result.terminated & result.truncated).any()
    over = np.flatnonzero(result.terminated | result.truncated)
    assert sorted(end.agent for end in result.ended) == over.tolist()
    for end in result.ended:
        played = game.spec.groups[group_of(game, end.agent)]
        assert end.final_observation.shape == (played.layout.obs_dim,)
        assert set(end.metrics) <= set(played.metrics) or game.spec.is_stock


def group_of(game: Game, agent: int) -> int:
    slices = [game.spec.group_slice(group) for group in range(len(game.spec.groups))]
    return next(number for number, rows in enumerate(slices) if rows.start <= agent < rows.stop)
