"""Checks of games on this machine: engine, import, handshake, spaces, and equal games from equal seeds."""

from __future__ import annotations

import contextlib
import io
import time

import numpy as np

from spacetime_rl.errors import SpacetimeError
from spacetime_rl.game.client import open_game
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import OWN_PROJECT, import_project
from spacetime_rl.game.spec import GameSpec, PolicyLayout

STEPS = 60  # decisions of a check


def godot() -> str:
    """Check that the engine is found, runs, and is new enough."""
    found = find_godot()
    return f"{found.version_text} at {found.path}"


def imported() -> str:
    """Check that the scenarios' project is imported for this engine; the first import takes seconds."""
    return f"in {import_project(OWN_PROJECT, find_godot())}"


def handshake() -> str:
    """Check that a game starts and completes the handshake."""
    start = time.perf_counter()
    with open_game(sample_launch()) as game:
        seconds = time.perf_counter() - start
        agents = ", ".join(agent for group in game.spec.groups for agent in group.agents)
        return f"{game.spec.scenario} connected in {seconds:.1f} s: {agents}"


def spaces() -> str:
    """Check that a game's observations fit its declared spaces and are finite."""
    with open_game(sample_launch()) as game:
        first = game.reset(seed=1)
        for group, observation in zip(game.spec.groups, first.observations, strict=True):
            if not np.isfinite(observation).all():
                raise SpacetimeError(f"{group.name}: the first observation is not finite: {observation}")
        return "; ".join(f"{group.name}: {_described(group.layout)}" for group in game.spec.groups)


def pettingzoo() -> str:
    """Check that the environment passes PettingZoo's own test."""
    from pettingzoo.test import parallel_api_test

    from spacetime_rl.envs.parallel import parallel_env

    env = parallel_env(sample_launch())
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # the test prints that it passed
            parallel_api_test(env, num_cycles=STEPS)
    finally:
        env.close()
    return f"passes parallel_api_test, {STEPS} cycles"


def same_seed() -> str:
    """Check that two games with the same seed and actions send the same observations, bit for bit."""
    one, other = _observations(seed=7), _observations(seed=7)
    if one != other:
        step = next(i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
        raise SpacetimeError(f"two games with the same seed differ from decision {step} on")
    return f"{STEPS} decisions, two games, bit for bit the same"


def sample_launch() -> GameLaunch:
    """The launch of a small scenario with two policies, and continuous and discrete actions."""
    return GameLaunch(scenario="vr_interaction", launch_timeout_s=30.0, step_timeout_s=10.0)


def _observations(seed: int) -> list[bytes]:
    random = np.random.default_rng(seed)
    with open_game(sample_launch()) as game:
        found = [game.reset(seed=seed)]
        seen = [b"".join(part.tobytes() for part in found[0].observations)]
        for _ in range(STEPS):
            result = game.step(random_actions(game.spec, random))
            seen.append(b"".join(part.tobytes() for part in result.observations))
    return seen


def random_actions(spec: GameSpec, random: np.random.Generator) -> list[np.ndarray]:
    """Random actions, one array float32 [n, action_size] per group."""
    return [_random(group.layout, spec.group_size(index), random) for index, group in enumerate(spec.groups)]


def _random(layout: PolicyLayout, rows: int, random: np.random.Generator) -> np.ndarray:
    columns = [
        random.uniform(-1, 1, (rows, action.size))
        if action.kind == "continuous"
        else random.integers(0, action.size, (rows, 1))
        for action in layout.actions
    ]
    return np.concatenate(columns, axis=1, dtype=np.float32)


def _described(layout: PolicyLayout) -> str:
    images = f" + {len(layout.images)} images" if layout.images else ""
    actions = " + ".join(f"{action.size} {action.kind}" for action in layout.actions)
    return f"{layout.vector_dim} floats{images} -> {actions}"
