"""Oracles: each looks at a played episode and reports what is wrong in it.

To add one, write a class with `examine` and add it to `make_oracles`; `config/playtest.py` has its thresholds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol, get_args

import numpy as np

from spacetime_rl.config.playtest import LeftWorldConfig, OraclesConfig, StuckConfig
from spacetime_rl.config.user_code import load_function
from spacetime_rl.episodes.episode import Episode
from spacetime_rl.errors import GameError, UserCodeError
from spacetime_rl.game.trace import AgentTrace
from spacetime_rl.playtest.costs import FrameBudget, Growth
from spacetime_rl.playtest.no_progress import NoProgress
from spacetime_rl.playtest.places import Map, bounds_of, place
from spacetime_rl.playtest.sighting import Played, Severity, Sighting
from spacetime_rl.playtest.watchers import SCRIPT, Watchers

_ON_ITS_WAY = 10.0  # times the distance that counts as no movement: who has come so far was walking
MARGINS = {"m": 5.0, "px": 500.0}  # around the outermost shapes
_WORDS = {
    "crash": "the game crashed",
    "exit": "the game ended by itself",
    "hang": "the game stopped answering",
    "script_error": "a script or the engine reported an error",
    "not_finite": "an observation is not a finite number",
    "protocol": "the game sent something that the protocol does not allow",
}


class Oracle(Protocol):
    """Reports what is wrong in an episode. It must report the same for the same episode, so that findings replay."""

    name: str

    def examine(self, played: Played) -> Iterator[Sighting]:
        """All that is wrong in this episode, at most once for each key."""


def make_oracles(config: OraclesConfig, home: Path | None = None) -> list[Oracle]:
    """The oracles that are switched on; the user's own are found from the folder `home` on. Raises ConfigError."""
    found: list[Oracle] = [Faults(), Watchers()]
    for path in config.custom:
        if path.endswith(SCRIPT):
            continue
        function = load_function("playtest.oracles.custom", path, home or Path.cwd())
        found.append(Custom(path.rpartition(".")[2], function))
    if config.stuck:
        found.append(Stuck(config.stuck))
    if config.left_world:
        found.append(LeftWorld(config.left_world))
    if config.no_progress:
        found.append(NoProgress(config.no_progress))
    if config.frame_budget:
        found.append(FrameBudget(config.frame_budget))
    if config.growth:
        found.append(Growth(config.growth))
    return found


class Faults:
    """The game crashed, hung, ended, reported an error, or sent a number that is none."""

    name = "fault"
    severity: Severity = "error"

    def examine(self, played: Played) -> Iterator[Sighting]:
        """The fault that ended the episode, if one did."""
        if played.fault is None:
            return
        key = played.fault.fault or type(played.fault).__name__
        kind = key.partition(":")[0]
        message = f"{_WORDS.get(kind, kind)}: {headline(played.fault)}"
        yield Sighting(kind, key, "error", message, played.episode.decisions)


class Custom:
    """A function of the user's own: it takes an Episode and returns Sightings."""

    def __init__(self, name: str, function: Callable[[Episode], Iterable[Sighting]]) -> None:
        self.name = name
        self._function = function

    def examine(self, played: Played) -> Iterator[Sighting]:
        """What the function reports. Raises UserCodeError if it fails or reports something else."""
        try:
            found = list(self._function(played.episode))
        except Exception as error:  # whatever the user's function raises
            raise UserCodeError(f"the oracle {self.name} failed: {type(error).__name__}: {error}") from error
        for sighting in found:
            if not isinstance(sighting, Sighting):
                raise UserCodeError(f"the oracle {self.name} reported {sighting!r}; expected a Sighting")
            yield sighting


