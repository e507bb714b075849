"""The declaration of a stock Godot RL Agents game as a GameSpec, and its observations as flat vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import ContractError, HandshakeError, MissingImage, ObservationError
from spacetime_rl.game.checks import as_floats
from spacetime_rl.game.declaration import SpecError, keyed, listed, one_of, required, shown, text, whole, wrong
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import (
    ALWAYS_MEASURED,
    STOCK_WIRE,
    ActionField,
    AgentGroup,
    GameSpec,
    ImageField,
    ObservationField,
    PolicyLayout,
)

_DEFAULT_POLICY = "shared_policy"  # the policy of games that are older than policy names
_NO_AGENTS = "at least one agent: is an AIController in the scene, with its control mode or the Sync node's on Training"

_RGB, _RGBA = 3, 4
_CHANNELS = (1, 2, _RGB, _RGBA)

Spaces = Mapping[str, Any]


def read_stock_spec(launch: GameLaunch, info: Mapping[str, Any]) -> tuple[GameSpec, tuple[NDArray[np.intp], ...]]:
    """The spec, and for each of its groups the indices of its agents in the game's own order.

    Raises HandshakeError that lists, by policy and key, every impossible space. Raises ContractError when agents of one
    policy have different spaces.
    """
    try:
        policies, observations, actions = _declared(info)
    except SpecError as error:
        raise HandshakeError(f"{launch.title}: {error}") from None
    groups, rows, problems = [], [], []
    for policy in dict.fromkeys(policies):
        members = [agent for agent, name in enumerate(policies) if name == policy]
        try:
            layouts = [_layout(observations[agent], actions[agent]) for agent in members]
        except SpecError as error:
            problems.append(f"{launch.title}: policy {policy!r}: {error}")
            continue
        for agent, layout in zip(members, layouts, strict=True):
            if layout != layouts[0]:
                raise ContractError([_differing(launch, policy, (members[0], agent), observations, actions)])
        names = tuple(f"{policy}_{i}" for i in range(len(members)))
        groups.append(AgentGroup(policy, names, layouts[0], ALWAYS_MEASURED))
        rows.append(np.array(members, np.intp))
    if problems:
        raise HandshakeError("\n".join(problems))
    spec = GameSpec(
        scenario=launch.title,
        arenas=1,
        physics_hz=None,
        action_repeat=launch.action_repeat,
        groups=tuple(groups),
        wire=STOCK_WIRE,
    )
    return spec, tuple(rows)


def flatten(layout: PolicyLayout, observation: Any, agent_id: str, what: str = "observation") -> NDArray[np.float32]:
    """One agent's observation as its flat vector. Raises ObservationError where it does not match its space."""
    if not isinstance(observation, Mapping):
        raise ObservationError(f"{what} of agent {agent_id} is {shown(observation)}, not an object with a key for each")
    parts = [_vector(field, _value(field.name, observation, agent_id, what), agent_id, what) for field in layout.fields]
    parts += [
        _pixels(image, _value(image.name, observation, agent_id, what), agent_id, what) for image in layout.images
    ]
    return np.concatenate(parts, dtype=np.float32)


def _declared(info: Mapping[str, Any]) -> tuple[list[str], list[Spaces], list[Spaces]]:
    """Policy, observation space and action space of every agent."""
    count = whole("n_agents", required("env_info", info, "n_agents"), least=0)
    if count == 0:
        raise wrong("n_agents", 0, _NO_AGENTS)
    named = listed("agent_policy_names", info.get("agent_policy_names", [_DEFAULT_POLICY] * count), count, "names")
    observations, actions = (
        # Old games send one space for all agents.
        [value] * count if isinstance(value, Mapping) else listed(key, value, count, "spaces")
        for key in ("observation_space", "action_space")
        for value in [required("env_info", info, key)]
    )
    policies = [text(f"agent_policy_names[{agent}]", name) for agent, name in enumerate(named)]
    return policies, observations, actions


def _differing(
    launch: GameLaunch, policy: str, pair: tuple[int, int], observations: Sequence[Spaces], actions: Sequence[Spaces]
) -> str:
    key, spaces = next(
        (key, spaces)
        for key, spaces in (("observation_space", observations), ("action_space", actions))
        if spaces[pair[0]] != spaces[pair[1]]
    )
    found = " and ".join(f"{shown(spaces[agent])} of agent {agent}" for agent in pair)
    return (
        f"{launch.title}: agents of policy '{policy}' have different spaces; {key}: {found}; "
        "give them policy names of their own"
    )


