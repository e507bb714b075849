"""The progress of a run: Tune's reports, in the form that the panel and the lines show."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.config import StopConfig
from spacetime_rl.config.sweep import Objective
from spacetime_rl.console.bottleneck import Verdict, bottleneck
from spacetime_rl.notices import NOTICES, Notice, Notices, from_data, from_text

_HISTORY = 2000  # results kept per trial for the trends
_SPEEDS = 5  # results over which the speed is averaged
_NOTES = 3  # latest warnings shown
_ENDED = ("TERMINATED", "ERROR")
_ENOUGH = 0.01  # share of the way that must be done before the remaining time is estimated


@dataclass(slots=True)
class TrialProgress:
    """The progress of one trial: its last result, and the headline figures of all results for the trends."""

    id: str
    status: str = "PENDING"
    settings: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    received_s: float = 0.0
    checkpoints: int = 0  # saved so far
    history: deque[Mapping[str, float]] = field(default_factory=lambda: deque(maxlen=_HISTORY))
    speeds: deque[float] = field(default_factory=lambda: deque(maxlen=_SPEEDS))
    notices: Notices = field(default_factory=Notices)

    @property
    def index(self) -> str:
        """The trial's number within its experiment, such as `00000`."""
        return self.id.rpartition("_")[2]

    @property
    def node(self) -> str:
        """The address of the machine that it last trained on; empty before its first result."""
        return str(self.result.get(metrics.NODE, ""))

    @property
    def iteration(self) -> int:
        """Finished training iterations."""
        return metrics.Result(self.result).iteration

    @property
    def agent_steps(self) -> int:
        """Agent steps so far."""
        return metrics.Result(self.result).agent_steps

    @property
    def ended(self) -> bool:
        """Whether the trial has ended or failed."""
        return self.status in _ENDED

    @property
    def policies(self) -> tuple[str, ...]:
        """The names of the policies in the last result."""
        return metrics.policies_in(self.result)

    @property
    def steps_per_s(self) -> float | None:
        """Agent steps per second, averaged over the last `_SPEEDS` results; None before the first one."""
        return sum(self.speeds) / len(self.speeds) if self.speeds else None

    @property
    def verdict(self) -> Verdict | None:
        """The bottleneck according to the last result; None if it has no shares of time."""
        shares = metrics.Result(self.result).shares
        return bottleneck(shares) if shares else None

    @property
    def lesson(self) -> str | None:
        """The name of the active lesson; None without a curriculum."""
        return metrics.Result(self.result).lesson

    @property
    def lesson_success_rate(self) -> float | None:
        """The latest success rate in the active lesson."""
        return self.figure(metrics.of_lesson(self.lesson)) if self.lesson is not None else None

    @property
    def league(self) -> dict[str, float | None]:
        """The latest win rate of each policy in its league, by name; empty without a league."""
        return metrics.Result(self.result).league

    @property
    def best(self) -> tuple[int, dict[str, float]] | None:
        """The best checkpoint's agent steps and outcomes; None before the first evaluation in training."""
        return metrics.Result(self.result).best

    @property
    def tasks(self) -> dict[str, float | None]:
        """The latest success rate of every task, by name; empty without several tasks."""
        return metrics.Result(self.result).tasks

    def figure(self, name: str) -> float | None:
        """A metric of the last result; None if it is missing or not a finite number."""
        return metrics.finite(self.result.get(name))

    def trend(self, name: str) -> list[float]:
        """The values of a metric in the last `_HISTORY` results."""
        return [values[name] for values in self.history if name in values]


class View:
    """Base class of views of the progress. Subclasses override what they show. Called from the thread that trains."""

    def start(self) -> None:
        """Start the view."""

    def stop(self) -> None:
        """End the view and restore the terminal."""

    def stage(self, text: str) -> None:
        """A stage has begun."""

    def refine(self, text: str) -> None:
        """The present stage has progressed; `text` replaces its description. Called often."""

    def result(self, trial: TrialProgress) -> None:
        """A trial has reported a result."""

    def ended(self, trial: TrialProgress) -> None:
        """A trial has ended."""

    def note(self, text: str, is_warning: bool) -> None:
        """Show a warning that does not end the run, or a fact about it."""


