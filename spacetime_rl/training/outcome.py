"""The outcome of a run or a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spacetime_rl.config.sweep import SweepConfig
from spacetime_rl.reports.summary import RunSummary
from spacetime_rl.tuning.ranking import Candidate

if TYPE_CHECKING:
    from spacetime_rl.tuning.trial_end import TrialEnd  # imported only for types: it needs Ray


@dataclass(frozen=True, slots=True)
class Outcome:
    """All trials, and the summary of the best trial's policies. A run has one trial.

    For a sweep, `candidates` are ranked best first, `verdict` is a sentence about the champion, and `page` is the HTML
    file about all trials.
    """

    config: SweepConfig
    trials: Sequence[TrialEnd]
    summary: RunSummary
    candidates: Sequence[Candidate] = ()
    verdict: str = ""
    page: Path | None = None