def _layout(observation_space: Spaces, action_space: Spaces) -> PolicyLayout:
    fields: list[ObservationField] = []
    images: list[ImageField] = []
    for key, space in _spaces("observation_space", observation_space):
        where = f"observation_space {key!r}"
        kind = one_of(f"{where}: space", required(where, space, "space"), ("box", "discrete"))
        size = required(where, space, "size")
        if kind == "discrete":
            fields.append(ObservationField(key, whole(f"{where}: size", size, least=2), "one-hot", "discrete"))
        elif _is_image(key):
            images.append(ImageField(key, _image_shape(f"{where}: size", size)))
        else:
            fields.append(ObservationField(key, whole(f"{where}: size", prod(_sizes(f"{where}: size", size)))))
    actions = tuple(_action(key, space) for key, space in _spaces("action_space", action_space))
    return PolicyLayout(tuple(fields), tuple(images), actions)


def _spaces(where: str, spaces: Any) -> list[tuple[str, Spaces]]:
    if not keyed(where, spaces):
        raise wrong(where, spaces, "at least one key")
    return [(text(f"{where}: key", key), keyed(f"{where} {key!r}", space)) for key, space in spaces.items()]


def _action(key: str, space: Spaces) -> ActionField:
    where = f"action_space {key!r}"
    kind = one_of(f"{where}: action_type", required(where, space, "action_type"), ("continuous", "discrete"))
    least = 2 if kind == "discrete" else 1  # a choice of one possibility would leave nothing to choose
    return ActionField(key, kind, whole(f"{where}: size", required(where, space, "size"), least))  # type: ignore[arg-type]


def _sizes(where: str, size: Any) -> list[int]:
    if not isinstance(size, list) or not size:
        raise wrong(where, size, "a list of sizes, such as [3]")
    return [whole(where, part) for part in size]


def _is_image(key: str) -> bool:
    return "2d" in key


def _image_shape(where: str, size: Any) -> tuple[int, int, int]:
    """Height, width, channels. The plugin's cameras declare channels first, although the pixels are sent row by row."""
    sizes = _sizes(where, size)
    if len(sizes) not in (2, 3):
        raise wrong(where, size, "[channels, height, width] or [height, width, channels]")
    if len(sizes) == 3 and sizes[0] in _CHANNELS and sizes[2] not in _CHANNELS:
        return sizes[1], sizes[2], sizes[0]
    height, width, channels = (*sizes, 1)[:3]
    return height, width, channels


def _vector(field: ObservationField, value: Any, agent_id: str, what: str) -> NDArray[np.float32]:
    name = f"{what} {field.name}"
    values = as_floats(value, name, agent_id)
    if field.kind == "continuous":
        _require_size(name, len(values), field.size, agent_id)
        return values
    _require_size(name, len(values), 1, agent_id)
    choice = float(values[0])
    if not (choice.is_integer() and 0 <= choice < field.size):
        last = field.size - 1
        raise ObservationError(f"{name} of agent {agent_id} is {shown(value)}, not a whole number from 0 to {last}")
    one_hot = np.zeros(field.size, np.float32)
    one_hot[int(choice)] = 1.0
    return one_hot


def _pixels(image: ImageField, value: Any, agent_id: str, what: str) -> NDArray[np.float32]:
    name = f"{what} {image.name}"
    if not value:
        raise MissingImage(
            f"{name} of agent {agent_id} is {shown(value)}: a camera needs a renderer; let game.render be auto"
        )
    try:
        pixels = np.frombuffer(bytes.fromhex(value), np.uint8)
    except (TypeError, ValueError):
        raise ObservationError(f"{name} of agent {agent_id} is {shown(value)}, not pixels in hexadecimal") from None
    height, width, channels = image.shape
    if channels == _RGB and len(pixels) == height * width * _RGBA:  # the engine's compatibility renderer draws RGBA
        pixels = pixels.reshape(-1, _RGBA)[:, :_RGB].ravel()
    _require_size(name, len(pixels), prod(image.shape), agent_id)
    return pixels * np.float32(1 / 255)


def _value(key: str, observation: Mapping[str, Any], agent_id: str, what: str) -> Any:
    if key not in observation:
        raise ObservationError(f"{what} {key} of agent {agent_id} is missing; it sends {shown(list(observation))}")
    return observation[key]


def _require_size(name: str, found: int, expected: int, agent_id: str) -> None:
    if found != expected:
        raise ObservationError(f"{name} of agent {agent_id} has {found} numbers; its space has {expected}")
