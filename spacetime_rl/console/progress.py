"""How far a run is: what Tune reports, kept in the form that the panel and the lines show."""

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

_HISTORY = 2000
_SPEEDS = 5
_NOTES = 3
_ENDED = ("TERMINATED", "ERROR")
_ENOUGH = 0.01  # of the way, to tell from it how long the rest will take


@dataclass(slots=True)
class TrialProgress:
    """One trial: its last result, and every result's headline figures for the trends."""

    id: str
    status: str = "PENDING"
    settings: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    received_s: float = 0.0
    history: deque[Mapping[str, float]] = field(default_factory=lambda: deque(maxlen=_HISTORY))
    speeds: deque[float] = field(default_factory=lambda: deque(maxlen=_SPEEDS))
    notices: Notices = field(default_factory=Notices)

    @property
    def index(self) -> str:
        """The trial's number within its experiment, `00000`."""
        return self.id.rpartition("_")[2]

    @property
    def node(self) -> str:
        """The address of the machine that it trained on last; empty before its first result."""
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
        """Whether it will not train again, as far as is known."""
        return self.status in _ENDED

    @property
    def policies(self) -> tuple[str, ...]:
        """Policies there are figures for, by name."""
        return metrics.policies_in(self.result)

    @property
    def steps_per_s(self) -> float | None:
        """Agent steps a second, over the last results."""
        return sum(self.speeds) / len(self.speeds) if self.speeds else None

    @property
    def verdict(self) -> Verdict | None:
        """What limits the speed, by the last result."""
        shares = metrics.Result(self.result).shares
        return bottleneck(shares) if shares else None

    @property
    def lesson(self) -> str | None:
        """The name of the lesson, where there is a curriculum."""
        return metrics.Result(self.result).lesson

    @property
    def lesson_success_rate(self) -> float | None:
        """The latest success rate in that lesson."""
        return self.figure(metrics.of_lesson(self.lesson)) if self.lesson is not None else None

    @property
    def tasks(self) -> dict[str, float | None]:
        """The latest success rate of every task, by name; empty where there is one only."""
        return metrics.Result(self.result).tasks

    def figure(self, name: str) -> float | None:
        """A metric of the last result, or None where it is missing or not a number."""
        return metrics.finite(self.result.get(name))

    def trend(self, name: str) -> list[float]:
        """All values of a metric so far."""
        return [values[name] for values in self.history if name in values]


class View:
    """Something that shows progress; a subclass shows what it overrides. Called from the thread that trains."""

    def start(self) -> None:
        """Begin to show."""

    def stop(self) -> None:
        """Leave the terminal as it was."""

    def stage(self, text: str) -> None:
        """Another stage began."""

    def refine(self, text: str) -> None:
        """The present stage has come further; called often."""

    def result(self, trial: TrialProgress) -> None:
        """A trial reported."""

    def ended(self, trial: TrialProgress) -> None:
        """A trial will not train again."""

    def note(self, text: str) -> None:
        """Something went wrong that does not end the run."""


