"""The Tune callback that has checkpoints evaluated while a run trains, and keeps the best one of each trial."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ray.tune import Callback
from ray.tune.result import SHOULD_CHECKPOINT

from spacetime_rl import metrics
from spacetime_rl.console.progress import Progress
from spacetime_rl.runs.best import (
    Candidate,
    Judged,
    add_candidate,
    best_of_trial,
    drop,
    read_judged,
    settle,
    waiting_candidates,
)
from spacetime_rl.runs.layout import RunPaths
from spacetime_rl.training.judge import Judge

logger = logging.getLogger(__name__)

_SKIPPED = (
    "evaluation.every_agent_steps: a checkpoint was not evaluated, because an evaluation takes longer than training "
    "takes to the next one; set more agent steps, fewer training_episodes or a larger cpu_share"
)
_POLL_S = 0.5


class Selection(Callback):  # type: ignore[misc]  # ray has no types
    """Evaluates a checkpoint of each trial every `every` agent steps, and the last one, and keeps the best.

    The evaluations are those of a `Judge` in an actor of its own, one at a time, on this machine. Training does not
    wait for them: figures are added to the results that come after. Of a trial at most one checkpoint waits; a newer
    one takes its place. A copy that Tune pickled does nothing.
    """

    def __init__(self, run: Path, every: int, progress: Progress, home: Path) -> None:
        self._run: Path | None = run
        self._every = every
        self._progress = progress
        self._home = home
        self._actor: Any = None
        self._now: tuple[Any, Candidate] | None = None  # Ray's reference of the evaluation that goes on
        self._waiting: dict[str, Candidate] = {}
        self._latest: dict[str, Judged] = {}
        self._best: dict[str, Judged] = {}
        self._asked: dict[str, int] = {}  # agent steps of each trial's last checkpoint that was due
        self._due: set[str] = set()
        self._cpu_s = 0.0

    def setup(self, **_: Any) -> None:
        """Take up what an earlier process of the run left: its evaluations, and what it had no time to evaluate."""
        if self._run is None or self._latest or self._now or self._waiting:
            return
        for judged in read_judged(self._run):
            self._latest[judged.trial_id] = judged
            self._asked[judged.trial_id] = judged.agent_steps
            self._cpu_s += judged.cpu_s
        for trial_id in self._latest:
            self._note_best(trial_id)
        for candidate in waiting_candidates(self._run):
            self._asked[candidate.trial_id] = max(candidate.agent_steps, self._asked.get(candidate.trial_id, 0))
            self._wait(candidate)

    def on_trial_result(self, trial: Any, result: dict[str, Any], **_: Any) -> None:
        """Ask for a checkpoint if an evaluation is due, and add what is known of earlier ones to the result."""
        if self._run is None:
            return
        self._poll()
        steps = metrics.Result(result).agent_steps
        then = self._asked.get(trial.trial_id, 0)
        if steps // self._every > then // self._every or (result.get("done") and steps > then):
            self._asked[trial.trial_id] = steps
            self._due.add(trial.trial_id)
            result[SHOULD_CHECKPOINT] = True
        result.update(self._figures(trial.trial_id))

    def on_checkpoint(self, trial: Any, checkpoint: Any, **_: Any) -> None:
        """Copy a checkpoint that is due, and have it evaluated."""
        if self._run is None or trial.trial_id not in self._due:
            return
        self._due.discard(trial.trial_id)
        reached = metrics.Result(trial.last_result or {})
        try:
            folder = Path(checkpoint.path)
            self._wait(add_candidate(self._run, trial.trial_id, reached.agent_steps, reached.iteration, folder))
        except OSError as error:
            logger.warning("a checkpoint was not copied for its evaluation: %s", error)
        self._poll()

    def on_step_end(self, **_: Any) -> None:
        """Take what has been evaluated, and begin the next evaluation."""
        if self._run is not None:
            self._poll()

    def finish(self, is_stopped: Callable[[], bool]) -> None:
        """Wait for the evaluations of what is trained. What is not evaluated when the user stops waits for a resume."""
        if self._run is None:
            return
        if self._actor is not None and not is_stopped() and (self._now or self._waiting):
            self._progress.stage("evaluating the last checkpoints")
            self._actor.hurry.remote()
        while (self._now or self._waiting) and not is_stopped():
            self._poll(_POLL_S)
        if self._actor is not None:
            import ray

            ray.kill(self._actor)
            self._actor = self._now = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_run": None}

    def _note_best(self, trial_id: str) -> None:
        best = best_of_trial(self._run, trial_id) if self._run else None
        if best is not None:
            self._best[trial_id] = best

    def _wait(self, candidate: Candidate) -> None:
        older = self._waiting.pop(candidate.trial_id, None)
        if older is not None:
            drop(older)
            self._progress.note(_SKIPPED)
        self._waiting[candidate.trial_id] = candidate

    def _poll(self, timeout_s: float = 0.0) -> None:
        """Take a finished evaluation, after at most `timeout_s`, and begin the next one."""
        import ray

        if self._now is not None:
            reference, candidate = self._now
            if not ray.wait([reference], timeout=timeout_s)[0]:
                return
            self._now = None
            self._take(candidate, reference)
        if self._waiting and self._now is None:
            candidate = self._waiting.pop(next(iter(self._waiting)))
            self._now = self._judge().judge.remote(candidate), candidate

    def _judge(self) -> Any:
        """The actor that evaluates. It reserves no core: a run that takes all of them could otherwise not begin."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        if self._actor is None:
            assert self._run is not None
            here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
            settings = {"num_cpus": 0, "max_concurrency": 2, "scheduling_strategy": here}
            logs = RunPaths(self._run).evaluation_logs
            self._actor = ray.remote(Judge).options(**settings).remote(self._home, logs)
            self._actor.begin.remote()
        return self._actor

    def _take(self, candidate: Candidate, reference: Any) -> None:
        import ray
        from ray.exceptions import RayError

        assert self._run is not None
        try:
            found: Judged | str = ray.get(reference)
        except RayError as error:  # the actor was killed; the next evaluation has another one
            self._actor = None
            found = f"the process that evaluated it is gone ({type(error).__name__})"
        if isinstance(found, str):
            drop(candidate)
            self._progress.note(f"the checkpoint at {candidate.agent_steps:,} agent steps was not evaluated: {found}")
            return
        try:
            settle(self._run, candidate, found)
        except OSError as error:
            logger.warning("an evaluation was not recorded: %s", error)
        self._latest[candidate.trial_id] = found
        self._note_best(candidate.trial_id)
        self._cpu_s += found.cpu_s

    def _figures(self, trial_id: str) -> Mapping[str, float]:
        """The figures of a trial's latest evaluation and of its best one, by public names."""
        latest, best = self._latest.get(trial_id), self._best.get(trial_id)
        if latest is None or best is None:
            return {}
        found: dict[str, float | None] = {
            metrics.EVALUATED_AT: latest.agent_steps,
            metrics.BEST_AT: best.agent_steps,
            metrics.EVALUATION_CPU_S: self._cpu_s,
        }
        found |= {metrics.of_evaluation(name): value for name, value in latest.figures.items()}
        found |= {metrics.of_evaluation(f"best_{name}"): value for name, value in best.figures.items()}
        return {name: float(value) for name, value in found.items() if value is not None}
