"""The story of an evaluation: find the player, choose the configuration, play, report."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from spacetime_rl.config import RunConfig, change, load
from spacetime_rl.contract import make_launch
from spacetime_rl.episodes.build import describe_build
from spacetime_rl.episodes.episode import Build
from spacetime_rl.episodes.recorder import Recorder
from spacetime_rl.evaluation.clock import Progress
from spacetime_rl.evaluation.evaluate import evaluate
from spacetime_rl.evaluation.report import EvalReport
from spacetime_rl.evaluation.resolve import (
    BASELINE,
    Resolved,
    hold_actions,
    mix_sources,
    play_in_game,
    require_config,
    resolve_source,
)
from spacetime_rl.evaluation.tape import Sink
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import scenario_names
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.runs.layout import RESULTS, new_recordings

_log = logging.getLogger(__name__)
Show = Callable[[RunConfig], AbstractContextManager[Progress | None]]
MakeSink = Callable[[Build, RunConfig, str], Sink]  # for a build, what is played, and the player's name


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A report, the configuration that was played, and the folders of the player's run and of recorded episodes."""

    report: EvalReport
    config: RunConfig
    run: Path | None  # if the player has one
    recorded: Path | None = None


def evaluate_player(
    player: str,
    config: str | RunConfig | None = None,
    overrides: Sequence[str] = (),
    *,
    opponents: Sequence[str] = (),
    results: Path = RESULTS,
    checkpoint_number: int | None = None,
    in_game: bool = False,
    decision_every: int = 1,
    traced: int = 0,
    record: bool = False,
    record_to: Path | None = None,
    receive: MakeSink | None = None,
    prepare: Callable[[GameLaunch], GameLaunch] = lambda launch: launch,
    show: Show = lambda _: nullcontext(),
    say: Callable[[str], None] = _log.warning,
) -> Evaluated:
    """Let a player play the seeded episodes of a configuration.

    `player` is `random`, `heuristic`, `baseline`, a run, a checkpoint or a folder of ONNX files. `opponents` are
    `POLICY=PLAYER`: players that act for single policies instead. Without `config` the player's training configuration
    is played. With `in_game` the game computes the policies. The player's policies are asked on every
    `decision_every`-th decision, and their actions held between. `overrides` are `a.b=c`. The report keeps the traces
    of the first `traced` episodes. With `record` or a folder `record_to`, every episode is written to a file of its
    own; `receive` makes what receives every episode instead. `prepare` may change how games are started. `show`
    displays the progress, and `say` receives remarks on the configuration.

    Raises UsageError, ConfigError, ContractError, CheckpointError, ExportError, GameError, RecordingError.
    """
    with scratch_folder("eval") as folder:
        shipped = config if isinstance(config, str) else None
        found = resolve_source(player, results, folder, checkpoint_number, baseline=shipped)
        if decision_every > 1:
            found = hold_actions(found, decision_every, player)
        found = mix_sources(found, opponents, results, folder, baseline=shipped)
        found = play_in_game(found, f"eval {player}") if in_game else found
        chosen = _choose(player, found, config, overrides, say)
        plan = chosen.evaluation
        launch = prepare(replace(make_launch(chosen), arenas=plan.arenas))
        folder_of_episodes = record_to if record_to or not record else _recordings(found, chosen, results)
        sink = receive(describe_build(launch), chosen, found.source.name) if receive else None
        if folder_of_episodes is not None:
            sink = Recorder(folder_of_episodes, describe_build(launch), chosen, plan.seed, found.source.name)
        with show(chosen) as progress:
            report = evaluate(
                launch, chosen, found.source, plan.episodes, plan.seed, plan.games, progress, traced=traced, sink=sink
            )
    return Evaluated(report, chosen, found.run, folder_of_episodes)


def _recordings(found: Resolved, config: RunConfig, results: Path) -> Path:
    name = re.sub(r"[^\w.-]+", "-", f"{found.source.name}-{config.name}-seed{config.evaluation.seed}")
    return new_recordings(name, results)


def _choose(
    player: str,
    found: Resolved,
    config: str | RunConfig | None,
    overrides: Sequence[str],
    say: Callable[[str], None],
) -> RunConfig:
    """The configuration to play: the user's, or else the player's; a baseline always plays its own."""
    names = scenario_names()
    if isinstance(config, RunConfig):
        return change(config, overrides, names, say)
    names_a_game = any(not override.startswith("evaluation.") for override in overrides)
    if player != BASELINE and (config or (names_a_game and found.config is None)):
        return load(config, overrides, names, say=say)
    return change(require_config(found, player), overrides, names, say)
