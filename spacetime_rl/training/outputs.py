"""What is made of a trained run: exported policies, their evaluation beside chance and heuristic, the summary."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import make_launch
from spacetime_rl.errors import SpacetimeError
from spacetime_rl.evaluation.evaluate import evaluate
from spacetime_rl.evaluation.sources import HeuristicSource, OnnxSource, RandomSource, Source
from spacetime_rl.export.onnx import ExportedPolicy, export_checkpoint
from spacetime_rl.pictures.write import TRACED, write_pictures
from spacetime_rl.tracking.models import TrackedRun
from spacetime_rl.tracking.outputs import TRAINED, find_tracked_run, record_outputs
from spacetime_rl.tracking.plots import plot_policies, read_progress
from spacetime_rl.tracking.store import Store
from spacetime_rl.tracking.sweep import Sweep
from spacetime_rl.training.progress import Progress
from spacetime_rl.training.result_log import PROGRESS
from spacetime_rl.training.run_folder import RunFolder
from spacetime_rl.training.summary import PolicyFiles, RunSummary, to_note, write_summary
from spacetime_rl.training.trials import TrialEnd

logger = logging.getLogger(__name__)

Reports = Mapping[str, Mapping[str, Any]]


def make_outputs(
    config: RunConfig,
    folder: RunFolder,
    end: TrialEnd,
    sweep: Sweep,
    store: Store,
    progress: Progress,
    judge: bool,
    rivals: Mapping[str, Source] | None = None,
) -> RunSummary:
    """Export, evaluate (if `judge`), record and sum up what a trial came to; only the last where it was interrupted.

    `rivals` play the same episodes, beside heuristic and chance.
    """
    exported: Sequence[ExportedPolicy] = ()
    reports: Reports = {}
    if end.finished and end.checkpoint is not None:
        progress.stage("exporting the policies")
        exported = export_checkpoint(end.checkpoint, folder.onnx)
        if judge:
            reports = _evaluate(config, folder, progress, rivals or {})
    progress.stage("recording the results")
    run = find_tracked_run(store, sweep, end.trial_id)
    summary = _summarise(folder, end, sweep, exported, reports, run)
    write_summary(summary)
    plot_policies(read_progress(folder.path / PROGRESS, end.trial_id), folder.run_id, folder.path / "report")
    if run is not None and end.finished:
        record_outputs(run, folder.path, exported, reports, to_note(summary), config.tracking.register_models)
    return summary


def _evaluate(config: RunConfig, folder: RunFolder, progress: Progress, rivals: Mapping[str, Source]) -> Reports:
    """Every source on the same seeded episodes, drawn where it is the trained one; what cannot play is left out."""
    plan = config.evaluation
    launch = replace(make_launch(config), arenas=plan.arenas, log_dir=folder.logs / "evaluation")
    sources: dict[str, Source] = {
        TRAINED: OnnxSource(folder.onnx, name=TRAINED),
        **rivals,
        "heuristic": HeuristicSource(),
        "random": RandomSource(),
    }
    reports = {}
    for name, source in sources.items():
        progress.stage(f"evaluating: {name}")
        try:
            traced = TRACED if name == TRAINED else 0
            report = evaluate(launch, config, source, plan.episodes, plan.seed, plan.games, traced=traced)
            reports[name] = report.to_dict()
            if name == TRAINED:
                write_pictures(report, folder.path / "report", folder.run_id)
        except SpacetimeError as error:
            logger.warning("%s was not evaluated: %s", name, error)
    return reports


def _summarise(
    folder: RunFolder,
    end: TrialEnd,
    sweep: Sweep,
    exported: Sequence[ExportedPolicy],
    reports: Reports,
    run: TrackedRun | None,
) -> RunSummary:
    return RunSummary(
        run_id=folder.run_id,
        scenario=sweep.scenario,
        folder=folder.path,
        agent_steps=end.agent_steps,
        training_s=end.training_s,
        reports=reports,
        policies=[PolicyFiles(policy.name, policy.onnx, policy.schema, policy.parity) for policy in exported],
        run_url=run.url if run else None,
        page_command=run.store.page_command() if run else None,
        interrupted=not end.finished,
    )
