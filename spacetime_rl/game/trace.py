"""Recorded episodes: positions, actions and rewards of all agents, and the static shapes around them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import ProtocolError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.sighting import Sighting

Ending = Literal["success", "terminated", "truncated", "running"]
Unit = Literal["m", "px"]
Floats = NDArray[np.float32]

ENDINGS: tuple[Ending, ...] = get_args(Ending)
_PLACE = 7  # floats of a row before its reward sums: tick, position, velocity


@dataclass(frozen=True, slots=True)
class Recording:
    """What a game records: episodes with a number less than `below`, all or every n-th, and how much of them."""

    below: int = 0
    every: int = 1
    observations: bool = False
    bodies: bool = False  # a hash of every body, which shows where two episodes first differ


NOTHING = Recording()
_EVERY_NUMBER = 2**32 - 1  # of an episode, as TRACE holds it


def everything(below: int = _EVERY_NUMBER, every: int = 1) -> Recording:
    """All that a game records of these episodes."""
    return Recording(below, every, observations=True, bodies=True)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A static object: its outline seen from above, and the heights of its bottom and top; both 0 in a 2D game.

    `points` are the corners of a convex polygon, float32 [n, 2] of x and z. For a circle they are its centre, with a
    `radius`. For a terrain they are the least and greatest corner, with `heights`, float32 [rows along z, columns along
    x].
    """

    name: str
    low: float
    high: float
    points: Floats
    radius: float | None = None
    heights: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AgentTrace:
    """One agent's episode, with a row at its beginning, after every decision, and at its end."""

    name: str
    policy: str
    ending: Ending
    ticks: NDArray[np.int64]  # [rows] since the episode began
    positions: Floats  # [rows, 3] in the trace's unit; in a 2D game x and y are the first and the last, the middle is 0
    velocities: Floats | None  # [rows, 3] in the trace's unit a second; None for a body without velocity
    rewards: Mapping[str, Floats]  # [rows] earned so far in the episode, by reward term
    # The following three are None in the traces of older addons; `observations` also unless they were requested.
    actions: Floats | None = None  # [rows - 1, floats], each decided at a row and applied until the next
    decision_rewards: Floats | None = None  # [rows] reward of the decision before the row; 0 at the beginning
    observations: Floats | None = None  # [rows, floats] observed at each row, without images
    # Images observed at each row, by name, uint8 [rows, height, width, channels]; empty unless observations were
    # requested of a policy that has images.
    images: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One episode of one arena."""

    episode: int
    agents: tuple[AgentTrace, ...]
    outline: tuple[Shape, ...]
    landmarks: Mapping[str, tuple[float, float, float]]
    physics_hz: int
    # By landmark: the distance within which an agent has reached it.
    radii: Mapping[str, float] = field(default_factory=dict)
    unit: Unit = "m"  # of all lengths
    # A hash of the arena's state at the beginning and after each decision; None in the traces of older addons.
    hashes: NDArray[np.uint64] | None = None
    # Of what `part_hashes` are: the arena's random generator, and every body by its path in the arena.
    parts: tuple[str, ...] = ()
    part_hashes: NDArray[np.uint32] | None = None  # [as many as `hashes`, parts]; None unless requested
    sightings: tuple[Sighting, ...] = ()  # what oracles inside the game reported

    @property
    def succeeded(self) -> bool:
        """Whether every agent's episode ended in success."""
        return all(agent.ending == "success" for agent in self.agents)


def read_traces(text: str, physics_hz: int) -> tuple[Trace, ...]:
    """The episodes of a TRACES frame. Raises ProtocolError for malformed text."""
    try:
        return tuple(read_trace(episode, physics_hz) for episode in json.loads(text)["episodes"])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ProtocolError(f"malformed TRACES: {error!r}") from error


def write_traces(traces: tuple[Trace, ...]) -> str:
    """The JSON that `read_traces` reads."""
    return to_json({"episodes": [_trace_to_dict(trace) for trace in traces]})


def read_trace(data: Mapping[str, Any], physics_hz: int) -> Trace:
    """One episode of a TRACES frame. Raises AttributeError, IndexError, KeyError, TypeError or ValueError."""
    return Trace(
        episode=int(data["episode"]),
        agents=tuple(_read_agent(agent) for agent in data["agents"]),
        physics_hz=physics_hz,
        **read_surroundings(data),
        hashes=np.frombuffer(base64.b64decode(data["hashes"]), "<u8") if "hashes" in data else None,
        **_read_parts(data),
        sightings=tuple(Sighting.from_dict(sighting) for sighting in data.get("sightings", ())),
    )


