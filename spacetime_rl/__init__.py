"""SpaceTime RL: distributed multi-agent training on Ray for Godot 4 games.

    env = spacetime_rl.parallel_env("vr_interaction")   # a game for PettingZoo
    env = spacetime_rl.GodotVectorEnv(launch)            # a game with one policy for Gymnasium
    config = spacetime_rl.load("vr_interaction", ["training.lr=1e-4"])
    summary = spacetime_rl.train(config)                 # as `spacetime-rl train` does

`spacetime-rl --help` shows the same for the command line. What a user can mend is raised as a SpacetimeError: its
message says where, what was found, what was expected and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacetime_rl.config import RunConfig, load
    from spacetime_rl.envs.parallel import GodotParallelEnv, parallel_env
    from spacetime_rl.envs.vector import GodotVectorEnv
    from spacetime_rl.errors import SpacetimeError
    from spacetime_rl.game.client import open_game
    from spacetime_rl.game.launch import GameLaunch
    from spacetime_rl.training.run import train

__all__ = [
    "GameLaunch",
    "GodotParallelEnv",
    "GodotVectorEnv",
    "RunConfig",
    "SpacetimeError",
    "__version__",
    "load",
    "open_game",
    "parallel_env",
    "train",
]
__version__ = "0.1.0"

# Imported when first used, so that the command line starts without gymnasium, pettingzoo, Ray and torch.
_HOMES = {
    "GameLaunch": "game.launch",
    "GodotParallelEnv": "envs.parallel",
    "GodotVectorEnv": "envs.vector",
    "RunConfig": "config",
    "SpacetimeError": "errors",
    "load": "config",
    "open_game": "game.client",
    "parallel_env": "envs.parallel",
    "train": "training.run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(sorted(_HOMES))}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
