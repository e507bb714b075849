"""A game in a window, played by a person, by scripts or by trained policies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from spacetime_rl.config import RunConfig, change
from spacetime_rl.contract import assign_policies, make_launch
from spacetime_rl.episodes.build import describe_build
from spacetime_rl.episodes.recorder import Recorder
from spacetime_rl.errors import GameClosed, UsageError
from spacetime_rl.evaluation.play import EvaluationWorker
from spacetime_rl.evaluation.resolve import BASELINE, Resolved, play_in_game, resolve_source
from spacetime_rl.evaluation.sources import Source
from spacetime_rl.evaluation.target import load_target
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch, only_task
from spacetime_rl.game.project import scenario_names
from spacetime_rl.game.trace import everything
from spacetime_rl.host.scratch import scratch_folder

_WITHOUT_DISPLAY = (
    "play opens a window, and there is no display here: run it on a desktop, over `ssh -X`, "
    "or set DISPLAY; `xvfb-run -a spacetime-rl play …` plays into a window that nobody sees"
)
_NO_TARGET = "play: name a scenario or a configuration, for example `spacetime-rl play vr_interaction`"


@dataclass(frozen=True, slots=True)
class PlayedEpisode:
    """The metrics that every agent reported at the end of an episode, by the agent's name."""

    episode: int
    agents: dict[str, dict[str, float]]

    @property
    def success(self) -> bool | None:
        """Whether all agents that report success succeeded; None if none reports it."""
        reported = [metrics["success"] > 0 for metrics in self.agents.values() if "success" in metrics]
        return all(reported) if reported else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user wants to play or to see; None stands for a choice that is left open."""

    target: str | None  # a scenario or a configuration; open: what the policy was trained on
    overrides: tuple[str, ...]
    policy: str | None  # who plays; open: the scripted policies, and a person; in the game: the baseline
    agent: str | None  # the one that a person plays; open: the first
    task: str | None
    seed: int
    episodes: int | None  # open: until the window is closed
    record_to: Path | None = None  # a folder for the episodes' recordings
    in_game: bool = False  # the game computes the policies, not Python

    @property
    def player(self) -> str:
        """The name of the player."""
        return self.policy or (BASELINE if self.in_game else "heuristic")

    @property
    def by_hand(self) -> bool:
        """Whether a person plays one of the agents."""
        return bool(self.agent) or (self.policy is None and not self.in_game)


def play_in_window(wanted: Wanted, results: Path) -> Iterator[PlayedEpisode]:
    """Find game and player, open the window and play; yield each episode when it ends.

    Raises UsageError, ConfigError, ContractError or GameError.
    """
    require_display()
    with scratch_folder("play") as folder:
        if wanted.player == BASELINE and wanted.target is None:
            raise UsageError(_NO_TARGET)
        found = resolve_source(wanted.player, results, folder, baseline=wanted.target)
        if wanted.in_game:
            found = play_in_game(found, f"play --policy {wanted.player}")
        config = _config(wanted, found)
        launch = replace(
            only_task(make_launch(config), wanted.task),
            arenas=1,
            window=True,
            control=found.source.control,
            in_game=found.source.in_game,
            human=(wanted.agent or "") if wanted.by_hand else None,
            player=found.source.name,
        )
        recorder = None
        if wanted.record_to is not None:
            player = f"{found.source.name} and a person" if wanted.by_hand else found.source.name
            recorder = Recorder(wanted.record_to, describe_build(launch), config, wanted.seed, player, "real time")
        yield from watch(launch, config, found.source, wanted.seed, wanted.episodes, recorder)


def _config(wanted: Wanted, found: Resolved) -> RunConfig:
    if wanted.target is not None and wanted.player != BASELINE:
        return load_target(wanted.target, wanted.overrides)
    if found.config is None:
        raise UsageError(_NO_TARGET)
    return change(found.config, wanted.overrides, scenario_names())


def require_display() -> None:
    """Raise UsageError if no window can be opened."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise UsageError(_WITHOUT_DISPLAY)


def watch(
    launch: GameLaunch,
    config: RunConfig,
    source: Source,
    seed: int,
    episodes: int | None,
    recorder: Recorder | None = None,
) -> Iterator[PlayedEpisode]:
    """Play in a window until `episodes` episodes are over or the window is closed; yield each episode when it ends.

    The game itself keeps real time. Raises UsageError, ContractError or GameError.
    """
    require_display()
    with suppress(GameClosed), open_game(launch) as game:
        spec = game.spec
        if spec.is_stock and launch.human is not None:
            raise UsageError(f"{launch.title}: a stock game cannot be played by hand here; name who plays: --policy")
        if spec.is_stock and recorder is not None:
            raise UsageError(f"{launch.title}: a stock game is recorded by `eval --record`, not by `play`")
        plans = assign_policies(spec, config)
        worker = EvaluationWorker(spec, plans, source.make_actors(spec, plans, seed, config.evaluation.stochastic))
        if recorder is not None:
            game.traces(everything())
        state = game.reset(seed, 0, 1)
        worker.reset(0, 1)
        over: dict[str, dict[str, float]] = {}
        played = 0
        while episodes is None or played < episodes:
            state = game.step(worker.act(state))
            for ended in state.ended:
                number = worker.end(ended)
                over[spec.agent_ids[ended.agent]] = ended.metrics
                if len(over) == spec.num_agents:
                    if recorder is not None:
                        for trace in game.traces(everything()):
                            recorder(spec, trace, over)
                    yield PlayedEpisode(number, over)
                    over = {}
                    played += 1