class Progress:
    """The state of a run from its first second on. `ProgressCallback` passes Tune's reports to it."""

    def __init__(self, run_id: str, stop: StopConfig) -> None:
        self.run_id = run_id
        self.goal = stop
        self.views: list[View] = []
        self.stages: list[tuple[str, float]] = []
        self.notices = Notices()  # of this process; `TrialProgress` has those of a trial's processes
        self._shown = Notices()
        self.trials: dict[str, TrialProgress] = {}
        self.lock = threading.RLock()
        self.planned = 1  # trials
        self.judged_by = Objective(metric=metrics.SCENARIO_SUCCESS)
        self.ending: str | None = None  # how the run ended: done, stopped, failed
        self.earlier: Mapping[str, Sequence[Mapping[str, Any]]] = {}  # results of an earlier process, by trial
        self._began_at: tuple[float, float] | None = None  # elapsed seconds and `way` at the first result
        self._training_since_s: float | None = None
        self._started_s = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started_s

    @property
    def training_s(self) -> float:
        """Seconds since the first iteration began; before that the run was starting."""
        return 0.0 if self._training_since_s is None else self.elapsed_s - self._training_since_s

    @property
    def leading(self) -> TrialProgress | None:
        """The trial to show: the best one by the sweep's objective, or the one with the most agent steps if equal."""
        rated = [trial for trial in self.trials.values() if trial.result]
        return max(rated, key=lambda t: (self.merit(t), t.agent_steps), default=None)

    def merit(self, trial: TrialProgress) -> float:
        """A trial's value of the objective, negated if less is better; minus infinity if it has none."""
        figure = trial.figure(self.judged_by.metric)
        if figure is None:
            return -math.inf
        return figure if self.judged_by.mode == "max" else -figure

    def expect(self, trials: int, judged_by: Objective) -> None:
        """Set that this is a sweep, with its number of trials and its objective."""
        self.planned, self.judged_by = trials, judged_by

    def stage(self, text: str) -> None:
        """Begin a stage, such as `starting Ray`."""
        with self.lock:
            self.stages.append((text, self.elapsed_s))
        for view in self.views:
            view.stage(text)

    @property
    def notes(self) -> list[Notice]:
        """The latest warnings and facts."""
        return list(self._shown)[-_NOTES:]

    def end(self, how: str) -> None:
        """Record that the run has ended: `done`, `stopped` by the user, or `failed`. Only the first call counts."""
        if self.ending is None:
            self.ending = how
            self.stage(how)

    def refine(self, text: str) -> None:
        """Replace the text of the present stage, such as `evaluating: trained, 12 of 100 episodes`."""
        with self.lock:
            self.stages[-1] = text, self.stages[-1][1]
        for view in self.views:
            view.refine(text)

    def note(self, text: str) -> None:
        """Show a warning, and keep it for the summary."""
        notice = from_text(text)
        self.notices.add(notice)
        self._show(notice, text)

    def mention(self, text: str) -> None:
        """Show a warning that concerns only this moment, and leave it out of the summary."""
        self._show(from_text(text), text)

    def _show(self, notice: Notice, text: str = "") -> None:
        """Show a notice, and a repeated one only when its count has doubled. The first time shows `text`, if given."""
        with self.lock:
            whole = self._shown.add(notice)
        if whole is not None:
            for view in self.views:
                view.note(text if text and whole.count == notice.count else whole.line, whole.is_warning)

    def recall(self, trial_id: str, status: str, settings: str, result: Mapping[str, Any]) -> None:
        """Add a trial of an earlier process without showing it in the views."""
        with self.lock:
            self.trials[trial_id] = TrialProgress(trial_id, status, settings, result)

    def update(
        self,
        trial_id: str,
        status: str,
        settings: str = "",
        result: Mapping[str, Any] | None = None,
        checkpoints: int = 0,
    ) -> None:
        """Update a trial's status, and its result if there is one; the first result begins the stage `training`."""
        if result is not None:
            self._say_training(result)
        with self.lock:
            trial = self.trials.setdefault(trial_id, TrialProgress(trial_id, settings=settings))
            trial.status, trial.checkpoints = status, checkpoints
            if result is not None:
                self._take(trial, result)
        for view in self.views:
            if result is not None:
                view.result(trial)
            elif trial.ended:
                view.ended(trial)
        for notice in from_data((result or {}).get(NOTICES)):
            trial.notices.add(notice)
            self._show(replace(notice, source=f"trial {trial.index}") if self.planned > 1 else notice)

    def _take(self, trial: TrialProgress, result: Mapping[str, Any]) -> None:
        if not trial.history:  # the trends of a resumed run include its earlier results
            trial.history += [metrics.headline(earlier) for earlier in self.earlier.get(trial.id, ())]
        trial.result = result
        trial.received_s = self.elapsed_s
        trial.history.append(metrics.headline(result))
        speed = metrics.finite(result.get(metrics.STEPS_PER_S))
        if speed:
            trial.speeds.append(speed)
        if self._began_at is None:
            self._began_at = self.elapsed_s, self.way
        if self._training_since_s is None:
            self._training_since_s = max(0.0, self.elapsed_s - (metrics.finite(result.get(metrics.ITERATION_S)) or 0.0))

    def _say_training(self, result: Mapping[str, Any]) -> None:
        """Begin the stage `training`, with the lesson's name if there is one and only one trial."""
        lesson = metrics.Result(result).lesson
        text = f"training, lesson {lesson}" if lesson is not None and len(self.trials) < 2 else "training"
        if not self.stages or self.stages[-1][0] != text:
            self.stage(text)

    @property
    def way(self) -> float:
        """The share of a sweep that is done, 0 to 1. A trial that has ended counts as done, even if it ended early."""
        shares = (1.0 if trial.ended else self.done(trial) or 0.0 for trial in self.trials.values())
        return min(1.0, sum(shares) / self.planned)

    @property
    def sweep_remaining_s(self) -> float | None:
        """Seconds until a sweep's end at its speed so far; None until `_ENOUGH` of it is done."""
        since_s, since = self._began_at or (0.0, self.way)
        gone = self.way - since
        return (1.0 - self.way) * (self.elapsed_s - since_s) / gone if gone > _ENOUGH else None

    def done(self, trial: TrialProgress) -> float | None:
        """The share of the way to the nearest stop criterion, 0 to 1; None if only a success rate ends the run."""
        goal, shares = self.goal, []
        if goal.agent_steps:
            shares.append(trial.agent_steps / goal.agent_steps)
        if goal.iterations:
            shares.append(trial.iteration / goal.iterations)
        if goal.time_s:
            shares.append((metrics.Result(trial.result).time_s) / goal.time_s)
        return min(1.0, max(shares)) if shares else None

    def remaining_s(self, trial: TrialProgress) -> float | None:
        """Seconds until the nearest stop criterion at the present speed; None if they cannot be estimated."""
        goal, waits = self.goal, []
        speed, last_s = trial.steps_per_s, trial.figure(metrics.ITERATION_S)
        if goal.agent_steps and speed:
            waits.append((goal.agent_steps - trial.agent_steps) / speed)
        if goal.iterations and last_s:
            waits.append((goal.iterations - trial.iteration) * last_s)
        if goal.time_s:
            waits.append(goal.time_s - (metrics.Result(trial.result).time_s))
        if not waits:
            return None
        return max(0.0, min(waits) - (self.elapsed_s - trial.received_s))
