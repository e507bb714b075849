"""The `playtest:` section of a configuration: what `spacetime-rl playtest` plays, and what it looks out for."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from spacetime_rl.config.document import Document
from spacetime_rl.config.loader import PLAYTEST, validate
from spacetime_rl.config.merge import deep_merge
from spacetime_rl.config.model import RunConfig
from spacetime_rl.config.own_section import load_with, with_overrides
from spacetime_rl.config.section import Section
from spacetime_rl.errors import ConfigError

_SCENE = re.compile(r"[\w-]+")


class StuckConfig(Section):
    """An agent that has moved before acts and does not move."""

    seconds: float = Field(default=5.0, gt=0, description="Game time without movement.")
    distance: float = Field(default=0.05, gt=0, description="Movement in this time that counts as none, in m or px.")
    effort: float = Field(default=0.3, gt=0, le=1, description="Mean size of the actions that count as trying.")


class LeftWorldConfig(Section):
    """An agent is outside everything that stands in the arena."""

    margin: float | None = Field(
        default=None, ge=0, description="Distance from the outermost shape; null: 5 m, or 500 px in a 2D game."
    )


class NoProgressConfig(Section):
    """An agent comes to no new map cell and earns nothing. The random player is not asked for progress."""

    seconds: float = Field(default=30.0, gt=0, description="Game time without progress.")


class InsideBodyConfig(Section):
    """A body is inside a static body that it should collide with."""

    seconds: float = Field(default=0.5, ge=0, description="Game time that it stays there.")
    depth: float = Field(default=0.1, gt=0, description="How deep, in m or px.")


class TunnelledConfig(Section):
    """A body went through a static body."""

    teleport: float = Field(
        default=2.0, ge=1, description="How many times what its velocity explains is a teleport, and no tunnelling."
    )


class JitterConfig(Section):
    """A body that stays where it is shakes."""

    seconds: float = Field(default=1.0, gt=0, description="Game time that is looked at.")
    reversals: int = Field(default=20, ge=2, description="How often it turns back in this time.")
    step: float = Field(default=0.002, ge=0, description="Movement in a tick that counts as none, in m or px.")
    distance: float = Field(default=0.2, gt=0, description="A body that came farther meanwhile does not rest.")


class DeadElementConfig(Section):
    """A button that can be seen and is enabled is pressed, and nothing responds."""

    seconds: float = Field(default=0.2, ge=0, description="Game time that it has to respond.")


class FrameBudgetConfig(Section):
    """Physics ticks take longer than 11.11 ms of the wall clock; seen where `game.monitor` is on."""

    share: float = Field(default=0.05, ge=0, le=1, description="Share of an episode's ticks that may.")


class GrowthConfig(Section):
    """Nodes, orphans or memory of the game's process grow; seen where `game.monitor` is on."""

    nodes: float = Field(default=1000.0, ge=0, description="Nodes that may come in an episode.")
    orphans: float = Field(default=10.0, ge=0, description="Nodes outside the tree that may come in an episode.")
    mb: float = Field(default=200.0, ge=0, description="Megabytes of memory that may come in an episode.")
    nodes_kept: float = Field(default=1.0, ge=0, description="Nodes that an episode may leave behind, in the mean.")
    orphans_kept: float = Field(default=1.0, ge=0, description="The same for nodes outside the tree.")
    mb_kept: float = Field(default=1.0, ge=0, description="The same for megabytes of memory.")


class OraclesConfig(Section):
    """What counts as a finding; null switches an oracle off. Faults of the game always count."""

    inside_body: InsideBodyConfig | None = Field(
        default=InsideBodyConfig(), description="A body is inside a static body."
    )
    tunnelled: TunnelledConfig | None = Field(
        default=TunnelledConfig(), description="A body went through a static body."
    )
    jitter: JitterConfig | None = Field(default=JitterConfig(), description="A body at rest shakes.")
    dead_element: DeadElementConfig | None = Field(
        default=DeadElementConfig(), description="A button does not respond."
    )
    warning: bool = Field(default=True, description="A script or the engine warned of something.")
    not_finite: bool = Field(default=True, description="The place or velocity of a body is not a finite number.")
    stuck: StuckConfig | None = Field(default=StuckConfig(), description="An agent acts and does not move.")
    left_world: LeftWorldConfig | None = Field(default=LeftWorldConfig(), description="An agent left the arena.")
    no_progress: NoProgressConfig | None = Field(
        default=NoProgressConfig(), description="An agent goes about and gets nowhere."
    )
    frame_budget: FrameBudgetConfig | None = Field(
        default=FrameBudgetConfig(), description="Frames are slow; needs `game.monitor: true`."
    )
    growth: GrowthConfig | None = Field(
        default=GrowthConfig(), description="Nodes, orphans or memory grow; needs `game.monitor: true`."
    )
    exit_crash: bool = Field(default=True, description="The game crashed while it exited, after its last episode.")
    never_reached: bool = Field(default=True, description="Nobody ever succeeded, in a game that reports success.")
    custom: tuple[str, ...] = Field(
        default=(),
        description="Oracles of your own: functions, such as `my_oracles.too_fast`, and GDScript files, such as "
        "`too_high.gd`; docs/playtest.md has an example of each.",
    )
    not_repeatable: int | None = Field(
        default=20, ge=1, description="Every how many episodes one is played again to see whether it repeats itself."
    )


