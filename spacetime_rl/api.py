"""The Python interface: train, sweep and evaluate, with the same names as on the command line.

A configuration is a packaged name, a YAML file or a `RunConfig`. Keywords change its settings: the name of a section
with a mapping, or a dotted key:

    run = spacetime_rl.train("vr_navigation", stop={"agent_steps": 200_000}, seed=3)
    run = spacetime_rl.train("vr_navigation", **{"training.lr": 1e-4})
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spacetime_rl.config import RunConfig, change, load
from spacetime_rl.config.sweep import SweepConfig
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.project import scenario_names

if TYPE_CHECKING:
    from spacetime_rl.evaluation.report import EvalReport
    from spacetime_rl.reports.summary import RunSummary
    from spacetime_rl.training.outcome import Outcome

Config = str | Path | RunConfig


@dataclass(frozen=True, slots=True)
class Run:
    """A run or a sweep that has ended on this machine. It has the methods of `Job`, so that a program can use either.

    `folder` is the run's folder; `outcome` holds its trials and its summary.
    """

    id: str
    folder: Path
    outcome: Outcome

    @property
    def summary(self) -> RunSummary:
        """The evaluation of the policies, the places of the run's files, and commands to try next."""
        return self.outcome.summary

    def status(self) -> Literal["stopped", "succeeded"]:
        """`stopped` if the user stopped the run, otherwise `succeeded`; a run that fails raises an error instead."""
        return "stopped" if self.summary.stopped else "succeeded"

    def done(self) -> bool:
        """Always True: the run has ended."""
        return True

    def running(self) -> bool:
        """Always False: the run has ended."""
        return False

    def cancelled(self) -> bool:
        """Whether the user stopped the run."""
        return self.summary.stopped

    def result(self, timeout_s: float | None = None) -> dict[str, Any]:
        """The summary of the run as plain JSON data."""
        del timeout_s  # there is nothing to wait for
        return self.summary.to_dict()

    def exception(self, timeout_s: float | None = None) -> Exception | None:
        """Always None: a run that fails raises its error in `train` or `sweep`."""
        del timeout_s
        return None


def train(
    config: Config,
    *,
    preset: str | None = None,
    run_id: str | None = None,
    force: bool = False,
    evaluate: bool = True,
    **settings: Any,
) -> Run:
    """Train the policies of a configuration, then record, export and evaluate them, as `spacetime-rl train` does.

    `preset` overrides the configuration, and `settings` override both. `force` replaces an earlier run of the same id.
    Ctrl-C stops the run cleanly. Raises SpacetimeError: ConfigError, ContractError, RunExistsError, GameError,
    TrialFailed and more.
    """
    from spacetime_rl.training.run import begin

    loaded = load_config(config, overrides_of(settings), preset)
    outcome = begin(SweepConfig.of_run(loaded), run_id, force, evaluate, json_output=False)
    return Run(outcome.summary.run_id, outcome.summary.folder, outcome)


def sweep(
    config: str | Path | SweepConfig,
    *,
    run_id: str | None = None,
    force: bool = False,
    evaluate: bool = True,
    **settings: Any,
) -> Run:
    """Train many trials, stop the worse ones early, export and evaluate the best, as `spacetime-rl sweep` does.

    The run's `outcome.candidates` are ranked best first. Raises what `train` raises.
    """
    from spacetime_rl.config.sweep_loader import load_sweep
    from spacetime_rl.training.run import begin

    if isinstance(config, SweepConfig):
        loaded = config
    else:
        loaded = load_sweep(str(config), overrides_of(settings), scenario_names())
    outcome = begin(loaded, run_id, force, evaluate, json_output=False)
    return Run(outcome.summary.run_id, outcome.summary.folder, outcome)


def evaluate(
    config: Config | None,
    player: Any,
    *,
    episodes: int | None = None,
    seed: int | None = None,
    opponents: Mapping[str, str] | None = None,
    results: str | Path = "results",
    checkpoint_number: int | None = None,
    best: bool = False,
    **settings: Any,
) -> EvalReport:
    """Let a player play seeded episodes, as `spacetime-rl eval` does; the same seed gives the same episodes.

    `player` is the result of `train`, `random`, `heuristic`, `baseline` (with a packaged `config`), a run, a checkpoint
    or a folder of ONNX files. With None for `config` the player's training configuration is played. `opponents` are
    players that act for single policies instead, by the policy's name. `best` takes the best checkpoint of a run, by
    its evaluations in training, in place of the latest one. Raises SpacetimeError.
    """
    from spacetime_rl.evaluation.story import evaluate_player
    from spacetime_rl.runs.best import find_best

    chosen = {"episodes": episodes, "seed": seed}
    own = {f"evaluation.{key}": value for key, value in chosen.items() if value is not None}
    who = str(getattr(player, "folder", player))
    return evaluate_player(
        str(find_best(who, Path(results))) if best else who,
        config if isinstance(config, RunConfig) or config is None else str(config),
        overrides_of({**own, **settings}),
        opponents=[f"{policy}={other}" for policy, other in (opponents or {}).items()],
        results=Path(results),
        checkpoint_number=checkpoint_number,
    ).report


def load_config(config: Config, overrides: Sequence[str] = (), preset: str | None = None) -> RunConfig:
    """Load a configuration and check that its scenario exists. Raises ConfigError."""
    if isinstance(config, RunConfig):
        return change(config, overrides, scenario_names()) if overrides else config
    return load(config, overrides, scenario_names(), preset)


def overrides_of(settings: Mapping[str, Any]) -> list[str]:
    """Settings as overrides `a.b=c`. A mapping becomes one override per key, so that its section's other keys stay."""
    return [f"{key}={to_json(value, default=str)}" for key, value in _leaves("", settings)]


def _leaves(prefix: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(f"{prefix}{key}.", value)
        else:
            yield f"{prefix}{key}", value
