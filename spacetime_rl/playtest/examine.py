"""Oracles that look at the episodes of an evaluation as they end."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from spacetime_rl.config import RunConfig
from spacetime_rl.config.playtest import OraclesConfig
from spacetime_rl.episodes.episode import Build, make_episode
from spacetime_rl.errors import UserCodeError
from spacetime_rl.evaluation.tape import Sink
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import Trace
from spacetime_rl.playtest.oracles import make_oracles
from spacetime_rl.playtest.sighting import Played
from spacetime_rl.playtest.watchers import watched


class Examiner:
    """The errors that oracles report, by their keys, over any number of evaluations."""

    def __init__(self, oracles: OraclesConfig) -> None:
        self.errors: dict[str, str] = {}  # messages by key
        self.problems: list[str] = []  # oracles of the user's own that failed
        self._config = oracles
        self._oracles = make_oracles(oracles)
        self._lock = threading.Lock()

    def prepare(self, launch: GameLaunch) -> GameLaunch:
        """Let the oracles that watch inside the game do so."""
        return watched(launch, self._config)

    def __call__(self, build: Build, config: RunConfig, player: str) -> Sink:
        """What receives the episodes of one evaluation."""

        def receive(spec: GameSpec, trace: Trace, metrics: Mapping[str, Mapping[str, float]]) -> None:
            episode = make_episode(spec, trace, build, config, config.evaluation.seed, player, metrics)
            with self._lock:
                self._examine(Played(episode))

        return receive

    def _examine(self, played: Played) -> None:
        for oracle in list(self._oracles):
            try:
                for sighting in oracle.examine(played):
                    if sighting.severity == "error":
                        where = f"episode {played.episode.trace.episode} of seed {played.episode.seed}"
                        self.errors.setdefault(sighting.key, f"{sighting.message} ({where})")
            except UserCodeError as error:
                self._oracles.remove(oracle)
                self.problems.append(f"{error}; it was left out")
