"""SpaceTime RL: distributed multi-agent training on Ray for Godot 4 games.

    run = spacetime_rl.train("vr_navigation", stop={"agent_steps": 200_000})   # as `spacetime-rl train` does
    report = spacetime_rl.evaluate("vr_navigation", run, episodes=100)
    policy = spacetime_rl.load_policy(run)                # policy.act(observations)
    env = spacetime_rl.gym_env("vr_navigation")           # one agent, for Gymnasium
    env = spacetime_rl.parallel_env("vr_interaction")     # several agents, for PettingZoo

`spacetime-rl --help` shows the same for the command line. What a user can mend is raised as a SpacetimeError: its
message says where, what was found, what was expected and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacetime_rl.api import Run, evaluate, sweep, train
    from spacetime_rl.config import RunConfig, load
    from spacetime_rl.envs.parallel import GodotParallelEnv, parallel_env
    from spacetime_rl.envs.single import GodotEnv, gym_env
    from spacetime_rl.envs.tcp import tcp_env
    from spacetime_rl.envs.vector import GodotVectorEnv, vector_env
    from spacetime_rl.errors import SpacetimeError
    from spacetime_rl.evaluation.policy import Policy, load_policy
    from spacetime_rl.evaluation.report import EvalReport
    from spacetime_rl.game.client import open_game
    from spacetime_rl.game.launch import GameLaunch
    from spacetime_rl.jobs.job import Job
    from spacetime_rl.jobs.submit import submit

__all__ = [
    "EvalReport",
    "GameLaunch",
    "GodotEnv",
    "GodotParallelEnv",
    "GodotVectorEnv",
    "Job",
    "Policy",
    "Run",
    "RunConfig",
    "SpacetimeError",
    "__version__",
    "evaluate",
    "gym_env",
    "load",
    "load_policy",
    "open_game",
    "parallel_env",
    "submit",
    "sweep",
    "tcp_env",
    "train",
    "vector_env",
]
__version__ = "0.2.0"

# Imported when first used, so that the command line starts without gymnasium, pettingzoo, Ray and torch.
_HOMES = {
    "EvalReport": "evaluation.report",
    "GameLaunch": "game.launch",
    "GodotEnv": "envs.single",
    "GodotParallelEnv": "envs.parallel",
    "GodotVectorEnv": "envs.vector",
    "Job": "jobs.job",
    "Policy": "evaluation.policy",
    "Run": "api",
    "RunConfig": "config",
    "SpacetimeError": "errors",
    "evaluate": "api",
    "gym_env": "envs.single",
    "load": "config",
    "load_policy": "evaluation.policy",
    "open_game": "game.client",
    "parallel_env": "envs.parallel",
    "submit": "jobs.submit",
    "sweep": "api",
    "tcp_env": "envs.tcp",
    "train": "api",
    "vector_env": "envs.vector",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(sorted(_HOMES))}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
