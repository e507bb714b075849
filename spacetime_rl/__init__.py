"""SpaceTime RL: distributed multi-agent training on Ray for Godot 4 games."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacetime_rl.envs.parallel import parallel_env

__all__ = ["__version__", "parallel_env"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Imported when first used, so that the command line starts without gymnasium and pettingzoo.
    if name == "parallel_env":
        from spacetime_rl.envs.parallel import parallel_env

        return parallel_env
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