class ExplorerConfig(Section):
    """The player `explorer`, which learns to come to places where nobody has been."""

    cell: float | None = Field(
        default=None, gt=0, description="Side of its map cells in m or px; null: a tenth of the arena's longer side."
    )


class PlaceConfig(Section):
    """Where the agents of a stock game's policy are: numbers of their observation."""

    numbers: tuple[int, ...] = Field(
        min_length=2,
        max_length=3,
        description="Which numbers of the observation, counted from 0: x and z seen from above, or x, y and z.",
    )
    scale: float = Field(default=1.0, gt=0, description="Metres for each unit of these numbers.")

    @field_validator("numbers")
    @classmethod
    def _from_zero_on(cls, numbers: tuple[int, ...]) -> tuple[int, ...]:
        if min(numbers) < 0:
            raise ValueError("numbers of an observation are counted from 0")
        return numbers


class PlaytestConfig(Section):
    """What is played and looked for."""

    players: Mapping[str, float] = Field(
        default={"random": 1.0, "heuristic": 1.0},
        min_length=1,
        description="Who plays, and which share of the episodes: `random`, `heuristic`, `explorer`, `baseline`, a run, "
        "a folder of ONNX files, or a recorded episode or a folder of them, which are played again and then varied.",
    )
    scenes: Mapping[str, Mapping[str, Any]] = Field(
        default={},
        description="Scenes or scenarios of one build, by names of your own, which are played in turn: each is a piece "
        "of configuration that is laid over the rest; docs/playtest.md has an example.",
    )
    episodes: int | None = Field(default=None, ge=1, description="Episodes in all; null: as many as the minutes allow.")
    minutes: float = Field(default=10.0, gt=0, description="Wall-clock minutes of play, at most.")
    seed: int = Field(default=0, ge=0, description="Seed of the episodes.")
    games: int = Field(default=2, ge=1, le=1024, description="Games that play at the same time, an episode each.")
    reproduce: int = Field(default=3, ge=0, le=20, description="How often a finding is played again from its file.")
    shorten: int = Field(
        default=40,
        ge=0,
        description="The most work to shorten a finding, in replays of its whole recording; a try with fewer decisions "
        "counts for less. 0 leaves the finding as it is.",
    )
    places: Mapping[str, PlaceConfig] = Field(
        default={}, description="Of a stock game, by policy: where its agents are, as their observations say."
    )
    explorer: ExplorerConfig = Field(default=ExplorerConfig(), description="Of the player `explorer`.")
    oracles: OraclesConfig = Field(default=OraclesConfig(), description="What counts as a finding.")


@dataclasses.dataclass(frozen=True, slots=True)
class Playtest:
    """A playtest as a user describes it: the game as a run configuration, and what is played and looked for."""

    config: RunConfig
    settings: PlaytestConfig = dataclasses.field(default_factory=PlaytestConfig)

    def scenes(self, scenarios: Collection[str] | None = None) -> dict[str, RunConfig]:
        """What is played, by the scene's name; without scenes, the configuration by an empty name.

        `scenarios` are the known ones, if they are to be checked. Raises ConfigError.
        """
        found: dict[str, RunConfig] = {}
        problems: list[str] = []
        for name, changes in self.settings.scenes.items():
            where_from = f"{PLAYTEST}.scenes.{name}"
            if not _SCENE.fullmatch(name):
                problems.append(f"{where_from}: a name of letters, digits, _ and - is expected")
                continue
            try:
                config = validate(Document(deep_merge(self.config.to_dict(), changes)), scenarios, self.config.name)
            except ConfigError as error:
                problems += [
                    f"{where_from}: {problem.removeprefix(f'{self.config.name}: ')}" for problem in error.problems
                ]
                continue
            if (config.game.project, config.game.env_path) != (self.config.game.project, self.config.game.env_path):
                problems.append(f"{where_from}: another game; all scenes of a playtest are of one build")
            found[name] = config
        if problems:
            raise ConfigError(problems)
        return found or {"": self.config}


def load_playtest(
    path: str | Path,
    overrides: Sequence[str] = (),
    scenarios: Collection[str] | None = None,
    say: Callable[[str], None] = print,
) -> Playtest:
    """Read a configuration with its `playtest:` section, as `load_with`."""
    return Playtest(*load_with(path, PLAYTEST, PlaytestConfig, overrides, scenarios, say))


def with_settings(plan: Playtest, overrides: Sequence[str], players: Mapping[str, float]) -> Playtest:
    """A playtest with other settings: `key=value` of its section, and other players, if any. Raises ConfigError."""
    replaced = {"players": dict(players)} if players else {}
    return dataclasses.replace(plan, settings=with_overrides(plan.settings, PLAYTEST, overrides, replaced))
