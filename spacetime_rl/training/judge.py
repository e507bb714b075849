"""Evaluate one checkpoint of a run that goes on, in a process of its own and with a limited share of a CPU core."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from spacetime_rl.config import RunConfig
from spacetime_rl.config.paths import anchored
from spacetime_rl.contract import make_launch
from spacetime_rl.errors import SpacetimeError, UsageError
from spacetime_rl.evaluation.evaluate import evaluate
from spacetime_rl.evaluation.report import EvalReport, PolicyReport, summarise
from spacetime_rl.evaluation.sources import OnnxSource
from spacetime_rl.export.checkpoint import read_checkpoint
from spacetime_rl.export.onnx import export_checkpoint
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.host.system import yield_to_others
from spacetime_rl.metrics import LENGTH, OUTCOMES, RETURN, SUCCESS
from spacetime_rl.rollout.driver_liveness import end_with_driver
from spacetime_rl.runs.best import Candidate, Judged

_OPSET = 17  # torch's older exporter writes it in a thirtieth of the time that its present one takes
_NICENESS = 10
_APART = 1_000_000_007  # between the seeds of these episodes and those of the evaluation after training
_SHORTEST_REST_S = 0.002


class Judge:
    """Evaluates checkpoints, one at a time; it lives in a Ray actor that two threads may call.

    `home` is the folder that relative paths of the configuration start from, and `logs` the folder of the games' logs.
    """

    def __init__(self, home: Path, logs: Path) -> None:
        self._home = home
        self._logs = logs
        self._hurries = threading.Event()

    def begin(self) -> None:
        """Prepare the process: it ends with the driver, and lets others have the processor first."""
        end_with_driver()
        yield_to_others(_NICENESS)

    def hurry(self) -> None:
        """Take a whole core from now on: nothing trains any more."""
        self._hurries.set()

    def judge(self, candidate: Candidate) -> Judged | str:
        """Evaluate a checkpoint. Returns the reason if it could not be evaluated."""
        begun_s, spent_s = time.monotonic(), _cpu_s()
        try:
            checkpoint = read_checkpoint(candidate.folder)
            config = anchored(checkpoint.config, self._home)
            with scratch_folder("judge") as folder:
                export_checkpoint(candidate.folder, folder, opset=_OPSET)
                report = self._play(config, folder)
            return _judged(candidate, config, report, _cpu_s() - spent_s, time.monotonic() - begun_s)
        except SpacetimeError as error:
            return error.headline
        except Exception as error:  # a failed evaluation must not fail a run that trains well
            return f"unexpected {type(error).__name__}: {error}"

    def _play(self, config: RunConfig, folder: Path) -> EvalReport:
        plan = config.evaluation
        source = OnnxSource(folder, scripted=config.scripted)
        launch = replace(make_launch(config), arenas=plan.arenas, log_dir=self._logs)
        rest = Rest(plan.cpu_share, self._hurries.is_set)
        return evaluate(launch, config, source, plan.training_episodes, training_seed(plan.seed), 1, rest=rest)


class Rest:
    """Called before every decision, it waits so that what comes between takes at most `share` of the time.

    The game works while this process waits for it, so that both together take at most `share` of one core. `hurries`
    says whether not to wait any more.
    """

    def __init__(
        self,
        share: float,
        hurries: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rest_a_second = (1.0 - share) / share
        self._hurries, self._clock, self._sleep = hurries, clock, sleep
        self._owed_s = 0.0
        self._since_s = clock()

    def __call__(self) -> None:
        """Wait as long as is owed."""
        now = self._clock()
        self._owed_s += (now - self._since_s) * self._rest_a_second
        if self._owed_s > _SHORTEST_REST_S and not self._hurries():
            self._sleep(self._owed_s)
            slept_s = self._clock() - now
            self._owed_s = max(0.0, self._owed_s - slept_s)
        self._since_s = self._clock()


def training_seed(seed: int) -> int:
    """The seed of the episodes that are played while a run trains, from that of its evaluation after training."""
    return (seed + _APART) % 2**31


def _judged(candidate: Candidate, config: RunConfig, report: EvalReport, cpu_s: float, time_s: float) -> Judged:
    own = [result for result in report.results if config.learns(result.policy)]
    if not own:
        raise UsageError("no episode of a policy that learns was finished; see evaluation.max_decisions and max_time_s")
    whole = summarise("learning", report.finished, report.seed, own)
    return Judged(
        trial_id=candidate.trial_id,
        agent_steps=candidate.agent_steps,
        iteration=candidate.iteration,
        score=score_of(whole, config.evaluation.best_by),
        figures=_figures(whole),
        policies={one.policy: _figures(one) for one in report.policies if config.learns(one.policy)},
        episodes=report.finished,
        seed=report.seed,
        cpu_s=cpu_s,
        time_s=time_s,
        timestamp=time.time(),
    )


def score_of(report: PolicyReport, best_by: str) -> tuple[float, ...]:
    """What makes a checkpoint better than another: the larger tuple. Raises UsageError without the figure for it."""
    success, gained = report.success_rate, report.return_mean
    if best_by == "success_rate" and success is None:
        raise UsageError("evaluation.best_by: success_rate: the game reports no success; set it to return_mean")
    if gained is None:
        raise UsageError("no episode was finished")
    return (gained,) if best_by == "return_mean" or success is None else (success, gained)


def _figures(report: PolicyReport) -> dict[str, float | None]:
    values = {SUCCESS: report.success_rate, RETURN: report.return_mean, LENGTH: report.length_mean}
    return {name: values[name] for name in OUTCOMES}


def _cpu_s() -> float:
    """Seconds of processor time of this process and of its children that have ended, such as games."""
    return sum(os.times()[:4])
