"""What is left of a sweep none of whose trials can be compared, and who becomes champion."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.config.sweep import Objective
from spacetime_rl.evaluation.comparison import Comparison
from spacetime_rl.reports.summary import RunSummary
from spacetime_rl.runs.layout import RunPaths
from spacetime_rl.tracking.champion import Held
from spacetime_rl.training import sweep_outputs
from spacetime_rl.training.sweep_outputs import SweepOutputs
from spacetime_rl.tuning.trial_end import TrialEnd


def test_trials_that_ended_no_episode_leave_their_page_and_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[Path] = []
    monkeypatch.setattr(sweep_outputs, "record_report", lambda *given: recorded.append(given[2]))
    result = {"agent_steps": 5000, "episodes": 0, "time_total_s": 9.0}
    (tmp_path / "progress.jsonl").write_text(json.dumps({"trial_id": "a_00000", **result}) + "\n")
    sweep = SimpleNamespace(
        settings=SimpleNamespace(goals=[Objective(metric="scenario/success_rate")]),
        space={},
        base=RunConfig.model_validate({"scenario": {"name": "bench"}}),
    )
    folder: Any = SimpleNamespace(path=tmp_path, paths=RunPaths(tmp_path), run_id="a-sweep")
    experiment: Any = SimpleNamespace(sweep=sweep, base=sweep.base)
    outputs = SweepOutputs(experiment, folder, record=None, store=None, cores=1.0)  # type: ignore[arg-type]

    told = outputs.report_nothing([TrialEnd("a_00000", {}, "finished", None, result)], "no trial has a figure")

    page = tmp_path / "report" / "sweep.html"
    assert told.splitlines() == [
        "no trial has a figure",
        "- no episode ended in 5,000 agent steps: there was no return to learn from; train longer, or shorten episodes "
        "(game.episode_steps)",
        f"All trials: {page}",
    ]
    assert "No trial can be compared: no trial has a figure." in page.read_text()
    assert recorded == [page]


class Settled:
    """A sweep whose best trial was evaluated, and MLflow as far as the champion concerns it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.promoted = False
        monkeypatch.setattr(sweep_outputs, "find_tracked_run", lambda *_: "a run")
        monkeypatch.setattr(sweep_outputs, "promote", self._promote)

    def say(self, reports: Sequence[str], compared: Mapping[str, Comparison], held: Held = "taken") -> str:
        outputs = SweepOutputs(None, None, record=None, store=None, cores=1.0)  # type: ignore[arg-type]
        found: dict[str, dict[str, Any]] = {name: {"policies": {}} for name in reports}
        summary = RunSummary("a-sweep", "touch", Path(), 1, 1.0, reports=found, comparisons=compared)
        return outputs._settle("a_00000", ["walker"], held, summary)

    def _promote(self, *_: Any) -> bool:
        self.promoted = True
        return True


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> Settled:
    return Settled(monkeypatch)


@pytest.mark.parametrize(
    ("sign", "promoted", "sentence"),
    [
        (1, True, "New champion: success 97.0% against 95.0%."),
        (0, False, "The champion stays: success 97.0% against 95.0% is not proven better on the same episodes."),
        (-1, False, "The champion stays: success 97.0% against 95.0% is worse on the same episodes."),
    ],
)
def test_a_champion_is_replaced_only_by_what_is_proven_better(
    sign: int, promoted: bool, sentence: str, settled: Settled
) -> None:
    compared = {"champion": Comparison(sign, "success 97.0% against 95.0%")}
    assert settled.say(["trained", "champion"], compared) == sentence
    assert settled.promoted is promoted


def test_a_champion_that_cannot_play_the_game_any_more_is_replaced(settled: Settled) -> None:
    assert settled.say(["trained"], {}) == "First champion of its experiment."
    assert settled.promoted


@pytest.mark.parametrize(
    ("reports", "held"), [([], "taken"), (["trained", "champion"], "taken"), (["trained"], "unknown")]
)
def test_a_champion_stays_where_nothing_can_be_compared(reports: list[str], held: Held, settled: Settled) -> None:
    assert "stays" in settled.say(reports, {}, held)
    assert not settled.promoted
