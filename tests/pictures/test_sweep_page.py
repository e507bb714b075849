"""The page of a sweep: what stands on it, and that it needs nothing from elsewhere."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spacetime_rl.config.search_space import Domain
from spacetime_rl.config.sweep import Objective, dotted
from spacetime_rl.config.sweep_loader import load_sweep
from spacetime_rl.config.sweep_writer import dump_sweep
from spacetime_rl.pictures.charts import draw_run
from spacetime_rl.pictures.sweep_figures import draw_figures, make_study
from spacetime_rl.pictures.sweep_file import DrawnSweep
from spacetime_rl.pictures.sweep_page import write_sweep_page
from spacetime_rl.pictures.sweep_record import Cost, SweepRecord, TrialRecord
from spacetime_rl.runs.read import RunRecord
from spacetime_rl.runs.result_log import read_all_progress

SUCCESS, COMFORT = "scenario/success_rate", "scenario/comfort_score"
SPACE = {
    "training.lr": Domain("loguniform", (1e-4, 1e-2)),
    "model.hiddens": Domain("choice", ([64, 64], [128, 128])),
    "training.num_epochs": Domain("randint", (2, 8)),
    "scenario.params.reach": Domain("normal", (1.0, 0.1)),
}


def trial(number: int, **changes: Any) -> TrialRecord:
    draw = random.Random(number)
    values: dict[str, Any] = {
        "training.lr": 10 ** draw.uniform(-4, -2),
        "model.hiddens": draw.choice([[64, 64], [128, 128]]),
        "training.num_epochs": draw.randint(2, 7),
        "scenario.params.reach": draw.gauss(1.0, 0.1),
    }
    end = min(1.0, values["training.lr"] * 100)
    progress: list[dict[str, float]] = [{"agent_steps": 0.0, "time_total_s": 0.0}]
    for i in range(1, 11):
        result = {SUCCESS: end * i / 10, COMFORT: 1 - end * i / 20, "agent_steps": 1e4 * i, "time_total_s": 36.0 * i}
        progress.append({**result, "health/restarts": float(i // 5), "health/downtime_s": i * 0.5})
    about: dict[str, Any] = {"status": "finished", "on_front": False, **changes}
    return TrialRecord(f"abc_{number:05}", values=values, progress=progress, **about)


def sweep(*metrics: str, trials: int = 8, **changes: Any) -> SweepRecord:
    goals = [Objective(metric=metric) for metric in metrics]
    return SweepRecord("made-up", goals, SPACE, [trial(number, **changes) for number in range(trials)], cores=2.0)


def titles(made: SweepRecord) -> list[str]:
    return [title for title, _, _ in draw_figures(made)]


def test_the_page_shows_every_trial_the_best_settings_and_what_it_cost(tmp_path: Path) -> None:
    made = sweep(SUCCESS)

    page = write_sweep_page(made, tmp_path, {"training.lr": 0.00123}, "Champion & all.").read_text()

    assert "Champion &amp; all." in page
    assert "<td>0.00123</td>" in page
    rows = re.findall(r"<td>(0000\d)</td><td class=\"text\">finished</td>\s*<td>([\d.]+)</td>", page)
    assert [name for name, _ in rows] == [one.index for one in made.judged]
    assert [float(figure) for _, figure in rows] == sorted((float(figure) for _, figure in rows), reverse=True)
    assert "<td>800,000</td><td>1.6</td><td>16</td><td>40</td>" in page  # all of it: 8 x 360 s x 2 cores


def test_the_page_needs_no_network(tmp_path: Path) -> None:
    page = write_sweep_page(sweep(SUCCESS), tmp_path, {}).read_text()

    assert not re.search(r"<(script|link|img)[^>]+(src|href)=\"(https?:)?//", page)
    assert page.count("Plotly.newPlot(") == len(titles(sweep(SUCCESS)))


def test_one_objective_is_drawn_by_settings_and_over_time() -> None:
    assert titles(sweep(SUCCESS)) == [
        "Settings together",
        "Settings one by one",
        "What matters",
        f"Learning: {SUCCESS}",
    ]


def test_two_objectives_have_a_front() -> None:
    found = titles(sweep(SUCCESS, COMFORT))

    assert found[0] == "Trade-offs"
    assert f"What matters for {COMFORT}" in found


@pytest.mark.parametrize("trials", [0, 1])
def test_few_trials_are_no_reason_to_fail(tmp_path: Path, trials: int) -> None:
    assert write_sweep_page(sweep(SUCCESS, trials=trials), tmp_path, {}).is_file()
    assert titles(sweep(SUCCESS, trials=trials)) == [f"Learning: {SUCCESS}"]


def test_what_matters_is_found() -> None:
    from optuna.importance import get_param_importances

    found = get_param_importances(make_study(sweep(SUCCESS, trials=40)))

    assert next(iter(found)) == "training.lr"


def test_a_trial_without_any_result_costs_nothing() -> None:
    assert Cost.of(TrialRecord("abc_00000", "failed", {}, [], False), 2.0) == Cost(0, 0.0, 0, 0.0)


def test_a_sweep_whose_trials_ended_no_episode_has_a_page_all_the_same(tmp_path: Path) -> None:
    played = [{"agent_steps": 1e4 * i, "time_total_s": 36.0 * i, "episodes": 0.0} for i in range(5)]
    trials = [replace(trial(number), progress=played) for number in range(3)]
    made = SweepRecord("made-up", [Objective(metric=SUCCESS)], SPACE, trials, cores=2.0)

    page = write_sweep_page(made, tmp_path, {}, "No trial can be compared: no episode ended.").read_text()

    assert "No trial can be compared: no episode ended." in page
    assert page.count(">40,000<") == len(trials)


def test_a_long_name_may_be_broken_in_the_table_so_that_it_fits(tmp_path: Path) -> None:
    page = write_sweep_page(sweep(SUCCESS), tmp_path, {}).read_text()

    assert "<th>scenario.<wbr>params.<wbr>reach</th>" in page


def test_the_lines_of_the_worst_trials_are_seen() -> None:
    together = next(figure for title, _, figure in draw_figures(sweep(SUCCESS)) if title == "Settings together")
    lines = {trace.line.color for trace in together.data if trace.mode == "lines"}

    assert any("247" in str(colour) for colour in lines)  # Optuna begins with white
    assert together.layout.plot_bgcolor not in ("white", None)


def test_the_page_is_drawn_again_from_the_folder_of_the_sweep(tmp_path: Path) -> None:
    config = load_sweep("sweeps/interaction_asha")
    space = {dotted(path): domain for path, domain in config.space.items()}
    values = [{name: next(iter(domain.probes())) for name, domain in space.items()} for _ in range(2)]
    values[1] |= {name: np.float64(value) for name, value in values[1].items() if isinstance(value, float)}
    goals = config.settings.goals
    lines = [
        {"trial_id": f"a_0000{number}", "timestamp": float(i), goals[0].metric: number + i / 10, "agent_steps": 100 * i}
        for number in range(2)
        for i in range(1, 4)
    ]
    (tmp_path / "sweep.yaml").write_text(dump_sweep(config))
    (tmp_path / "config.yaml").write_text("name: asha\n")
    (tmp_path / "progress.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    progress = read_all_progress(tmp_path / "progress.jsonl")
    trials = [
        TrialRecord(f"a_0000{number}", "finished", values[number], progress[f"a_0000{number}"], number == 1)
        for number in range(2)
    ]
    record = SweepRecord(tmp_path.name, goals, space, trials, 2.0)
    first = DrawnSweep(record, values[1], "Champion & all.").draw(tmp_path)
    text = _without_ids(first.read_text())
    first.unlink()

    drawn = draw_run(RunRecord(tmp_path))

    assert drawn[-1] == first
    assert _without_ids(first.read_text()) == text


def _without_ids(page: str) -> str:
    """Plotly draws an id for each figure."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "ID", page)
