#!/usr/bin/env python3
"""Reports which packages this Python has. Installed by `spacetime-rl controller`; needs no package itself."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path


def available() -> dict[str, bool]:
    """Whether each part of training is installed; nothing is imported, so that the answer comes at once."""
    ray = find_spec("ray")
    places = ray.submodule_search_locations or () if ray else ()
    return {
        "sb3_available": has("stable_baselines3"),
        "rllib_available": any((Path(place) / "rllib").is_dir() for place in places),
        # Games of Godot RL Agents are played by spacetime_rl as well.
        "godot_rl_available": has("spacetime_rl") or has("godot_rl"),
        "torch_available": has("torch"),
        "onnx_available": has("onnx"),
    }


def has(package: str) -> bool:
    """Whether a package can be found."""
    return find_spec(package) is not None


def main() -> int:
    """Print the answers as JSON. Returns 0 if everything is installed, otherwise 1."""
    found = available()
    print(json.dumps(found, indent=2, allow_nan=False))
    return 0 if all(found.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
