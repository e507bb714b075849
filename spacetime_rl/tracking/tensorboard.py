"""Write TensorBoard's event files: the metrics of a run as curves, and its settings for the page of hyperparameters."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ray.tune import Callback

from spacetime_rl import metrics

logger = logging.getLogger(__name__)

Setting = float | str | bool
# Stable-Baselines3's names, for people and scripts that look for its curves. Counters have no other name here: the page
# would show one without a group before everything else.
_COUNTERS = {
    metrics.AGENT_STEPS: "time/total_timesteps",
    metrics.EPISODES: "time/episodes",
    metrics.ITERATION: "time/iterations",
    metrics.TIME_S: "time/time_elapsed",
}
_ALSO = {
    metrics.SCENARIO_RETURN: "rollout/ep_rew_mean",
    metrics.of_scenario(metrics.LENGTH): "rollout/ep_len_mean",
    metrics.STEPS_PER_S: "time/fps",
}
# Sections of the configuration that say nothing of how a policy learns.
_LEFT_OUT = ("name", "results", "tracking", "evaluation", "checkpoint", "stop", "resources")


class TensorBoardCallback(Callback):  # type: ignore[misc]  # ray has no types
    """Writes the results of every trial: of a single run into `folder`, of a sweep into a folder in it by trial id.

    `settings` are the run's configuration as plain data. A file that cannot be written is reported once, and the run
    goes on. A copy that Tune pickled writes nothing.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], single: bool) -> None:
        self._folder = folder
        self._settings = settings
        self._single = single
        self._files: dict[str, EventFile | None] = {}

    def on_trial_result(self, trial: Any, result: dict[str, Any], **_: Any) -> None:
        """Write one point of every curve."""
        figures = metrics.public_metrics(result)
        if not self._silent(trial):
            self._write(trial, figures, result)

    def on_trial_complete(self, trial: Any, **_: Any) -> None:
        """Mark the trial as one that succeeded."""
        self._end(trial, "STATUS_SUCCESS")

    def on_trial_error(self, trial: Any, **_: Any) -> None:
        """Mark the trial as one that failed."""
        self._end(trial, "STATUS_FAILURE")

    def on_experiment_end(self, trials: list[Any], **_: Any) -> None:
        """Close the files of trials that the user stopped; they count as running until they are resumed."""
        for trial in trials:
            self._end(trial, None)

    def __getstate__(self) -> dict[str, Any]:
        return {"_folder": None, "_settings": {}, "_single": True, "_files": {}}

    def _silent(self, trial: Any) -> bool:
        return self._folder is None or self._files.get(trial.trial_id, ...) is None

    def _write(self, trial: Any, figures: Mapping[str, float], result: Mapping[str, Any]) -> None:
        step, written_s = metrics.Result(result).step, float(result.get(metrics.TIMESTAMP) or time.time())
        try:
            file = self._files.get(trial.trial_id)
            if file is None:
                file = EventFile(self._folder if self._single else self._folder / trial.trial_id)
                self._files[trial.trial_id] = file
                drawn = {name.replace("/", "."): value for name, value in (trial.evaluated_params or {}).items()}
                settings = {name: value for name, value in self._settings.items() if name not in _LEFT_OUT}
                file.begin({**flat_settings(settings), **flat_settings(drawn)}, list(_outcomes(figures)), step)
            file.add(curves(figures), step, written_s)
        except OSError as error:
            self._give_up(trial, error)

    def _end(self, trial: Any, status: str | None) -> None:
        file = self._files.pop(trial.trial_id, None)
        if file is not None:
            try:
                file.end(status)
            except OSError as error:
                self._give_up(trial, error)

    def _give_up(self, trial: Any, error: OSError) -> None:
        logger.warning("TensorBoard's files in %s are not written any more: %s", self._folder, error)
        self._files[trial.trial_id] = None


class EventFile:
    """One event file in `folder`; each process of a run begins a new one, and TensorBoard joins them.

    What is written is in the file when a method returns: tensorboardX's own `SummaryWriter` writes in a thread, which
    ends without a word where the disk is full.
    """

    def __init__(self, folder: Path) -> None:
        from tensorboardX.event_file_writer import EventsWriter

        folder.mkdir(parents=True, exist_ok=True)
        self._writer = EventsWriter(str(folder / "events"))

    def begin(self, settings: Mapping[str, Setting], outcomes: list[str], step: int) -> None:
        """Describe the run. Points of earlier files at `step` or later are hidden: a resumed run repeats them."""
        from tensorboardX.proto import event_pb2
        from tensorboardX.summary import hparams

        start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
        self._writer.write_event(event_pb2.Event(step=step, wall_time=time.time(), session_log=start))
        experiment, begun, _ = hparams(dict(settings), dict.fromkeys(outcomes, 0.0))
        for summary in (experiment, begun):
            self._writer.write_event(event_pb2.Event(wall_time=time.time(), summary=summary))
        self._writer.flush()

    def add(self, figures: Mapping[str, float], step: int, written_s: float) -> None:
        """Add a point to every curve; `written_s` is Unix time in seconds."""
        from tensorboardX.proto import event_pb2, summary_pb2

        values = [summary_pb2.Summary.Value(tag=name, simple_value=value) for name, value in figures.items()]
        summary = summary_pb2.Summary(value=values)
        self._writer.write_event(event_pb2.Event(step=step, wall_time=written_s, summary=summary))
        self._writer.flush()

    def end(self, status: str | None) -> None:
        """Close the file. `status` is `STATUS_SUCCESS`, `STATUS_FAILURE`, or None for a run that will go on."""
        from tensorboardX.proto import event_pb2, plugin_hparams_pb2
        from tensorboardX.proto.api_pb2 import Status
        from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata

        if status is not None:
            ended = plugin_hparams_pb2.SessionEndInfo(status=Status.Value(status), end_time_secs=time.time())
            content = plugin_hparams_pb2.HParamsPluginData(session_end_info=ended, version=0)
            data = SummaryMetadata.PluginData(plugin_name="hparams", content=content.SerializeToString())
            value = Summary.Value(tag="_hparams_/session_end_info", metadata=SummaryMetadata(plugin_data=data))
            self._writer.write_event(event_pb2.Event(wall_time=time.time(), summary=Summary(value=[value])))
        self._writer.close()


def curves(figures: Mapping[str, float]) -> dict[str, float]:
    """Public metrics by the names of their curves: their own, and for some those of Stable-Baselines3."""
    also = {theirs: figures[ours] for ours, theirs in _ALSO.items() if ours in figures}
    return {_COUNTERS.get(name, name): value for name, value in figures.items()} | also


def flat_settings(values: Mapping[str, Any], prefix: str = "") -> dict[str, Setting]:
    """Nested settings by dotted name: numbers, words and truth values as they are, lists as text, None left out."""
    found: dict[str, Setting] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= flat_settings(value, f"{prefix}{name}.")
        elif isinstance(value, (bool, str, float)):
            found[prefix + name] = value
        elif isinstance(value, int):
            found[prefix + name] = float(value)
        elif value is not None and value not in ([], ()):
            found[prefix + name] = str(value)
    return found


def _outcomes(figures: Mapping[str, float]) -> Iterator[str]:
    """The metrics that the page of hyperparameters shows beside them."""
    return (name for name in figures if metrics.is_outcome(name) and name.rpartition("/")[2] in metrics.OUTCOMES)
