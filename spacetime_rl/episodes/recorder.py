"""Writes the episodes of a game into a folder as they end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from spacetime_rl.config import RunConfig
from spacetime_rl.episodes.episode import Build, Pace, make_episode
from spacetime_rl.episodes.files import file_name, write_episode
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import Trace


@dataclass(frozen=True, slots=True)
class Recorder:
    """Receives the recorded episodes of one player on one build. It may be called by several threads."""

    folder: Path
    build: Build
    config: RunConfig
    seed: int
    player: str
    pace: Pace = "full speed"
    params: Mapping[str, Any] = field(default_factory=dict)  # that were set after the game had started

    def __call__(self, spec: GameSpec, trace: Trace, metrics: Mapping[str, Mapping[str, float]]) -> None:
        """Write one episode of a game with this spec. Raises RecordingError."""
        episode = make_episode(spec, trace, self.build, self.config, self.seed, self.player, metrics)
        episode = replace(episode, params=self.params, pace=self.pace)
        write_episode(episode, self.folder / file_name(trace.episode))
