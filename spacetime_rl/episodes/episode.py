"""A recorded episode, with all that is needed to play it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from spacetime_rl.config import RunConfig
from spacetime_rl.game.spec import GameSpec, PolicyLayout
from spacetime_rl.game.trace import Trace

Pace = Literal["full speed", "real time"]
Control = Literal["policy", "heuristic"]


@dataclass(frozen=True, slots=True)
class Build:
    """What an episode was played on. Only the same build on the same kind of machine plays it again to the last bit."""

    game: str  # the scenario by the name that the game declares
    content: str  # a hash of the project's files, or of the exported game
    engine: str  # the version of Godot; empty for an exported game, which contains its engine
    machine: str  # the processor's architecture, such as `x86_64`


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """One recorded episode.

    `config` is the configuration that was played, and `seed` is that of the evaluation or training; together with the
    episode's number they determine how it begins. `params` are parameters that a lesson had set after the game had
    started. `layouts` are the spaces of every policy, and `metrics` what every agent reported at its end. `control` is
    who acts in a replay: the recorded actions (`policy`), or the game's own scripts once more (`heuristic`), where
    their last action is not known because the game failed in it. `fault` is how it failed, as in GameError; empty if
    it did not.
    """

    trace: Trace
    build: Build
    config: RunConfig
    seed: int
    player: str
    recorded_at: str  # ISO 8601, with the offset from UTC
    action_repeat: int
    layouts: Mapping[str, PolicyLayout]
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    pace: Pace = "full speed"
    control: Control = "policy"
    fault: str = ""

    @property
    def decisions(self) -> int:
        """The number of decisions from the beginning to the end."""
        return max(
            (self.decision_of(int(agent.ticks[-1])) for agent in self.trace.agents if len(agent.ticks)), default=0
        )

    def decision_of(self, tick: int) -> int:
        """The decisions that were over at a tick since the beginning, the one in which an agent ended included."""
        return -(-tick // self.action_repeat)


def make_episode(
    spec: GameSpec,
    trace: Trace,
    build: Build,
    config: RunConfig,
    seed: int,
    player: str,
    metrics: Mapping[str, Mapping[str, float]],
) -> Episode:
    """An episode that was played just now, in a game with this spec; `build` gets the name that the game declares."""
    return Episode(
        trace=trace,
        build=replace(build, game=spec.scenario),
        config=config,
        seed=seed,
        player=player,
        recorded_at=datetime.now().astimezone().isoformat(timespec="seconds"),
        action_repeat=spec.action_repeat or 1,  # a stock game does not declare it
        layouts={group.name: group.layout for group in spec.groups},
        metrics=metrics,
    )
