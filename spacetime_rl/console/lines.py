"""Progress as lines of text, for pipes, log files and controllers."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TextIO

from spacetime_rl import metrics
from spacetime_rl.console.progress import Progress, TrialProgress, View
from spacetime_rl.formats import controller
from spacetime_rl.formats.plain_json import to_json

EVERY = "SPACETIME_LINES_EVERY_S"  # environment variable: seconds between two lines, 0 for a line per iteration
_EVERY_S = 10.0  # between two lines, if the variable is not set
_VF_LOSS = "vf_loss"  # a controller's name for the value loss
_FIGURES = (*metrics.OUTCOMES, metrics.ENTROPY, metrics.KL, metrics.EXPLAINED_VARIANCE)


class LineView(View):
    """Prints `key=value` lines for all policies, at most one every ten seconds, and lines for stages and warnings.

    The last result of a trial is always printed. $SPACETIME_LINES_EVERY_S changes the ten seconds.
    """

    def __init__(self, progress: Progress, out: TextIO, every_s: float | None = None) -> None:
        self._progress = progress
        self._out = out
        self._every_s = _interval() if every_s is None else every_s
        self._printed_s = -math.inf
        self._staged_s = -math.inf
        self._waiting: dict[str, TrialProgress] = {}  # trials whose latest result has not been printed

    def refine(self, text: str) -> None:
        """Print the stage's line again, at most once per interval and at most once per second."""
        if self._progress.elapsed_s - self._staged_s >= max(1.0, self._every_s):
            self.stage(text)

    def stage(self, text: str) -> None:
        """Print a line such as `stage="starting Ray" elapsed_s=0.0 time=2026-11-28T09:30:00Z`."""
        self._staged_s = self._progress.elapsed_s
        self._print(f"stage={to_json(text, ensure_ascii=False)} elapsed_s={self._progress.elapsed_s:.1f}")

    def note(self, text: str, is_warning: bool) -> None:
        """Print a line such as `warning="…" time=…`, or `note="…" time=…`."""
        self._print(f"{'warning' if is_warning else 'note'}={to_json(text, ensure_ascii=False)}")

    def result(self, trial: TrialProgress) -> None:
        """Print the result, if the interval since the last printed one is over."""
        self._waiting[trial.id] = trial
        if time.monotonic() - self._printed_s >= self._every_s:
            self._show(trial)

    def ended(self, trial: TrialProgress) -> None:
        """Print the trial's last result, unless it has been printed."""
        if trial.id in self._waiting:
            self._show(trial)

    def stop(self) -> None:
        """Print the results that were held back."""
        for trial in list(self._waiting.values()):
            self._show(trial)

    def _show(self, trial: TrialProgress) -> None:
        del self._waiting[trial.id]
        self._printed_s = time.monotonic()
        self._print(" ".join(f"{key}={value}" for key, value in self._pairs(trial)))

    def _pairs(self, trial: TrialProgress) -> Iterator[tuple[str, str]]:
        yield "iteration", str(trial.iteration)
        yield "trial", trial.index
        if len(self._progress.trials) > 1 and trial.node:
            yield "node", trial.node
        yield "agent_steps", str(trial.agent_steps)
        if trial.lesson is not None:
            yield "lesson", trial.lesson
            yield "lesson_success_rate", _number(trial.lesson_success_rate)
        for task, rate in trial.tasks.items():
            yield f"task_{task}_success_rate", _number(rate)
        if trial.league:
            yield "league_snapshots", _number(trial.figure(metrics.SNAPSHOTS))
        if (others := trial.figure(metrics.OTHER_TRIALS)) is not None:
            yield "league_other_trials", f"{others:.0f}"
        for policy, rate in trial.league.items():
            yield f"league_{policy}_win_rate", _number(rate)
        for policy in trial.policies:
            for name in _FIGURES:
                yield f"{policy}/{name}", _number(trial.figure(metrics.of_policy(policy, name)))
        if trial.best is not None:
            yield "best_at", str(trial.best[0])
            for name, value in trial.best[1].items():
                yield f"best_{name}", _number(value)
        yield "agent_steps_per_s", _number(trial.figure(metrics.STEPS_PER_S))
        for part in metrics.PARTS:
            yield f"share_{part}", _number(trial.figure(metrics.share_of(part)))
        yield "limited_by", trial.verdict.part if trial.verdict and not trial.verdict.also else "-"
        yield "restarts", _number(trial.figure(metrics.RESTARTS))
        if errors := trial.figure(metrics.SCRIPT_ERRORS):
            yield "script_errors", f"{errors:.0f}"
        for name in (metrics.FRAME_MS, metrics.CPU_MS_A_TICK):
            if (cost := trial.figure(name)) is not None:
                yield name, _number(cost)
        yield "elapsed_s", _number(self._progress.elapsed_s)
        yield "eta_s", _number(self._progress.remaining_s(trial))

    def _print(self, line: str) -> None:
        _write(self._out, f"{line} time={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")


