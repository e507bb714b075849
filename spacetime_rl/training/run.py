"""The story of a run, from its configuration to trained, tracked, exported, evaluated policies. Read this first.

Nothing here imports Ray or torch before the screen is up; `carry_out.py` is the part that needs them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spacetime_rl.config import RunConfig, diff, settle_like
from spacetime_rl.errors import ResumeError
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.tracking.examine import examine
from spacetime_rl.tracking.store import resolve_store
from spacetime_rl.tracking.sweep import experiment_of
from spacetime_rl.training.meet import engine_version, meet_game
from spacetime_rl.training.progress import Progress
from spacetime_rl.training.reachable import check_reachable
from spacetime_rl.training.run_folder import RunFolder
from spacetime_rl.training.screen import show_progress
from spacetime_rl.training.summary import RunSummary
from spacetime_rl.training.versions import collect_versions, other_versions


def train(
    config: RunConfig, run_id: str | None = None, force: bool = False, judge: bool = True, json_output: bool = False
) -> RunSummary:
    """Begin a run and carry it to its end, or to where the user stops it.

    Raises ConfigError, ContractError, RunExistsError, GameError, TrialFailed; KeyboardInterrupt at a second Ctrl-C. A
    run that fails before it trains leaves nothing behind.
    """
    check_reachable(config)
    warning = examine_store(config)  # what cannot be recorded is not begun
    folder = RunFolder.create(config, run_id, force)
    with _screen(config, folder, json_output) as progress:
        if warning:
            progress.note(warning)
        try:
            plan = _meet_game(config, folder, progress)
            return _carry_out(config, folder, plan, progress, resumed=False, judge=judge)
        except BaseException:
            folder.abandon()
            raise


def resume(
    where: str | Path, results: Path, config: RunConfig | None = None, judge: bool = True, json_output: bool = False
) -> RunSummary:
    """Go on with a run from its latest checkpoint, to the stop criterion it has, where its folder is now.

    Of `config`, the settings of `tracking` may differ from what the run was begun with. Raises ResumeError if it is
    finished, or going on, or if anything else of `config` or the game differs; otherwise like `train`.
    """
    folder = RunFolder.reopen(where, results)
    try:
        begun = folder.config()
        _check_resumable(folder, begun, config or begun)
        check_reachable(begun)
        notes = [folder.moved_from(begun)]
        begun = folder.here(begun, config)
        notes.append(examine_store(begun))
    except BaseException:
        folder.release()
        raise
    with _screen(begun, folder, json_output) as progress:
        for note in filter(None, notes):
            progress.note(note)
        plan = _meet_game(begun, folder, progress)
        return _carry_out(begun, folder, plan, progress, resumed=True, judge=judge)


def _meet_game(config: RunConfig, folder: RunFolder, progress: Progress) -> RolloutPlan:
    """Start the game once, to learn what it declares and to check it against the configuration before Ray starts."""
    progress.stage("starting the game")
    plan = meet_game(config, folder.logs)
    begun = folder.spec()
    if begun is not None and begun != plan.spec:
        raise ResumeError(
            f"{folder.run_id}: the game is not what the run was begun with, which {folder.path}/spec.json describes; "
            "begin another run"
        )
    folder.write_facts(plan.spec, collect_versions(engine_version(plan)))
    return plan


def _carry_out(
    config: RunConfig, folder: RunFolder, plan: RolloutPlan, progress: Progress, *, resumed: bool, judge: bool
) -> RunSummary:
    progress.stage("loading Ray and torch")
    from spacetime_rl.training.carry_out import carry_out  # takes seconds, and the screen is up by now

    return carry_out(config, folder, plan, progress, resumed=resumed, judge=judge)


def _check_resumable(folder: RunFolder, begun: RunConfig, wanted: RunConfig) -> None:
    reason = _why_not_resumable(folder, begun, wanted)
    if reason:
        raise ResumeError(f"{folder.run_id}: {reason}")


def _why_not_resumable(folder: RunFolder, begun: RunConfig, wanted: RunConfig) -> str | None:
    if folder.is_sweep:
        return f"is a sweep; go on with it by `spacetime-rl sweep --resume {shlex.quote(folder.run_id)}`"
    if folder.state()["status"] == "finished":
        return "is finished; begin another run for more"
    others = other_versions(folder.versions())
    if others:
        return (
            f"was begun with {others}, whose saved state other versions cannot read: resume it with these versions, or "
            "begin another run"
        )
    changes = diff(
        begun, settle_like(wanted.model_copy(update={"results": begun.results, "tracking": begun.tracking}), begun)
    )
    if changes:
        listed = "\n  ".join(changes)
        return (
            f"a run is resumed with the configuration it was begun with; these differ:\n  {listed}\n"
            "Leave them out, or begin another run."
        )
    return None


def examine_store(config: RunConfig) -> str | None:
    """See `examine`: the store and the experiment that a run is to be recorded in."""
    return examine(resolve_store(config.results, config.tracking.uri), experiment_of(config))


@contextmanager
def _screen(config: RunConfig, folder: RunFolder, json_output: bool) -> Iterator[Progress]:
    """Progress on the terminal, everybody else's output in the run's logs; the folder is given back at the end."""
    try:
        with show_progress(folder.run_id, config.stop, folder.logs / "output.log", json_output) as progress:
            yield progress
    finally:
        folder.release()
