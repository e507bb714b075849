"""Outputs of a trained run: exported policies, their evaluation beside other players, records and summary."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.config import RunConfig
from spacetime_rl.console.progress import Progress
from spacetime_rl.contract import is_adversarial, make_launch
from spacetime_rl.errors import SpacetimeError
from spacetime_rl.evaluation.clock import Pace
from spacetime_rl.evaluation.comparison import Comparison, compare_reports
from spacetime_rl.evaluation.evaluate import evaluate as play_episodes
from spacetime_rl.evaluation.hints import drawn_hint, stuck_hint
from spacetime_rl.evaluation.learned import NOT_EVALUATED, compare_players
from spacetime_rl.evaluation.report import EvalReport
from spacetime_rl.evaluation.sources import HeuristicSource, OnnxSource, RandomSource, Source
from spacetime_rl.export.onnx import ExportedPolicy, export_checkpoint
from spacetime_rl.game.spec import STOCK_WIRE
from spacetime_rl.host import signals
from spacetime_rl.notices import Notice, Notices
from spacetime_rl.pictures.learning_curves import plot_policies
from spacetime_rl.pictures.write import TRACED, write_pictures
from spacetime_rl.reports.advice import advise
from spacetime_rl.reports.summary import PolicyFiles, RunSummary, to_note, write_summary
from spacetime_rl.runs.best import best_of_run, best_of_trial
from spacetime_rl.runs.folder import RunFolder
from spacetime_rl.runs.result_log import read_progress
from spacetime_rl.tracking.champion import CANDIDATE, fetch_champion
from spacetime_rl.tracking.identity import RunIdentity
from spacetime_rl.tracking.models import RecordedModel, TrackedRun
from spacetime_rl.tracking.outputs import (
    TRAINED,
    find_tracked_run,
    record_best,
    record_models,
    record_outputs,
)
from spacetime_rl.tracking.store import Store
from spacetime_rl.tuning.trial_end import TrialEnd

logger = logging.getLogger(__name__)


def make_outputs(
    config: RunConfig,
    folder: RunFolder,
    end: TrialEnd,
    finished: bool,
    sweep: RunIdentity,
    store: Store,
    progress: Progress,
    evaluate: bool,
    opponents: Mapping[str, Source] | None = None,
) -> RunSummary:
    """Export, record and evaluate a trial's policies, and write its summary.

    Unless the trial `finished`, only the summary is written. `evaluate` switches the evaluation on. `opponents` are
    further players of the same episodes, beside the scripted and the random policy.
    """
    exported = _export(folder, end, progress) if finished else ()
    run = find_tracked_run(store, sweep, end.trial_id)
    # The trained policies are exported and recorded first: the evaluation may fail, be stopped, or take long.
    models = record_models(run, exported, config.tracking.register_models) if run is not None else {}
    evaluation = _Evaluation(config, folder, progress, end.result)
    if evaluate and exported:
        evaluation.play(opponents or {})
        if run is not None and not evaluation.learned.is_success:
            evaluation.meet_candidate(run, models)
    progress.stage("recording the results")
    lines = read_progress(folder.paths.results, end.trial_id)
    evaluation.advice += advise(lines, config, evaluation.learned)
    summary = _summarise(folder, end, finished, sweep, exported, evaluation, run, [*end.notices, *progress.notices])
    write_summary(summary)
    plot_policies(lines, folder.run_id, folder.paths.report)
    best = best_of_trial(folder.path, end.trial_id)
    if run is not None and best is not None:
        record_best(run, best)
    if run is not None and finished:
        note = to_note(summary)
        reports = evaluation.reports
        whole = record_outputs(run, folder.path, exported, models, reports, note, evaluation.is_candidate)
        if not whole or len(models) < len(exported):
            summary = replace(summary, unrecorded=True)
            write_summary(summary)
    return summary


def _export(folder: RunFolder, end: TrialEnd, progress: Progress) -> Sequence[ExportedPolicy]:
    if end.checkpoint is None:
        return ()
    progress.stage("exporting the policies")
    return export_checkpoint(end.checkpoint, folder.paths.onnx)


class _Evaluation:
    """The evaluation of all players on the same seeded episodes; a player that cannot play is left out."""

    def __init__(self, config: RunConfig, folder: RunFolder, progress: Progress, training: Mapping[str, Any]) -> None:
        self.reports: dict[str, Mapping[str, Any]] = {}
        self.advice: list[str] = []
        self._found: dict[str, EvalReport] = {}
        self.learned = NOT_EVALUATED
        self.is_candidate = True  # whether the policies take the alias `candidate`
        self.stopped = False  # by the user
        self._config, self._folder, self._progress = config, folder, progress
        self._training = training  # the last training result

    def play(self, opponents: Mapping[str, Source]) -> None:
        """Evaluate the trained policies, the opponents, the scripted and the random policy, until the user stops."""
        if signals.received() is not None:  # a signal in the last iteration, after which no training is left to stop
            self.stopped = True
            return
        players: dict[str, Source] = {
            TRAINED: self._trained(),
            **opponents,
            "heuristic": HeuristicSource(),
            "random": RandomSource(),
        }
        spec = self._folder.spec()
        if spec is not None and spec.wire == STOCK_WIRE:  # a stock game has no scripted policies
            del players["heuristic"]
        self._play(players)
        trained = self._config.policies_to_train or self.reports.get(TRAINED, {}).get("policies", ())
        learned = [policy for policy in trained if self._config.learns(policy)]
        self.learned = compare_players(self._found, learned, is_adversarial(self._config))
        if TRAINED in self._found and not self.learned.is_success:
            self._hint(drawn_hint(self._found[TRAINED], self._training))

    def _trained(self) -> Source:
        """The exported policies; those that a script played in training are played by it again."""
        return OnnxSource(self._folder.paths.onnx, name=TRAINED, scripted=self._config.scripted)

    def meet_candidate(self, run: TrackedRun, models: Mapping[str, RecordedModel]) -> None:
        """Evaluate the version with the alias `candidate` on the same episodes; it keeps the alias if it is better."""
        own = [model.model_id for model in models.values()]
        with tempfile.TemporaryDirectory(prefix="spacetime-rl-candidate-") as scratch:
            held = fetch_champion(run.store, run.experiment, list(models), Path(scratch), CANDIDATE, own)
            if held == "taken":
                self._play({CANDIDATE: OnnxSource(Path(scratch), name=CANDIDATE)})
        compared = self.comparisons.get(CANDIDATE)
        if compared is not None:
            self.is_candidate = compared.sign >= 0

    @property
    def comparisons(self) -> dict[str, Comparison]:
        """The trained policies beside each other player on the same episodes."""
        ours = self._found.get(TRAINED)
        if ours is None:
            return {}
        found = {name: compare_reports(ours, report) for name, report in self._found.items() if name != TRAINED}
        return {name: comparison for name, comparison in found.items() if comparison is not None}

    def _play(self, players: Mapping[str, Source]) -> None:
        try:
            for name, player in players.items():
                if not self.stopped:
                    self._evaluate(name, player)
        except KeyboardInterrupt:
            self.stopped = True
            self._progress.note("the evaluation is stopped; the trained policies are kept and recorded")

    def _evaluate(self, name: str, player: Source) -> None:
        self._progress.stage(f"evaluating: {name}")
        plan = self._config.evaluation
        traced = TRACED if name == TRAINED else 0
        try:
            launch = replace(make_launch(self._config), arenas=plan.arenas, log_dir=self._folder.paths.evaluation_logs)
            report = play_episodes(
                launch, self._config, player, plan.episodes, plan.seed, plan.games, self._shown(name), traced=traced
            )
            self.reports[name] = report.to_dict()
            self._found[name] = report
            if report.bounded:
                self._progress.mention(f"{name}: {report.bounded.note}")
            if name == TRAINED:
                self._hint(stuck_hint(report, self._training))
            if traced:
                write_pictures(report, self._folder.paths.report, self._folder.run_id)
        except SpacetimeError as error:
            logger.warning("%s was not evaluated: %s", name, error)
        except Exception as error:  # a failed evaluation must not fail a trained run
            logger.warning("%s was not evaluated: unexpected %s: %s", name, type(error).__name__, error, exc_info=True)

    def _hint(self, hint: str | None) -> None:
        """Add a hint to sample actions, at most once, and only if the evaluation does not sample them."""
        if hint and not self.advice and not self._config.evaluation.stochastic:
            self.advice.append(hint)

    def _shown(self, name: str) -> Callable[[int, int], None]:
        pace = Pace(self._config.evaluation.max_time_s)
        return lambda done, total: self._progress.refine(f"evaluating: {name}, {pace.describe(done, total)}")


def _summarise(
    folder: RunFolder,
    end: TrialEnd,
    finished: bool,
    sweep: RunIdentity,
    exported: Sequence[ExportedPolicy],
    evaluation: _Evaluation,
    run: TrackedRun | None,
    notices: Sequence[Notice],
) -> RunSummary:
    return RunSummary(
        run_id=folder.run_id,
        scenario=sweep.scenario,
        folder=folder.path,
        trial_id=end.trial_id,
        agent_steps=metrics.Result(end.result).agent_steps,
        training_s=metrics.Result(end.result).time_s,
        reports=evaluation.reports,
        comparisons=evaluation.comparisons,
        evaluation_stopped=evaluation.stopped,
        learned=evaluation.learned,
        is_candidate=evaluation.is_candidate,
        advice=evaluation.advice,
        policies=[PolicyFiles(policy.name, policy.onnx, policy.schema, policy.parity) for policy in exported],
        run_url=run.url if run else None,
        page_command=run.store.page_command(folder.run_id) if run else None,
        unrecorded=run is None,
        interrupted=not finished,
        notices=list(Notices(notices)),
        best=best_of_run(folder.path),
    )