class MetricLines(View):
    """Prints the line of `formats.controller` after every iteration, for a controller that reads the output.

    With several trials, each line also has the field `trial`, the trial's number.
    """

    def __init__(self, progress: Progress, out: TextIO) -> None:
        self._progress = progress
        self._out = out

    def result(self, trial: TrialProgress) -> None:
        """Print an iteration of a trial."""
        index = trial.index if len(self._progress.trials) > 1 else None
        _write(self._out, controller.metric_line(_iteration(trial), index))


def _iteration(trial: TrialProgress) -> controller.Iteration:
    result, values = metrics.Result(trial.result), trial.result

    def count(name: str) -> int:
        return int(result.figure(name) or 0)

    took_s, env_steps = result.figure(metrics.ITERATION_S) or 0.0, count(metrics.ENV_STEPS_NOW)
    by_policy = values.get(metrics.EPISODES_BY_POLICY) or {}
    return controller.Iteration(
        training_iteration=result.iteration,
        timesteps_total=count(metrics.ENV_STEPS),
        episodes_total=result.episodes,
        episodes_this_iter=count(metrics.EPISODES_NOW),
        episode_reward_mean=result.figure(metrics.SCENARIO_RETURN),
        episode_reward_min=result.figure(metrics.of_scenario(metrics.RETURN_MIN)),
        episode_reward_max=result.figure(metrics.of_scenario(metrics.RETURN_MAX)),
        episode_len_mean=result.figure(metrics.of_scenario(metrics.LENGTH)),
        time_this_iter_s=took_s,
        time_total_s=result.time_s,
        env_steps_this_iter=env_steps,
        env_throughput=env_steps / took_s if took_s else None,
        num_env_steps_sampled=count(metrics.ENV_STEPS),
        num_env_steps_trained=count(metrics.ENV_STEPS_TRAINED),
        num_agent_steps_sampled=result.agent_steps,
        num_agent_steps_trained=count(metrics.AGENT_STEPS_TRAINED),
        custom_metrics=result.own_figures(),
        policies={policy: _policy(result, policy, int(by_policy.get(policy, 0))) for policy in result.policies},
        checkpoints=trial.checkpoints,
    )


def _policy(result: metrics.Result, policy: str, episodes: int) -> controller.PolicyFigures:
    def figure(name: str) -> float | None:
        return result.figure(metrics.of_policy(policy, name))

    learner = result.learner_figures(policy)
    if metrics.VALUE_LOSS in learner:
        learner[_VF_LOSS] = learner.pop(metrics.VALUE_LOSS)
    return controller.PolicyFigures(
        reward_mean=figure(metrics.RETURN),
        reward_min=figure(metrics.RETURN_MIN),
        reward_max=figure(metrics.RETURN_MAX),
        episode_len_mean=figure(metrics.LENGTH),
        completed_episodes=episodes,
        learner_stats=learner,
        custom_metrics=result.own_figures(policy),
    )


def _interval() -> float:
    try:
        return float(os.environ.get(EVERY, _EVERY_S))
    except ValueError:
        return _EVERY_S


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.5g}"


def _write(out: TextIO, line: str) -> None:
    out.write(line + "\n")
    out.flush()
