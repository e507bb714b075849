"""What is made of a sweep: the best trial's policies, who is champion now, and the page about all trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacetime_rl.config.sweep import SweepConfig, dotted
from spacetime_rl.evaluation.learned import NOT_EVALUATED
from spacetime_rl.evaluation.sources import OnnxSource
from spacetime_rl.pictures.sweep_page import write_sweep_page
from spacetime_rl.pictures.sweep_record import SweepRecord, TrialRecord
from spacetime_rl.scratch import scratch_folder
from spacetime_rl.tracking.champion import CHAMPION, Throne, beats_champion, crown, fetch_champion
from spacetime_rl.tracking.history import PROGRESS, read_all_progress
from spacetime_rl.tracking.outputs import find_tracked_run, record_report
from spacetime_rl.tracking.store import Store
from spacetime_rl.tracking.sweep import Sweep
from spacetime_rl.training.advice import advise
from spacetime_rl.training.candidate import Candidates
from spacetime_rl.training.outputs import Reports, make_outputs
from spacetime_rl.training.progress import Progress
from spacetime_rl.training.ranking import Candidate
from spacetime_rl.training.run_folder import RunFolder
from spacetime_rl.training.summary import RunSummary
from spacetime_rl.training.sweep_trials import CandidateEnd
from spacetime_rl.training.trials import TrialEnd


@dataclass(frozen=True, slots=True)
class SweepEnd:
    """What a sweep came to: all trials, the candidates best first, the summary of the best one's policies.

    `verdict` says who is champion now; `page` is the file about all trials.
    """

    sweep: SweepConfig
    trials: Sequence[CandidateEnd]
    candidates: Sequence[Candidate]
    summary: RunSummary
    verdict: str
    page: Path


@dataclass(frozen=True, slots=True)
class SweepOutputs:
    """Everything that the outputs are made from and where they go."""

    candidates: Candidates
    folder: RunFolder
    record: Sweep
    store: Store
    cores: float  # of a trial

    def make(
        self, trials: Sequence[CandidateEnd], ranked: Sequence[Candidate], judge: bool, finished: bool, show: Progress
    ) -> SweepEnd:
        """Export and evaluate the best trial's policies beside the champion's, crown them if better, draw the page."""
        best = next(trial for trial in trials if trial.trial_id == ranked[0].trials[0])
        config = self.candidates.config(best.drawn)
        end = TrialEnd(best.trial_id, finished, best.checkpoint, dict(best.result))
        policies = [policy.name for policy in self.candidates.plan.policies]
        register = judge and finished and config.tracking.register_models
        with scratch_folder("champion") as scratch:
            throne: Throne = "unknown"
            if register:
                show.stage("fetching the champion")
                throne = fetch_champion(self.store, self.record.experiment, policies, Path(scratch))
            rivals = {CHAMPION: OnnxSource(Path(scratch), name=CHAMPION)} if throne == "taken" else {}
            summary = make_outputs(config, self.folder, end, self.record, self.store, show, judge, rivals)
        verdict = self._settle(best.trial_id, policies, throne, summary.reports) if register else "Not judged."
        page = self._draw(trials, ranked, verdict)
        return SweepEnd(self.candidates.sweep, trials, ranked, summary, verdict, page)

    def report_nothing(self, trials: Sequence[CandidateEnd], why: str) -> str:
        """The page of a sweep none of whose trials can be compared; what to tell the user: `why`, advice, the page."""
        results = max(read_all_progress(self.folder.path / PROGRESS).values(), key=len, default=[])
        advice = advise(results, self.candidates.sweep.base, NOT_EVALUATED)
        page = self._draw(trials, (), f"No trial can be compared: {why}.")
        return "\n".join([why, *(f"- {sentence}" for sentence in advice), f"All trials: {page}"])

    def _settle(self, trial_id: str, policies: Sequence[str], throne: Throne, reports: Reports) -> str:
        """Say who is champion, having crowned the best trial if it is."""
        run = find_tracked_run(self.store, self.record, trial_id)
        if throne == "unknown" or run is None:
            return "MLflow did not answer, so the champion stays who it was."
        if not beats_champion(reports):
            return f"The champion stays: {_against(reports)}."
        if not crown(run, policies):
            return "MLflow did not take the new champion."
        return f"New champion: {_against(reports)}." if CHAMPION in reports else "First champion of its experiment."

    def _draw(self, trials: Sequence[CandidateEnd], ranked: Sequence[Candidate], verdict: str) -> Path:
        sweep = self.candidates.sweep
        front = {trial for candidate in ranked if candidate.on_front for trial in candidate.trials}
        progress = read_all_progress(self.folder.path / PROGRESS)
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
        page = write_sweep_page(drawn, self.folder.path / "report", ranked[0].values if ranked else {}, verdict)
        record_report(self.store, self.record, page, "report", "sweep")
        return page


def _against(reports: Reports) -> str:
    """`97.0 % of episodes against 95.0 %`."""
    rates = [_rate(reports[name]) for name in ("trained", CHAMPION)]
    return " against ".join(rates)


def _rate(report: Mapping[str, Any]) -> str:
    overall = report["overall"]
    rate = overall.get("episode_success_rate")
    if rate is not None:
        return f"{rate:.1%} of episodes"
    value = overall["return_mean"]
    return "no finished episode" if value is None else f"a return of {value:.2f}"