def read_surroundings(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a Trace that describe what stands around the agents, as `write_surroundings` gives them.

    Raises KeyError, TypeError or ValueError for malformed data.
    """
    return {
        "outline": tuple(_read_shape(shape) for shape in data["outline"]),
        "landmarks": {str(name): (float(x), float(y), float(z)) for name, (x, y, z) in data["landmarks"].items()},
        "radii": {str(name): float(radius) for name, radius in data.get("radii", {}).items()},
        "unit": _read_unit(data.get("unit", "m")),
    }


def write_surroundings(trace: Trace) -> dict[str, Any]:
    """What stands around the agents, as plain JSON data."""
    return {
        "outline": [_shape_to_dict(shape) for shape in trace.outline],
        "landmarks": {name: list(at) for name, at in trace.landmarks.items()},
        "radii": dict(trace.radii),
        "unit": trace.unit,
    }


def _read_parts(data: Mapping[str, Any]) -> dict[str, Any]:
    if "parts" not in data:
        return {}
    parts = tuple(str(name) for name in data["parts"])
    return {
        "parts": parts,
        "part_hashes": np.frombuffer(base64.b64decode(data["part_hashes"]), "<u4").reshape(-1, len(parts)),
    }


def _read_unit(unit: object) -> Unit:
    if unit == "m" or unit == "px":
        return unit
    raise ValueError(f"lengths in {unit!r}")


def _read_agent(data: Mapping[str, Any]) -> AgentTrace:
    terms = [str(name) for name in data["rewards"]]
    rows = _floats(data["rows"]).reshape(-1, _PLACE + len(terms))
    require_finite(str(data["name"]), rows)
    return AgentTrace(
        name=str(data["name"]),
        policy=str(data["policy"]),
        ending=read_ending(data),
        ticks=rows[:, 0].astype(np.int64),
        positions=rows[:, 1:4],
        velocities=rows[:, 4:_PLACE] if data["moves"] else None,
        rewards={term: rows[:, _PLACE + i] for i, term in enumerate(terms)},
        actions=_read_table(data, "actions", max(0, len(rows) - 1)),
        decision_rewards=_floats(data["decision_rewards"]).reshape(len(rows)) if "decision_rewards" in data else None,
        observations=_read_table(data, "observations", len(rows)),
    )


def require_finite(agent: str, *tables: Floats) -> None:
    """Raise ValueError for an agent's place, velocity or reward that is no number."""
    if not all(np.isfinite(table).all() for table in tables):
        raise ValueError(f"a place, velocity or reward of agent {agent} is not a finite number")


def read_ending(data: Mapping[str, Any]) -> Ending:
    """How an agent's episode ended. Raises KeyError or ValueError."""
    for ending in ENDINGS:
        if data["ending"] == ending:
            return ending
    raise ValueError(f"an episode that ended as {data['ending']!r}")


def _read_table(data: Mapping[str, Any], key: str, rows: int) -> Floats | None:
    """A table whose number of rows is known but not its width; None where the trace has none. Raises ValueError."""
    if key not in data:
        return None
    floats = _floats(data[key])
    return floats.reshape(rows, -1) if rows else floats.reshape(0, 0)


def _floats(text: str) -> Floats:
    return np.frombuffer(base64.b64decode(text), "<f4")


def _to_text(floats: Floats) -> str:
    return _to_base64(floats.astype("<f4"))


def _to_base64(numbers: NDArray[Any]) -> str:
    return base64.b64encode(numbers.tobytes()).decode()


def _read_shape(data: Mapping[str, Any]) -> Shape:
    common = (str(data["name"]), float(data["low"]), float(data["high"]))
    if data["kind"] == "circle":
        return Shape(*common, np.array([data["centre"]], np.float32), radius=float(data["radius"]))
    if data["kind"] == "heights":
        heights = np.array(data["heights"], np.float32).reshape(-1, int(data["columns"]))
        corner, step = np.array(data["corner"], np.float32), np.array(data["step"], np.float32)
        far = corner + step * (np.array(heights.shape[::-1], np.float32) - 1)
        return Shape(*common, np.stack([corner, far]), heights=heights)
    return Shape(*common, np.array(data["points"], np.float32).reshape(-1, 2))


def _trace_to_dict(trace: Trace) -> dict[str, Any]:
    hashes: dict[str, Any] = {} if trace.hashes is None else {"hashes": _to_base64(trace.hashes.astype("<u8"))}
    if trace.part_hashes is not None:
        hashes |= {"parts": list(trace.parts), "part_hashes": _to_base64(trace.part_hashes.astype("<u4"))}
    return {
        "episode": trace.episode,
        **write_surroundings(trace),
        "agents": [_agent_to_dict(agent) for agent in trace.agents],
        **hashes,
        "sightings": [sighting.to_dict() for sighting in trace.sightings],
    }


def _agent_to_dict(agent: AgentTrace) -> dict[str, Any]:
    moving = np.zeros_like(agent.positions) if agent.velocities is None else agent.velocities
    rows = np.column_stack([agent.ticks, agent.positions, moving, *agent.rewards.values()])
    later = {
        "actions": agent.actions,
        "decision_rewards": agent.decision_rewards,
        "observations": agent.observations,
    }
    return {
        "name": agent.name,
        "policy": agent.policy,
        "ending": agent.ending,
        "moves": agent.velocities is not None,
        "rewards": list(agent.rewards),
        "rows": _to_text(rows),
        **{key: _to_text(floats) for key, floats in later.items() if floats is not None},
    }


def _shape_to_dict(shape: Shape) -> dict[str, Any]:
    common = {"name": shape.name, "low": shape.low, "high": shape.high}
    if shape.radius is not None:
        return common | {"kind": "circle", "centre": shape.points[0].tolist(), "radius": shape.radius}
    if shape.heights is None:
        return common | {"kind": "polygon", "points": shape.points.tolist()}
    rows, columns = shape.heights.shape
    step = (shape.points[1] - shape.points[0]) / np.maximum(1, np.array([columns - 1, rows - 1]))
    grid = {"corner": shape.points[0].tolist(), "step": step.tolist(), "columns": columns}
    return common | {"kind": "heights", "heights": shape.heights.ravel().tolist(), **grid}
