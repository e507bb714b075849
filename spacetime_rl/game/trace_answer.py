"""Reads the answer to a TRACE in its short form, and adds what passed between us and the game in the episode."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import ProtocolError
from spacetime_rl.game.sighting import Sighting
from spacetime_rl.game.state_hash import hash_parts, hash_states
from spacetime_rl.game.step_log import StepLog
from spacetime_rl.game.trace import (
    AgentTrace,
    Floats,
    Trace,
    read_ending,
    read_surroundings,
    read_trace,
    read_traces,
    require_finite,
)

_HEAD = struct.Struct("<BI")  # a zero byte, and the length of the JSON; tables follow it
_PLACE = 6  # floats of a row: position and velocity
# Bytes as the engine writes them: what precedes every value, what precedes the values of a body, and an arena's frame.
_VALUE_HEAD, _BODY_HEAD = 4, 8
_FRAME = (_VALUE_HEAD + 4 * 12) + (_VALUE_HEAD + 4 * 3)


def read_answer(body: bytes, physics_hz: int, log: StepLog) -> tuple[Trace, ...]:
    """The episodes of a TRACES frame. `log` has what is missing in short ones. Raises ProtocolError."""
    if body[:1] != b"\0":
        return read_traces(body.decode(errors="replace"), physics_hz)
    try:
        _, length = _HEAD.unpack_from(body)
        tables = _Tables(memoryview(body)[_HEAD.size + length :])
        episodes = json.loads(body[_HEAD.size : _HEAD.size + length])["episodes"]
        return tuple(_Reader(tables, log).read(episode, physics_hz) for episode in episodes)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, struct.error) as error:
        raise ProtocolError(f"malformed TRACES: {error!r}") from error


@dataclass(frozen=True, slots=True)
class _Tables:
    """The tables beside the JSON, which has the offset and the size of each."""

    data: memoryview

    def get(self, entry: Any, kind: str) -> NDArray[Any]:
        offset, size = entry
        if not 0 <= offset <= offset + size <= len(self.data):
            raise ValueError(f"a table of {size} bytes at {offset} of {len(self.data)}")
        return np.frombuffer(bytes(self.data[int(offset) : int(offset + size)]), kind)


@dataclass(frozen=True, slots=True)
class _States:
    """The states of an arena: what is hashed of each, and the values of its moving bodies as the engine wrote them."""

    dice: NDArray[np.int64]  # [states]
    still: bytes
    moving: NDArray[np.uint8]  # [states, bytes], as it is hashed
    sizes: list[int]  # in bytes, of the still bodies and then of the moving ones
    values: NDArray[np.uint8]  # [states, bytes], of one body after the other
    begins: Mapping[int, int]  # of each moving body there
    frames: NDArray[np.uint8]  # [states, bytes]; no bytes where places do not follow from the values

    def places_of(self, body: int) -> Floats:
        """Place and velocity in the arena of a body whose first two values are a transform and a velocity."""
        place, velocity = self._vectors(self.values, self.begins[body], 12), self.begins[body] + _VALUE_HEAD + 48
        to_arena, origin = self._vectors(self.frames, 0, 12), self._vectors(self.frames, _VALUE_HEAD + 48, 3)
        found = np.empty((len(place), _PLACE), np.float32)
        found[:, 3:] = self._vectors(self.values, velocity, 3)
        x, y, z = place[:, 9:].T
        for axis in range(3):
            # In the order of the engine's sums, so that all bits are the same.
            a, b, c = to_arena[:, 3 * axis : 3 * axis + 3].T
            found[:, axis] = ((a * x + b * y) + c * z) + to_arena[:, 9 + axis] + origin[:, axis]
        return found

    @staticmethod
    def _vectors(rows: NDArray[np.uint8], at: int, floats: int) -> Floats:
        found = rows[:, at + _VALUE_HEAD : at + _VALUE_HEAD + 4 * floats]
        return np.ascontiguousarray(found).view("<f4").reshape(len(rows), floats)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one episode, which has a row for every agent in every state."""

    tables: _Tables
    log: StepLog

    def read(self, data: Mapping[str, Any], physics_hz: int) -> Trace:
        if "ticks" not in data:
            return read_trace(data, physics_hz)
        ticks = self._table(data, "ticks", "<i4").astype(np.int64)
        agents = data["agents"]
        states = None if "hashes" in data else self._read_states(data, len(ticks))
        places = self._read_places(data, len(ticks), states)
        terms = [len(agent["rewards"]) for agent in agents]
        sums = np.split(self._table(data, "sums", "<f4").reshape(len(ticks), sum(terms)), np.cumsum(terms)[:-1], axis=1)
        episode = int(data["episode"])
        return Trace(
            episode=episode,
            agents=tuple(self._read_agent(episode, agent, ticks, places[i], sums[i]) for i, agent in enumerate(agents)),
            physics_hz=physics_hz,
            **read_surroundings(data),
            **self._read_hashes(data, len(ticks), states),
            sightings=tuple(Sighting.from_dict(sighting) for sighting in data.get("sightings", ())),
        )

    def _read_states(self, data: Mapping[str, Any], count: int) -> _States:
        sizes = [int(size) for size in data["sizes"]]
        still = self._table(data, "still", "u1").tobytes()
        own = sizes[int(np.searchsorted(np.cumsum(sizes), len(still), side="right")) :]
        values = self._table(data, "moving", "u1").reshape(count, -1)
        moving = np.tile(self._table(data, "pattern", "u1"), (count, 1))
        ends = np.cumsum(own)
        if moving.shape[1] != sum(own) or sorted(data["order"]) != list(range(len(own))):
            raise ValueError(f"bodies of {sum(own)} bytes in states of {moving.shape[1]}")
        at, begins = 0, {}
        for body in map(int, data["order"]):
            size = own[body] - _BODY_HEAD
            moving[:, ends[body] - size : ends[body]] = values[:, at : at + size]
            begins[body] = at
            at += size
        frames = values[:, at:]
        if frames.shape[1] not in (0, _FRAME):
            raise ValueError(f"{frames.shape[1]} bytes after those of all bodies")
        return _States(self._table(data, "dice", "<i8"), still, moving, sizes, values, begins, frames)

    def _read_places(self, data: Mapping[str, Any], count: int, states: _States | None) -> list[Floats]:
        """Place and velocity of every agent in every state, each float32 [states, 6]."""
        apart = [agent for agent in data["agents"] if "body" not in agent]
        table = self._table(data, "places", "<f4").reshape(count, len(apart), _PLACE)
        rows = (table[:, i] for i in range(len(apart)))
        found = []
        for agent in data["agents"]:
            if "body" not in agent:
                found.append(next(rows))
                continue
            if states is None:
                raise ValueError("a place of a body without states")
            found.append(states.places_of(int(agent["body"])))
        return found

    def _read_agent(
        self, episode: int, data: Mapping[str, Any], ticks: NDArray[np.int64], places: Floats, sums: Floats
    ) -> AgentTrace:
        steps = self.log.steps_of(episode, int(data["place"]))
        if steps is None:
            raise ValueError(f"an episode {episode} of which nothing was kept")
        rows = steps.decisions
        ticks, places, sums = ticks[rows], places[rows], sums[rows]
        if "end" in data:
            end = self._table(data, "end", "<f4")
            ticks[-1], places[-1] = end[0], end[1:]
        require_finite(str(data["name"]), places, sums)
        actions = steps.actions
        if "actions" in data:  # a script has decided
            actions = self._table(data, "actions", "<f4").reshape(actions.shape)
        return AgentTrace(
            name=str(data["name"]),
            policy=str(data["policy"]),
            ending=read_ending(data),
            ticks=ticks,
            positions=places[:, :3],
            velocities=places[:, 3:] if data["moves"] else None,
            rewards={str(term): sums[:, i] for i, term in enumerate(data["rewards"])},
            actions=actions,
            decision_rewards=steps.rewards,
            observations=steps.observations,
            images=steps.images,
        )

    def _read_hashes(self, data: Mapping[str, Any], count: int, states: _States | None) -> dict[str, Any]:
        parts = tuple(str(name) for name in data["parts"])
        if states is None:
            part_hashes = self._table(data, "part_hashes", "<u4").reshape(count, len(parts))
            return {"hashes": self._table(data, "hashes", "<u8"), "parts": parts, "part_hashes": part_hashes}
        return {
            "hashes": hash_states(states.dice, states.still, states.moving),
            "parts": parts,
            "part_hashes": hash_parts(states.dice, states.still, states.moving, states.sizes),
        }

    def _table(self, data: Mapping[str, Any], key: str, kind: str) -> NDArray[Any]:
        return self.tables.get(data[key], kind)
