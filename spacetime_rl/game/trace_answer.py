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
class _Reader:
    """Reads one episode, which has a row for every agent in every state."""

    tables: _Tables
    log: StepLog

    def read(self, data: Mapping[str, Any], physics_hz: int) -> Trace:
        if "ticks" not in data:
            return read_trace(data, physics_hz)
        ticks = self._table(data, "ticks", "<i4").astype(np.int64)
        agents = data["agents"]
        places = self._table(data, "places", "<f4").reshape(len(ticks), len(agents), _PLACE)
        terms = [len(agent["rewards"]) for agent in agents]
        sums = np.split(self._table(data, "sums", "<f4").reshape(len(ticks), sum(terms)), np.cumsum(terms)[:-1], axis=1)
        episode = int(data["episode"])
        return Trace(
            episode=episode,
            agents=tuple(
                self._read_agent(episode, agent, ticks, places[:, i], sums[i]) for i, agent in enumerate(agents)
            ),
            physics_hz=physics_hz,
            **read_surroundings(data),
            **self._read_hashes(data, len(ticks)),
            sightings=tuple(Sighting.from_dict(sighting) for sighting in data.get("sightings", ())),
        )

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

    def _read_hashes(self, data: Mapping[str, Any], states: int) -> dict[str, Any]:
        parts = tuple(str(name) for name in data["parts"])
        if "hashes" in data:
            part_hashes = self._table(data, "part_hashes", "<u4").reshape(states, len(parts))
            return {"hashes": self._table(data, "hashes", "<u8"), "parts": parts, "part_hashes": part_hashes}
        dice, still = self._table(data, "dice", "<i8"), self._table(data, "still", "u1").tobytes()
        moving = self._table(data, "moving", "u1").reshape(states, -1)
        return {
            "hashes": hash_states(dice, still, moving),
            "parts": parts,
            "part_hashes": hash_parts(dice, still, moving, [int(size) for size in data["sizes"]]),
        }

    def _table(self, data: Mapping[str, Any], key: str, kind: str) -> NDArray[Any]:
        return self.tables.get(data[key], kind)
