"""What a sweep's page is drawn from again: its trials in a file, their results and the search space in others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacetime_rl.config.sweep import dotted
from spacetime_rl.config.sweep_loader import load_sweep
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.pictures.sweep_page import write_sweep_page
from spacetime_rl.pictures.sweep_record import SweepRecord, TrialRecord
from spacetime_rl.runs.layout import RunPaths
from spacetime_rl.runs.result_log import read_all_progress


@dataclass(frozen=True, slots=True)
class DrawnSweep:
    """A sweep as its page shows it: `best` are the best candidate's settings, `notes` a sentence below the title."""

    record: SweepRecord
    best: Mapping[str, Any]
    notes: str

    def draw(self, folder: Path) -> Path:
        """Write the page into the report of the sweep's folder, and the file from which it is drawn again."""
        paths = RunPaths(folder)
        page = write_sweep_page(self.record, paths.report, self.best, self.notes)
        paths.sweep_trials.write_text(to_json(self._to_dict(), indent=2, default=_plain) + "\n", encoding="utf-8")
        return page

    def _to_dict(self) -> dict[str, Any]:
        trials = [
            {"trial_id": one.trial_id, "status": one.status, "values": dict(one.values), "on_front": one.on_front}
            for one in self.record.trials
        ]
        return {"cores": self.record.cores, "notes": self.notes, "best": dict(self.best), "trials": trials}


def read_drawn_sweep(folder: Path) -> DrawnSweep | None:
    """The sweep of a folder; None where its page was never drawn: for a run, and for a sweep that goes on.

    Raises ConfigError where the sweep's configuration is none of this version.
    """
    paths = RunPaths(folder)
    if not paths.sweep_trials.is_file():
        return None
    found = json.loads(paths.sweep_trials.read_text(encoding="utf-8"))
    sweep, progress = load_sweep(paths.sweep), read_all_progress(paths.results)
    trials = [TrialRecord(**one, progress=progress.get(one["trial_id"], [])) for one in found["trials"]]
    space = {dotted(path): domain for path, domain in sweep.space.items()}
    record = SweepRecord(folder.name, sweep.settings.goals, space, trials, found["cores"])
    return DrawnSweep(record, found["best"], found["notes"])


def _plain(value: Any) -> Any:
    """A number of numpy as one of Python."""
    return value.item()
