"""The story of a run and of a sweep, from a configuration to exported, evaluated policies. Read this first.

A run is a sweep of one trial without searched settings, so that both have the same story. This file is its
beginning, which needs neither Ray nor torch. `execute.py` trains, and `outputs.py` publishes the results. For an
earlier run, the story begins in `resume.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from spacetime_rl.config import RunConfig
from spacetime_rl.config.sweep import SweepConfig
from spacetime_rl.config.sweep_writer import dump_sweep
from spacetime_rl.console.progress import Progress
from spacetime_rl.console.screen import show_progress
from spacetime_rl.errors import ResumeError
from spacetime_rl.reports.summary import RunSummary
from spacetime_rl.rollout.make_plan import engine_version, plan_rollout
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.runs.folder import RunFolder
from spacetime_rl.runs.versions import collect_versions
from spacetime_rl.tracking.examine import examine
from spacetime_rl.tracking.identity import experiment_of
from spacetime_rl.tracking.store import resolve_store
from spacetime_rl.training.attached import wait_for_games
from spacetime_rl.training.demonstrations import gather_demonstrations
from spacetime_rl.training.outcome import Outcome
from spacetime_rl.training.reachable import check_reachable
from spacetime_rl.tuning.ray_session import prepare_ray


def train(
    config: RunConfig, run_id: str | None = None, force: bool = False, evaluate: bool = True, json_output: bool = False
) -> RunSummary:
    """Train a run to its end, or until the user stops it, and publish the results.

    `force` replaces an earlier run of the same id. Raises ConfigError, ContractError, RunExistsError, GameError,
    TrialFailed; KeyboardInterrupt at a second Ctrl-C. A run that fails before it trains leaves nothing behind.
    """
    return begin(SweepConfig.of_run(config), run_id, force, evaluate, json_output).summary


def begin(
    config: SweepConfig,
    run_id: str | None,
    force: bool,
    evaluate: bool,
    json_output: bool,
    make_plan: Callable[..., RolloutPlan] = plan_rollout,
) -> Outcome:
    """Begin a run or a sweep in a new folder; arguments and errors are those of `train`.

    `make_plan` makes the plan of what is played, with the arguments of `plan_rollout`.
    """
    check_reachable(config.base)
    warning = examine_store(config.base)  # raises before the folder is created if the run could not be recorded
    folder = RunFolder.create(config.base, run_id, force, dump_sweep(config) if config.is_search else None)
    try:
        with screen(config.base, folder, json_output, [warning]) as progress:
            plan = start_game(config.base, folder, progress, make_plan)
            return train_and_publish(config, folder, plan, progress, resumed=False, evaluate=evaluate)
    except BaseException:
        folder.abandon()
        raise


def start_game(
    config: RunConfig,
    folder: RunFolder,
    progress: Progress,
    make_plan: Callable[..., RolloutPlan] = plan_rollout,
) -> RolloutPlan:
    """Start the game once, to read its spec and to check it against the configuration before Ray starts."""
    prepare_ray()  # it imports what Ray's workers need while the game starts
    progress.stage("starting the game")
    plan = make_plan(config, folder.paths.logs, recordings=folder.paths.episodes)
    begun = folder.spec()
    if begun is not None and begun != plan.spec and not folder.is_sweep:  # sizes of a sweep's game may differ
        raise ResumeError(
            f"{folder.run_id}: the game is not what the run was begun with, which {folder.paths.spec} describes; "
            "begin another run"
        )
    folder.write_facts(plan.spec, collect_versions(engine_version(plan)))
    gather_demonstrations(config, plan, folder.paths.demonstrations, progress)
    return plan


def train_and_publish(
    config: SweepConfig, folder: RunFolder, plan: RolloutPlan, progress: Progress, *, resumed: bool, evaluate: bool
) -> Outcome:
    """Continue the story with the part that needs Ray and torch."""
    progress.stage("loading Ray and torch")
    from spacetime_rl.training.execute import execute  # the import takes seconds; the progress is already visible

    return execute(config, folder, plan, progress, resumed=resumed, evaluate=evaluate)


def examine_store(config: RunConfig) -> str | None:
    """Check the store and the experiment that a run will be recorded in, as `examine` does."""
    return examine(resolve_store(config.results, config.tracking.uri), experiment_of(config))


@contextmanager
def screen(
    config: RunConfig, folder: RunFolder, json_output: bool, notes: Iterable[str | None] = ()
) -> Iterator[Progress]:
    """Show progress on the terminal, write all other output to the run's logs, and unlock the folder at the end."""
    try:
        with (
            show_progress(folder.run_id, config.stop, folder.paths.output_log, json_output) as progress,
            wait_for_games(config, progress),
        ):
            for note in filter(None, notes):
                progress.note(note)
            yield progress
    finally:
        folder.release()
