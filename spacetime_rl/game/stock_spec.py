"""What a stock Godot RL Agents game says about itself, as a GameSpec, and how its observations become flat vectors."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import ContractError, ObservationError
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import ActionField, AgentGroup, GameSpec, ImageField, ObservationField, PolicyLayout

STOCK_WIRE = "stock/0.7"
STOCK_METRICS = ("episode", "return", "length", "success")

_DEFAULT_ACTION_REPEAT = 8
_DEFAULT_POLICY = "shared_policy"  # of games older than policy names


def read_stock_spec(launch: GameLaunch, info: Mapping[str, Any]) -> tuple[GameSpec, tuple[NDArray[np.intp], ...]]:
    """The spec, and for each of its groups the places of its agents in the game's own order.

    Raises KeyError, TypeError or ValueError on a malformed `env_info`, ContractError when agents of one policy
    have different spaces.
    """
    count = int(info["n_agents"])
    policies = [str(name) for name in info.get("agent_policy_names", [_DEFAULT_POLICY] * count)]
    observation_spaces, action_spaces = (
        # Old games send one space for all.
        [info[key]] * count if isinstance(info[key], Mapping) else info[key]
        for key in ("observation_space", "action_space")
    )
    layouts = [_layout(*spaces) for spaces in zip(observation_spaces, action_spaces, strict=True)]
    groups, rows = [], []
    for policy in dict.fromkeys(policies):
        members = [agent for agent, name in enumerate(policies) if name == policy]
        if any(layouts[agent] != layouts[members[0]] for agent in members):
            raise ContractError([f"{launch.title}: agents of policy '{policy}' have different spaces"])
        names = tuple(f"{policy}_{i}" for i in range(len(members)))
        groups.append(AgentGroup(policy, names, layouts[members[0]], STOCK_METRICS))
        rows.append(np.array(members, np.intp))
    spec = GameSpec(
        scenario=launch.title,
        arenas=1,
        physics_hz=launch.physics_hz,
        action_repeat=launch.action_repeat or _DEFAULT_ACTION_REPEAT,
        groups=tuple(groups),
        wire=STOCK_WIRE,
    )
    return spec, tuple(rows)


def flatten(layout: PolicyLayout, observation: Mapping[str, Any], agent_id: str) -> NDArray[np.float32]:
    """One agent's observation as its flat vector. Raises ObservationError where it disagrees with its space."""
    parts = [_vector(field, observation, agent_id) for field in layout.fields]
    parts += [_pixels(image, observation, agent_id) for image in layout.images]
    return np.concatenate(parts, dtype=np.float32)


def _layout(observation_space: Mapping[str, Any], action_space: Mapping[str, Any]) -> PolicyLayout:
    boxes = {key: space["size"] for key, space in observation_space.items() if space["space"] == "box"}
    others = {key: space["space"] for key, space in observation_space.items() if key not in boxes}
    if others:
        raise ValueError(f"observation spaces {others} are not 'box'")
    return PolicyLayout(
        fields=tuple(ObservationField(key, prod(map(int, size))) for key, size in boxes.items() if not _is_image(key)),
        images=tuple(ImageField(key, _image_shape(size)) for key, size in boxes.items() if _is_image(key)),
        actions=tuple(
            ActionField(key, space["action_type"], int(space["size"])) for key, space in action_space.items()
        ),
    )


def _is_image(key: str) -> bool:
    return "2d" in key


def _image_shape(size: list[Any]) -> tuple[int, int, int]:
    height, width, channels = (*map(int, size), 1)[:3]
    return height, width, channels


def _vector(field: ObservationField, observation: Mapping[str, Any], agent_id: str) -> NDArray[np.float32]:
    values = np.ravel(np.asarray(_value(field.name, observation, agent_id), np.float32))
    _require_size(field.name, len(values), field.size, agent_id)
    if not np.isfinite(values).all():
        column = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ObservationError(f"observation {field.name}[{column}] of agent {agent_id} is {values[column]}")
    return values


def _pixels(image: ImageField, observation: Mapping[str, Any], agent_id: str) -> NDArray[np.float32]:
    pixels = np.frombuffer(bytes.fromhex(_value(image.name, observation, agent_id)), np.uint8)
    _require_size(image.name, len(pixels), prod(image.shape), agent_id)
    return pixels * np.float32(1 / 255)


def _value(key: str, observation: Mapping[str, Any], agent_id: str) -> Any:
    if key not in observation:
        raise ObservationError(f"observation {key} of agent {agent_id} is missing")
    return observation[key]


def _require_size(key: str, found: int, expected: int, agent_id: str) -> None:
    if found != expected:
        raise ObservationError(f"observation {key} of agent {agent_id} has {found} numbers; its space has {expected}")
