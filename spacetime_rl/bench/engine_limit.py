"""Measure the game alone, with actions made in Godot and no messages: the upper limit of any bridge."""

from __future__ import annotations

import math

from spacetime_rl.bench.measure import Measurement, NotMeasurable, Throughput
from spacetime_rl.game.api import EngineReport
from spacetime_rl.game.client import GameClient, open_game
from spacetime_rl.game.launch import GameLaunch

SECTIONS = ("physics", "rays", "observations", "rewards", "actions")  # the parts of a profile
_WARM_UP_DECISIONS = 30
_LONGEST_S = 5.0  # of one request: a game that plays alone must answer within its step timeout


class EngineLimit(Measurement):
    """One game that plays alone: it reads sensors and rewards at every decision, but sends nothing."""

    name = "engine_limit"

    def __init__(self, launch: GameLaunch) -> None:
        self._launch = launch
        self._game: GameClient | None = None
        self._decisions_per_s = 0.0

    def open(self) -> None:
        """Start the game and play the warm-up. Raises NotMeasurable for a stock game."""
        game = open_game(self._launch)
        if not isinstance(game, GameClient):
            game.close()
            raise NotMeasurable("a stock game cannot play alone: it always waits for its client")
        self._game = game
        game.reset(seed=0)
        self._run(_WARM_UP_DECISIONS)

    def play(self, seconds: float) -> Throughput:
        """Let the game play for `seconds` seconds of its own time; the game measures that time itself."""
        assert self._game is not None
        spec, decisions, busy_s = self._game.spec, 0, 0.0
        while busy_s < seconds or not decisions:
            report = self._run(self._decisions_in(seconds - busy_s))
            decisions += report.decisions
            busy_s += report.busy_s
        return Throughput.of(decisions, busy_s, spec.num_agents, spec.action_repeat)

    def profile(self, seconds: float) -> dict[str, float]:
        """The game's time by section, in µs per agent and tick. The timing itself adds some."""
        assert self._game is not None
        report = self._run(self._decisions_in(seconds), profile=True)
        agent_ticks = report.ticks * self._game.spec.num_agents
        return {section: 1e6 * report.sections[section] / agent_ticks for section in SECTIONS}

    def close(self) -> None:
        """Close the game."""
        if self._game is not None:
            self._game.close()

    def _decisions_in(self, seconds: float) -> int:
        return max(1, math.ceil(min(seconds, _LONGEST_S) * self._decisions_per_s))

    def _run(self, decisions: int, *, profile: bool = False) -> EngineReport:
        assert self._game is not None
        report = self._game.run_alone(decisions, profile=profile)
        self._decisions_per_s = report.decisions / report.busy_s
        return report
