"""Find action fields without effect, by playing the same episode with and without them."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.contract import PolicyPlan
from spacetime_rl.game.api import Game
from spacetime_rl.game.spec import STOCK_WIRE

_DECISIONS = 40  # of the short episode, which is played once for each field
_MOST_FIELDS = 8  # with more action fields none is tried: each costs an episode


def find_idle_actions(
    game: Game, plans: Sequence[PolicyPlan], policy: PolicyPlan, seed: int, time_s: float
) -> tuple[str, ...]:
    """The action fields of a policy that make no difference in a short episode.

    The episode is played again with zeros for the field. That requires a game that repeats its episodes bit for bit:
    for any other game, and for a stock game, the result is empty. After `time_s` seconds no further field is tried.
    """
    until = time.monotonic() + time_s
    fields = policy.layout.actions
    if game.spec.wire == STOCK_WIRE or len(fields) > _MOST_FIELDS:
        return ()
    drawn = _draw(game, plans, seed)
    usual = _play(game, drawn, seed)
    if usual != _play(game, drawn, seed):
        return ()
    idle = []
    begin = 0
    for field in fields:
        if time.monotonic() > until:
            break
        still = [[group.copy() for group in groups] for groups in drawn]
        for groups in still:
            for group, rows in policy.parts:
                groups[group][rows, begin : begin + field.width] = 0.0
        begin += field.width
        if _play(game, still, seed) == usual:
            idle.append(field.name)
    return tuple(idle)


def _draw(game: Game, plans: Sequence[PolicyPlan], seed: int) -> list[list[NDArray[np.float32]]]:
    """Random actions of every group for each of `_DECISIONS` decisions."""
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(_DECISIONS):
        groups = [
            np.zeros((game.spec.group_size(g), group.layout.action_size), np.float32)
            for g, group in enumerate(game.spec.groups)
        ]
        for plan in plans:
            plan.scatter(_random(rng, plan), groups)
        drawn.append(groups)
    return drawn


def _random(rng: np.random.Generator, plan: PolicyPlan) -> NDArray[np.float32]:
    count = len(plan.agents)
    parts = [
        rng.uniform(-1.0, 1.0, (count, field.size))
        if field.kind == "continuous"
        else rng.integers(0, field.size, (count, 1))
        for field in plan.layout.actions
    ]
    return np.concatenate(parts, axis=1, dtype=np.float32, casting="same_kind")


def _play(game: Game, actions: Sequence[Sequence[NDArray[np.float32]]], seed: int) -> bytes:
    """All observations, rewards and endings that the game sends for these actions, as bytes."""
    state = game.reset(seed, 0)
    sent = []
    for groups in actions:
        state = game.step(groups)
        sent += [observation.tobytes() for observation in state.observations]
        sent += [state.rewards.tobytes(), state.terminated.tobytes(), state.truncated.tobytes()]
    return b"".join(sent)
