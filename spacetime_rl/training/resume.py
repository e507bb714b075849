"""Resume a run or a sweep in its folder."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

from spacetime_rl.config import RunConfig, diff, settle_like
from spacetime_rl.config.paths import anchored
from spacetime_rl.config.sweep import SweepConfig
from spacetime_rl.config.sweep_loader import load_sweep
from spacetime_rl.errors import ResumeError
from spacetime_rl.formats.shell import program, short
from spacetime_rl.reports.summary import RunSummary
from spacetime_rl.runs.folder import ELSEWHERE, RunFolder
from spacetime_rl.runs.versions import other_versions
from spacetime_rl.training.outcome import Outcome
from spacetime_rl.training.reachable import check_reachable
from spacetime_rl.training.run import examine_store, screen, start_game, train_and_publish


def resume(
    where: str | Path, results: Path, config: RunConfig | None = None, evaluate: bool = True, json_output: bool = False
) -> RunSummary:
    """Resume a run from its latest checkpoint, up to its own stop criterion. Its folder may have moved.

    If `config` is given, only its `tracking` and `resources` may differ from those that the run began with. Raises
    ResumeError if the run is finished, if a process works on it, or if other settings or the game differ; otherwise the
    errors of `train`.
    """
    return _resume(where, results, config, evaluate, json_output, is_sweep=False).summary


def resume_sweep(where: str | Path, results: Path, evaluate: bool = True, json_output: bool = False) -> Outcome:
    """Resume a sweep: finished trials stay, other trials continue from their checkpoints or begin.

    Raises ResumeError if the sweep is finished, if a process works on it, or if it began with other versions.
    """
    return _resume(where, results, None, evaluate, json_output, is_sweep=True)


def _resume(
    where: str | Path, results: Path, wanted: RunConfig | None, evaluate: bool, json_output: bool, *, is_sweep: bool
) -> Outcome:
    folder = RunFolder.reopen(where, results)
    try:
        begun = folder.config()
        reason = _why_not(folder, begun, wanted, is_sweep)
        if reason:
            raise ResumeError(f"{folder.run_id}: {reason}")
        config = load_sweep(folder.paths.sweep) if is_sweep else SweepConfig.of_run(begun)
        config = replace(config, base=folder.anchored(config.base))
        check_reachable(config.base)
        notes = [folder.moved_from(config.base)]
        # Sizes that were measured when the run began stay.
        config = replace(config, base=folder.here(settle_like(config.base, begun), wanted))
        notes.append(examine_store(config.base))
    except BaseException:
        folder.release()
        raise
    with screen(config.base, folder, json_output, notes) as progress:
        plan = start_game(config.base, folder, progress)
        return train_and_publish(config, folder, plan, progress, resumed=True, evaluate=evaluate)


def _why_not(folder: RunFolder, begun: RunConfig, wanted: RunConfig | None, is_sweep: bool) -> str | None:
    """The reason why a run or a sweep cannot be resumed; None if it can."""
    this, verb = ("sweep", "sweep") if folder.is_sweep else ("run", "train")
    if folder.is_sweep != is_sweep:
        other = "a run, not a sweep" if is_sweep else "a sweep"
        return f"is {other}; continue it by `spacetime-rl {verb} --resume {shlex.quote(folder.run_id)}`"
    if folder.state()["status"] == "finished":
        return f"is finished; begin another {this} for more" + ("" if is_sweep else _how_to_go_on(folder))
    others = other_versions(folder.versions())
    if others:
        return (
            f"was begun with {others}, whose saved state other versions cannot read: resume it with these versions, or "
            f"begin another {this}"
        )
    if wanted is None:
        return None
    here = {"results": begun.results} | {section: getattr(begun, section) for section in ELSEWHERE}
    like = settle_like(wanted.model_copy(update=here), begun)
    changes = diff(anchored(begun, Path.cwd()), anchored(like, Path.cwd()))
    if not changes:
        return None
    listed = "\n  ".join(changes)
    return (
        f"a run is resumed with the configuration it was begun with; these differ:\n  {listed}\n"
        "Leave them out, or begin another run."
    )


def _how_to_go_on(folder: RunFolder) -> str:
    config, run = (shlex.quote(str(short(path))) for path in (folder.paths.config, folder.path))
    return f", which may take over its weights:\n  {program('spacetime-rl')} train {config} --initialize-from {run}"