class Progress:
    """The state of a run from its first second on. `ProgressCallback` feeds it with what Tune reports."""

    def __init__(self, run_id: str, stop: StopConfig) -> None:
        self.run_id = run_id
        self.goal = stop
        self.views: list[View] = []
        self.stages: list[tuple[str, float]] = []
        self.notices = Notices()  # of this process; those of a trial's processes are in its progress
        self._shown = Notices()
        self.trials: dict[str, TrialProgress] = {}
        self.lock = threading.RLock()
        self.planned = 1  # trials
        self.judged_by = Objective(metric=metrics.SCENARIO_SUCCESS)
        self.ending: str | None = None  # how the run ended: done, stopped, failed
        self.earlier: Mapping[str, Sequence[Mapping[str, Any]]] = {}  # results of an earlier process, by trial
        self._began_at: tuple[float, float] | None = None  # seconds and share of the way at the first result
        self._training_since_s: float | None = None
        self._started_s = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started_s

    @property
    def training_s(self) -> float:
        """Seconds since the first iteration began; the others went into the start."""
        return 0.0 if self._training_since_s is None else self.elapsed_s - self._training_since_s

    @property
    def leading(self) -> TrialProgress | None:
        """The trial to show: the best one by what the sweep judges by, or else the furthest."""
        rated = [trial for trial in self.trials.values() if trial.result]
        return max(rated, key=lambda t: (self.merit(t), t.agent_steps), default=None)

    def merit(self, trial: TrialProgress) -> float:
        """How good a trial is, more being better; below every other where nothing is known."""
        figure = trial.figure(self.judged_by.metric)
        if figure is None:
            return -math.inf
        return figure if self.judged_by.mode == "max" else -figure

    def expect(self, trials: int, judged_by: Objective) -> None:
        """Say that this is a sweep: of how many trials, and by what it judges them."""
        self.planned, self.judged_by = trials, judged_by

    def stage(self, text: str) -> None:
        """Say what is being done now, e.g. `starting Ray`."""
        with self.lock:
            self.stages.append((text, self.elapsed_s))
        for view in self.views:
            view.stage(text)

    @property
    def notes(self) -> list[str]:
        """The latest warnings."""
        return [notice.line for notice in self._shown][-_NOTES:]

    def end(self, how: str) -> None:
        """The run is over: `done`, `stopped` by the user, or `failed`; only the first call counts."""
        if self.ending is None:
            self.ending = how
            self.stage(how)

    def refine(self, text: str) -> None:
        """Say how far the present stage is, e.g. `evaluating: trained, 12 of 100 episodes`."""
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
        """Show a warning that is about this moment alone."""
        self._show(from_text(text), text)

    def _show(self, notice: Notice, text: str = "") -> None:
        """Show a notice; one that was shown before, at twice the count only. Its first time may have more `text`."""
        with self.lock:
            whole = self._shown.add(notice)
        if whole is not None:
            for view in self.views:
                view.note(text if text and whole.count == notice.count else whole.line)

    def recall(self, trial_id: str, status: str, settings: str, result: Mapping[str, Any]) -> None:
        """Take in a trial of an earlier process, of which nothing is told."""
        with self.lock:
            self.trials[trial_id] = TrialProgress(trial_id, status, settings, result)

    def update(self, trial_id: str, status: str, settings: str = "", result: Mapping[str, Any] | None = None) -> None:
        """Take in a trial's status, and a result if there is one; the first result says that training is under way."""
        if result is not None:
            self._say_training(result)
        with self.lock:
            trial = self.trials.setdefault(trial_id, TrialProgress(trial_id, settings=settings))
            trial.status = status
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
        if not trial.history:  # a resumed run shows its trends from their beginning
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
        """Training is under way, or one of several lessons began; of several trials, nothing is said of lessons."""
        lesson = metrics.Result(result).lesson
        text = f"training, lesson {lesson}" if lesson is not None and len(self.trials) < 2 else "training"
        if not self.stages or self.stages[-1][0] != text:
            self.stage(text)

    @property
    def way(self) -> float:
        """The share of a sweep that is done, 0 to 1: a trial that has ended counts whole, however early."""
        shares = (1.0 if trial.ended else self.done(trial) or 0.0 for trial in self.trials.values())
        return min(1.0, sum(shares) / self.planned)

    @property
    def sweep_remaining_s(self) -> float | None:
        """Seconds until a sweep's end, if it goes on as it went; None where it has just begun."""
        since_s, since = self._began_at or (0.0, self.way)
        gone = self.way - since
        return (1.0 - self.way) * (self.elapsed_s - since_s) / gone if gone > _ENOUGH else None

    def done(self, trial: TrialProgress) -> float | None:
        """The share of the way to the nearest stop criterion, 0 to 1; None where only a success rate ends the run."""
        goal, shares = self.goal, []
        if goal.agent_steps:
            shares.append(trial.agent_steps / goal.agent_steps)
        if goal.iterations:
            shares.append(trial.iteration / goal.iterations)
        if goal.time_s:
            shares.append((metrics.Result(trial.result).time_s) / goal.time_s)
        return min(1.0, max(shares)) if shares else None

    def remaining_s(self, trial: TrialProgress) -> float | None:
        """Seconds until the nearest stop criterion at the present speed."""
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
