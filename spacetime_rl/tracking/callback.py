"""The Tune callback that records runs: it turns Tune's events into records for a background thread."""

from __future__ import annotations

import logging
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

from ray.tune import Callback

from spacetime_rl import metrics
from spacetime_rl.config.search_space import short_value
from spacetime_rl.notices import NOTICES, Notices, from_data
from spacetime_rl.runs.layout import LEAGUE, RunPaths, payoff_file, trial_folder
from spacetime_rl.tracking import names
from spacetime_rl.tracking.delivery import Delivery
from spacetime_rl.tracking.identity import RunIdentity
from spacetime_rl.tracking.machine import machine_load
from spacetime_rl.tracking.recorder import Point, Recorder, Status, is_passing
from spacetime_rl.tracking.store import Store

logger = logging.getLogger(__name__)

_MOST_LOGS = 20  # game logs attached to a trial that failed or restarted games
_MOST_TEXT = 4000  # characters of a tag
_MOST_PAYOFF_BYTES = 1 << 30  # a payoff table without its first line is none
_RAISED = re.compile(r"^(?:(?:\w+\.)+\w+|\w*(?:Error|Exception)): ", re.MULTILINE)


class MlflowCallback(Callback):  # type: ignore[misc]  # ray has no types
    """Records a sweep in MLflow: the sweep as a parent run, every trial as a child run.

    No method raises because of MLflow, and only `close` waits for it: records that cannot be delivered now are
    delivered later. `resumed` continues the runs of an earlier process; restored Tune state implies it. The parent run
    shows the figures of the best trial: the one with the largest (`mode` max) or smallest `rank_by` metric.
    """

    def __init__(
        self,
        sweep: RunIdentity,
        store: Store,
        resumed: bool = False,
        rank_by: str = metrics.SCENARIO_SUCCESS,
        mode: Literal["max", "min"] = "max",
    ) -> None:
        self._sweep = sweep
        self._store = store
        self._resumed = resumed
        self._rank_by = rank_by
        self._mode = mode
        self._delivery: Delivery | None = None
        self._recorder: Recorder | None = None
        self._drawn: dict[str, dict[str, str]] = {}
        self._mutated: set[str] = set()
        self._results: dict[str, dict[str, float]] = {}
        self._ended: set[str] = set()
        self._lessons: dict[str, str] = {}
        self._notices: defaultdict[str, Notices] = defaultdict(Notices)

    def setup(self, **_: Any) -> None:
        """Start recording; Tune calls this once."""
        self._recorder = Recorder(self._sweep, self._store, self._resumed)
        self._delivery = Delivery(f"MLflow at {self._store.uri}", is_passing)
        self._submit(self._recorder.open_sweep)

    def on_trial_start(self, trial: Any, **_: Any) -> None:
        """Open the trial's run. Tune calls this again after a restart, and after PBT has changed the trial."""
        drawn = self._drawn.setdefault(trial.trial_id, _sampled(trial))
        self._submit(self._live.open_trial, trial.trial_id, self._name(trial), drawn)
        self._note_mutations(trial)

    def on_trial_result(self, trial: Any, result: dict[str, Any], **_: Any) -> None:
        """Record one point of every curve."""
        figures = metrics.public_metrics(result)
        self._results[trial.trial_id] = figures
        self._note_mutations(trial)
        if trial.trial_id in self._mutated:
            figures = figures | metrics.finite_metrics({f"mutated/{k}": _float(v) for k, v in _sampled(trial).items()})
        stamp = int(float(result.get("timestamp", time.time())) * 1000)
        if result.get(metrics.LESSON) != self._lessons.get(trial.trial_id):
            self._lessons[trial.trial_id] = result[metrics.LESSON]
            self._submit(self._live.tag_trial, trial.trial_id, {metrics.LESSON: result[metrics.LESSON]})
        found = [self._notices[trial.trial_id].add(notice) for notice in from_data(result.get(NOTICES))]
        if any(notice is not None for notice in found):
            self._tag_notices(trial)
        if self._delivery is not None:
            recorded = metrics.recorded_metrics(figures) | machine_load()
            point = Point(trial.trial_id, recorded, metrics.Result(result).step, stamp)
            self._delivery.submit_item(self._live.log_points, point)

    def on_trial_complete(self, trial: Any, **_: Any) -> None:
        """Mark the trial's MLflow run FINISHED."""
        self._end_trial(trial, "FINISHED")

    def on_trial_error(self, trial: Any, **_: Any) -> None:
        """Mark the trial's MLflow run FAILED, and attach the error and the newest game logs."""
        self._end_trial(trial, "FAILED")

    def on_experiment_end(self, trials: list[Any], **_: Any) -> None:
        """End the runs that are still open and deliver all records. A run that the user stopped is marked KILLED."""
        stopped = [t for t in trials if t.trial_id in self._drawn and t.trial_id not in self._ended]
        for trial in stopped:
            self._end_trial(trial, "KILLED")
        unborn = [t for t in trials if t.trial_id not in self._drawn and not _is_done(t)]
        self._submit(self._live.close_sweep, _overall(trials, [*stopped, *unborn]), *self._best(trials))
        self.close()

    @contextmanager
    def stopped_at_once(self) -> Iterator[None]:
        """Mark the runs KILLED if a KeyboardInterrupt leaves this context: Tune then calls no callback any more."""
        try:
            yield
        except KeyboardInterrupt:
            for trial_id in self._drawn.keys() - self._ended:
                self._submit(self._live.close_trial, trial_id, "KILLED")
            self._submit(self._live.close_sweep, "KILLED", {}, {})
            self.close(grace_s=2.0, patience_s=10.0)
            raise

    def close(self, grace_s: float = 15.0, patience_s: float = 120.0) -> None:
        """Deliver the waiting records and stop, as `Delivery.close` does. Does nothing the second time."""
        if self._delivery is None:
            return
        lost = self._delivery.close(grace_s, patience_s)
        self._delivery = None
        if lost:
            logger.warning(
                "MLflow at %s did not take %d records of run %s; the results themselves are in %s.",
                self._store.uri,
                lost,
                self._sweep.run_id,
                self._sweep.folder,
            )

    def get_state(self) -> dict[str, Any]:
        """The part of Tune's saved state that makes `set_state` run when the experiment is restored."""
        return {"run_id": self._sweep.run_id}

    def set_state(self, _state: dict[str, Any]) -> None:
        """Continue the runs of the earlier process; Tune calls this when it restores an experiment."""
        self._resumed = True

    def __getstate__(self) -> dict[str, Any]:
        """Pickle only the constructor's arguments: Tune pickles its callbacks before it starts."""
        return {"args": (self._sweep, self._store, self._resumed, self._rank_by, self._mode)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(*state["args"])  # type: ignore[misc]

    @property
    def _live(self) -> Recorder:
        if self._recorder is None:
            raise RuntimeError("MlflowCallback.setup() was not called")
        return self._recorder

    def _submit(self, write: Callable[..., None], *arguments: Any) -> None:
        if self._delivery is not None:
            self._delivery.submit(partial(write, *arguments))

    def _name(self, trial: Any) -> str:
        """`00000 lr=0.001 · <run-id>`: what differs within a sweep comes first, as lists and legends cut the end."""
        index = trial.trial_id.rpartition("_")[2]
        drawn = [f"{key.rpartition('.')[2]}={short_value(value)}" for key, value in _drawn(trial).items()]
        return f"{' '.join([index, *drawn])[:150]} · {self._sweep.run_id}"

    def _note_mutations(self, trial: Any) -> None:
        """Record settings that PBT changed as tags `mutated.<name>` and metrics: MLflow's parameters are immutable."""
        before = self._drawn[trial.trial_id]
        changed = {f"mutated.{key}": value for key, value in _sampled(trial).items() if before.get(key) != value}
        if changed:
            self._mutated.add(trial.trial_id)
            self._submit(self._live.tag_trial, trial.trial_id, changed)

    def _tag_notices(self, trial: Any) -> None:
        """Write the warnings of the trial's processes with their counts into the tag `notices`, one per line."""
        lines = "\n".join(notice.line for notice in self._notices[trial.trial_id])
        if lines:
            self._submit(self._live.tag_trial, trial.trial_id, {NOTICES: lines[:_MOST_TEXT]})

    def _end_trial(self, trial: Any, status: Status) -> None:
        self._ended.add(trial.trial_id)
        self._tag_notices(trial)
        restarts = self._results.get(trial.trial_id, {}).get(metrics.RESTARTS, 0)
        logs = self._game_logs() if restarts or status == "FAILED" else []
        if status == "FAILED":
            reason = _failure(trial)
            tags = {"error": reason.splitlines()[0], "mlflow.note.content": f"Failed:\n```\n{reason[:4000]}\n```"}
            self._submit(self._live.tag_trial, trial.trial_id, tags)
            logs.append(Path(trial.error_file or ""))
        self._submit(self._live.log_trial_files, trial.trial_id, logs, "logs")
        payoff = payoff_file(RunPaths(self._sweep.folder).tune / trial_folder(trial.trial_id))
        if payoff.is_file():
            self._submit(self._live.log_trial_files, trial.trial_id, [payoff], LEAGUE, _MOST_PAYOFF_BYTES)
        self._submit(self._live.close_trial, trial.trial_id, status)

    def _game_logs(self) -> list[Path]:
        """The newest game logs in the run's folder, at most `_MOST_LOGS`."""
        logs = RunPaths(self._sweep.folder).logs.rglob("*.godot.log")
        return sorted(logs, key=lambda file: file.stat().st_mtime)[-_MOST_LOGS:]

    def _best(self, trials: list[Any]) -> tuple[dict[str, float], dict[str, str]]:
        known = [trial.trial_id for trial in trials if trial.trial_id in self._results]
        if not known:
            return {}, {}
        sign = 1.0 if self._mode == "max" else -1.0
        best = max(known, key=lambda trial_id: sign * self._results[trial_id].get(self._rank_by, -sign * float("inf")))
        return metrics.recorded_metrics(self._results[best]), {names.BEST_TRIAL: best}


def _drawn(trial: Any) -> dict[str, Any]:
    """The present values of a trial's searched settings: PBT changes `config` but not `evaluated_params`."""
    drawn = trial.evaluated_params or {}
    return {path.replace("/", "."): _lookup(trial.config, path, value) for path, value in drawn.items()}


def _sampled(trial: Any) -> dict[str, str]:
    """The same values as MLflow's parameters."""
    return names.flatten(_drawn(trial))


def _lookup(config: Mapping[str, Any], path: str, default: Any) -> Any:
    if path in config:
        return config[path]
    value: Any = config
    for part in path.split("/"):
        if not isinstance(value, Mapping) or part not in value:
            return default
        value = value[part]
    return value


def _is_done(trial: Any) -> bool:
    """Whether the trial trained to its end, perhaps in an earlier process."""
    return bool((trial.last_result or {}).get("done"))


def _overall(trials: list[Any], stopped: list[Any]) -> Status:
    statuses = {trial.status for trial in trials}
    if "ERROR" in statuses:
        return "FAILED"
    # In Tune, a trial that the user stopped is TERMINATED as well.
    return "KILLED" if stopped or not statuses <= {"TERMINATED"} else "FINISHED"


def _failure(trial: Any) -> str:
    """The message of the error that ended a trial, without its traceback."""
    file = Path(trial.error_file or "")
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    raised = list(_RAISED.finditer(text))
    return (text[raised[-1].start() :] if raised else text).strip() or "unknown"


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