def check_oracle(function: Callable[[Episode], Iterable[Sighting]], episode: Episode) -> list[Sighting]:
    """What an oracle of one's own reports of an episode, for its tests.

    Raises AssertionError if it is not what a playtest needs: the same sightings each time, each key once, severities
    and decisions that exist.
    """
    found, again = ([*Custom("it", function).examine(Played(episode))] for _ in range(2))
    assert found == again, f"the same episode gave {found} and then {again}"
    keys = [sighting.key for sighting in found]
    assert len(keys) == len(set(keys)), f"a key is reported twice: {keys}"
    for sighting in found:
        assert sighting.oracle, f"a sighting names no oracle: {sighting}"
        assert sighting.oracle.isidentifier(), f"{sighting.oracle!r}: expected letters, digits and _"
        assert sighting.severity in get_args(Severity), f"{sighting.severity!r}: expected error or warning"
        assert 0 <= sighting.decision <= episode.decisions, f"decision {sighting.decision} of {episode.decisions}"
    return found


class Stuck:
    """An agent that has moved before acts and does not move. Who never moves may be meant to wait."""

    name = "stuck"

    def __init__(self, config: StuckConfig) -> None:
        self._config = config

    def examine(self, played: Played) -> Iterator[Sighting]:
        """The first time that each agent is stuck."""
        trace = played.episode.trace
        for agent in trace.agents:
            if agent.velocities is None or agent.actions is None:
                continue
            row = self._first_row(agent, trace.physics_hz)
            if row is None:
                continue
            where = Map(trace).beside(agent.positions[row])
            yield Sighting(
                self.name,
                f"stuck:{agent.policy}@{where}",
                "warning",
                f"{agent.name} acted for {self._config.seconds:g} s without moving, at {place(agent, row)}",
                played.episode.decision_of(int(agent.ticks[row])),
                agent.name,
            )

    def _first_row(self, agent: AgentTrace, physics_hz: int) -> int | None:
        """The row at which the agent has acted for long enough without having moved."""
        assert agent.actions is not None
        window_ticks = self._config.seconds * physics_hz
        begin = 0
        for row in range(1, len(agent.ticks)):
            while agent.ticks[row] - agent.ticks[begin + 1] >= window_ticks and begin + 1 < row:
                begin += 1
            if agent.ticks[row] - agent.ticks[begin] < window_ticks:
                continue
            moved = np.linalg.norm(agent.positions[begin : row + 1] - agent.positions[begin], axis=1).max()
            effort = np.abs(np.clip(agent.actions[begin:row], -1.0, 1.0)).max(axis=1).mean()
            came = np.ptp(agent.positions[: begin + 1], axis=0).max()
            on_its_way = came > _ON_ITS_WAY * self._config.distance
            if on_its_way and moved < self._config.distance and effort > self._config.effort:
                return row
        return None


class LeftWorld:
    """An agent is outside everything that stands in the arena."""

    name = "left_world"

    def __init__(self, config: LeftWorldConfig) -> None:
        self._config = config

    def examine(self, played: Played) -> Iterator[Sighting]:
        """The first time that each agent left."""
        trace = played.episode.trace
        bounds = bounds_of(trace)
        if bounds is None:
            return
        low, high = bounds
        margin = MARGINS[trace.unit] if self._config.margin is None else self._config.margin
        for agent in trace.agents:
            outside = (agent.positions < low - margin) | (agent.positions > high + margin)
            outside[:, 1] = agent.positions[:, 1] < low[1] - margin  # a player may be high up in the air
            rows = np.flatnonzero(outside.any(axis=1))
            if rows.size:
                row = int(rows[0])
                cell = Map(trace).cell(agent.positions[max(0, row - 1)])
                yield Sighting(
                    self.name,
                    f"left_world:{agent.policy}@{cell}",
                    "error",
                    f"{agent.name} left the arena, at {place(agent, row)}",
                    played.episode.decision_of(int(agent.ticks[row])),
                    agent.name,
                )


def headline(fault: GameError) -> str:
    """What happened, in a line: without the game's title and the log."""
    return fault.headline.partition(": ")[2].removeprefix("the game gave up at STEP: ") or fault.headline
