"""Read the folder of a run. No other module does, and reading needs neither Ray, torch nor MLflow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from spacetime_rl import metrics
from spacetime_rl.errors import UsageError
from spacetime_rl.runs.layout import CONFIG, STATE, RunPaths, is_run
from spacetime_rl.runs.locate import find_folder
from spacetime_rl.runs.state import RunState, read_state

TRAINED = "trained"
UNKNOWN = "unknown"
_TAIL_BYTES = 200_000  # read from the end of progress.jsonl, to find its last line


@dataclass(frozen=True)
class RunRecord:
    """The contents of a run's folder. A file that is missing or unreadable, as in a run that starts, reads as empty."""

    folder: Path

    @property
    def paths(self) -> RunPaths:
        """The paths of the run's files."""
        return RunPaths(self.folder)

    @property
    def run_id(self) -> str:
        """The folder's present name; the user may have renamed it since the run."""
        return self.folder.name

    @property
    def kind(self) -> str:
        """`run` or `sweep`."""
        return "sweep" if self.is_sweep else "run"

    @property
    def is_sweep(self) -> bool:
        """Whether the folder is a sweep's."""
        return self.paths.sweep.is_file()

    @cached_property
    def state(self) -> RunState | None:
        """The run's state; None if state.json cannot be read."""
        return read_state(self.folder)

    @property
    def status(self) -> str:
        """The run's status in one word."""
        return self.state.status if self.state else UNKNOWN

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The run's configuration as plain data, not validated: earlier versions had other settings."""
        try:
            found = yaml.safe_load(self.paths.config.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError):
            return {}
        return found if isinstance(found, dict) else {}

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        """The contents of report/summary.json; paths in it are changed to the folder's present place."""
        found = _read_json(self.paths.summary)
        before = found.get("folder")
        return _rebased(found, str(before), str(self.folder)) if before else found

    @cached_property
    def last_result(self) -> Mapping[str, Any]:
        """The last training result, by public metric name."""
        file = self.paths.results
        try:
            with file.open("rb") as lines:
                lines.seek(max(0, file.stat().st_size - _TAIL_BYTES))
                last = lines.read().splitlines()[-1]
            found = json.loads(last)
        except (OSError, ValueError, IndexError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def reports(self) -> Mapping[str, Mapping[str, Any]]:
        """The run's evaluation, by player; each value is an `EvalReport.to_dict()`."""
        found = self.summary.get("evaluation")
        return found if isinstance(found, dict) else {}

    @property
    def scenario(self) -> str:
        """The scenario; for a game outside this package, the configuration's name."""
        return str((self.config.get("scenario") or {}).get("name") or self.config.get("name") or "")

    @property
    def agent_steps(self) -> int:
        """Agent steps that the run has trained."""
        return int(self.summary.get("agent_steps") or metrics.Result(self.last_result).agent_steps)

    def to_dict(self) -> dict[str, Any]:
        """The run's row in a list, as plain JSON data.

        Figures come from the evaluation, or from training if there is no evaluation.
        """
        state, overall = self.state, (self.reports.get(TRAINED) or {}).get("overall") or {}
        evaluated = bool(overall)
        last = self.last_result
        return {
            "run_id": self.run_id,
            "kind": self.kind,
            "status": self.status,
            "message": state.message if state else f"{self.paths.state} cannot be read",
            "resumable": bool(state and state.resumable),
            "scenario": self.scenario,
            "algorithm": self.config.get("algorithm", ""),
            "agent_steps": self.agent_steps,
            "evaluated": evaluated,
            "success_rate": overall.get("success_rate") if evaluated else last.get(metrics.SCENARIO_SUCCESS),
            "success_ci": overall.get("success_ci"),
            "return_mean": overall.get("return_mean") if evaluated else last.get(metrics.SCENARIO_RETURN),
            "return_ci": overall.get("return_ci"),
            "started": state.started if state else None,
            "updated": state.updated if state else None,
            "folder": str(self.folder),
            "mlflow": (self.summary.get("mlflow") or {}).get("url"),
        }


def find_records(results: Path) -> list[RunRecord]:
    """The runs in a results folder, the newest first."""
    found = [RunRecord(path.absolute()) for path in _folders(results)]
    return sorted(found, key=lambda run: run.state.started if run.state else 0.0, reverse=True)


def find_record(where: str, results: Path) -> RunRecord:
    """A run by its id, an unambiguous prefix of its id, its folder, or `latest`. Raises UsageError."""
    folder = find_folder(where, results)
    if not is_run(folder):
        raise UsageError(f"{folder}: is not the folder of a run; it has neither {STATE} nor {CONFIG}")
    return RunRecord(folder.absolute())


def _folders(results: Path) -> Iterator[Path]:
    for path in results.iterdir() if results.is_dir() else ():
        if path.is_dir() and not path.name.startswith(".") and is_run(path):
            yield path


def _read_json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _rebased(value: Any, old: str, new: str) -> Any:
    """The data with `old` replaced by `new` at the beginning of every path."""
    if isinstance(value, dict):
        return {key: _rebased(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_rebased(item, old, new) for item in value]
    if isinstance(value, str) and (value == old or value.startswith(f"{old}/")):
        return new + value[len(old) :]
    return value
