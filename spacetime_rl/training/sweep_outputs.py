"""Outputs of a sweep: the best trial's policies, the champion, and the page about all trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl import metrics
from spacetime_rl.config.sweep import SweepConfig, dotted
from spacetime_rl.console.progress import Progress
from spacetime_rl.errors import TrialFailed
from spacetime_rl.evaluation.learned import NOT_EVALUATED
from spacetime_rl.evaluation.sources import OnnxSource
from spacetime_rl.host import signals
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.pictures.sweep_file import DrawnSweep
from spacetime_rl.pictures.sweep_record import SweepRecord, TrialRecord
from spacetime_rl.reports.advice import advise
from spacetime_rl.reports.summary import RunSummary
from spacetime_rl.runs.folder import RunFolder
from spacetime_rl.runs.layout import REPORT
from spacetime_rl.runs.result_log import read_all_progress
from spacetime_rl.sizing.settle import needed_cpus
from spacetime_rl.tracking.champion import CHAMPION, Held, fetch_champion, promote
from spacetime_rl.tracking.identity import RunIdentity
from spacetime_rl.tracking.outputs import TRAINED, find_tracked_run, record_report
from spacetime_rl.tracking.store import Store
from spacetime_rl.training.outcome import Outcome
from spacetime_rl.training.outputs import make_outputs
from spacetime_rl.tuning.experiment import Experiment
from spacetime_rl.tuning.ranking import Candidate, rank
from spacetime_rl.tuning.search import ADVICE
from spacetime_rl.tuning.trial_end import TrialEnd, has_learned_nothing


def publish_sweep(
    experiment: Experiment,
    folder: RunFolder,
    trials: Sequence[TrialEnd],
    record: RunIdentity,
    store: Store,
    progress: Progress,
    evaluate: bool,
    interrupted: bool,
) -> Outcome:
    """Rank the trials, publish the best trial as a run's, and draw the page about all trials.

    Raises TrialFailed if no trial can be compared, and `Stopped` if the user stopped the sweep before one could be.
    """
    compared = [trial for trial in trials if not has_learned_nothing(trial.result)]
    ranked = rank(compared, experiment.sweep.settings.goals)
    if not ranked and interrupted:
        raise signals.Stopped(signals.received() or signals.INTERRUPT)
    outputs = SweepOutputs(experiment, folder, record, store, needed_cpus(experiment.base))
    if not ranked:
        why = outputs.report_nothing(trials, _why_nothing(experiment.sweep, trials))
        raise TrialFailed(f"{folder.run_id}: {why}\nMore is in {folder.paths.logs}.")
    folder.set_trained(not interrupted)
    return outputs.make(trials, ranked, evaluate, not interrupted, progress)


@dataclass(frozen=True, slots=True)
class SweepOutputs:
    """The context of a sweep's outputs."""

    experiment: Experiment
    folder: RunFolder
    record: RunIdentity
    store: Store
    cores: float  # CPU cores per trial

    def make(
        self, trials: Sequence[TrialEnd], ranked: Sequence[Candidate], evaluate: bool, finished: bool, show: Progress
    ) -> Outcome:
        """Export and evaluate the best trial's policies, make them champion if they beat it, and draw the page."""
        best = next(trial for trial in trials if trial.trial_id == ranked[0].trials[0])
        config = self.experiment.config(best.drawn)
        policies = [policy.name for policy in self.experiment.plan.policies]
        register = evaluate and finished and config.tracking.register_models
        with scratch_folder("champion") as scratch:
            held: Held = "unknown"
            if register:
                show.stage("fetching the champion")
                held = fetch_champion(self.store, self.record.experiment, policies, Path(scratch))
            opponents = {CHAMPION: OnnxSource(Path(scratch), name=CHAMPION)} if held == "taken" else {}
            summary = make_outputs(
                config, self.folder, best, finished, self.record, self.store, show, evaluate, opponents
            )
        verdict = self._settle(best.trial_id, policies, held, summary) if register else "Not evaluated."
        page = self._draw(trials, ranked, verdict)
        return Outcome(self.experiment.sweep, trials, summary, ranked, verdict, page)

    def report_nothing(self, trials: Sequence[TrialEnd], why: str) -> str:
        """Draw the page of a sweep without comparable trials. Returns a text for the user: `why`, advice, the page."""
        results = max(read_all_progress(self.folder.paths.results).values(), key=len, default=[])
        advice = advise(results, self.experiment.base, NOT_EVALUATED)
        page = self._draw(trials, (), f"No trial can be compared: {why}.")
        return "\n".join([why, *(f"- {sentence}" for sentence in advice), f"All trials: {page}"])

    def _settle(self, trial_id: str, policies: Sequence[str], held: Held, summary: RunSummary) -> str:
        """Make the best trial champion if it is proven better. Returns a sentence about the champion."""
        run = find_tracked_run(self.store, self.record, trial_id)
        if held == "unknown" or run is None:
            return "MLflow did not answer, so the champion stays who it was."
        compared = summary.comparisons.get(CHAMPION)  # None if the champion does not fit the game any more
        if compared is None and (TRAINED not in summary.reports or CHAMPION in summary.reports):
            return "The champion stays: there are too few finished episodes to compare."
        if compared is not None and compared.sign <= 0:
            how = "worse" if compared.sign < 0 else "not proven better"
            return f"The champion stays: {compared.figures} is {how} on the same episodes."
        if not promote(run, policies):
            return "MLflow did not take the new champion."
        return f"New champion: {compared.figures}." if compared is not None else "First champion of its experiment."

    def _draw(self, trials: Sequence[TrialEnd], ranked: Sequence[Candidate], verdict: str) -> Path:
        sweep = self.experiment.sweep
        front = {trial for candidate in ranked if candidate.on_front for trial in candidate.trials}
        progress = read_all_progress(self.folder.paths.results)
        records = [
            TrialRecord(
                trial.trial_id,
                trial.status,
                trial.drawn,
                progress.get(trial.trial_id, []),
                trial.trial_id in front,
            )
            for trial in trials
        ]
        space = {dotted(path): domain for path, domain in sweep.space.items()}
        drawn = SweepRecord(self.folder.run_id, sweep.settings.goals, space, records, self.cores)
        page = DrawnSweep(drawn, ranked[0].values if ranked else {}, verdict).draw(self.folder.path)
        record_report(self.store, self.record, page, REPORT, "sweep")
        return page


def _why_nothing(config: SweepConfig, trials: Sequence[TrialEnd]) -> str:
    reasons = sorted({trial.reason for trial in trials if trial.reason})
    if reasons:
        return f"every trial failed: {'; '.join(reasons)}"
    wanted = " and ".join(goal.metric for goal in config.settings.goals)
    return (
        f"no trial has a figure for {wanted}: they stopped before an episode had ended, or there is no such metric; "
        f"progress.jsonl in the run's folder names those there are{_advice(config, trials)}"
    )


def _advice(config: SweepConfig, trials: Sequence[TrialEnd]) -> str:
    """Advice for a game whose episodes end without reporting success; otherwise empty."""
    rated = any(metrics.is_success(goal.metric) for goal in config.settings.goals)
    played = any(metrics.Result(trial.result).episodes for trial in trials)
    return f". This game reports no success; {ADVICE}" if rated and played else ""
