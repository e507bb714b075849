"""Learning curves from the results of a trial."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.made_up import make_result

from spacetime_rl.pictures.learning_curves import choose_curves, plot_policies, promotions, smooth
from spacetime_rl.runs.result_log import read_progress


def size(png: Path) -> tuple[int, ...]:
    data = png.read_bytes()
    assert data.startswith(b"\x89PNG")
    return tuple(int(n) for n in np.frombuffer(data[16:24], ">u4"))


def test_every_policy_gets_a_picture(tmp_path: Path) -> None:
    files = plot_policies([make_result(i) for i in range(1, 30)], "demo", tmp_path / "report")
    assert [file.name for file in files] == ["learning_giver.png", "learning_taker.png"]
    assert [size(file) for file in files] == [(1500, 800)] * 2


@pytest.mark.parametrize("iterations", [1, 2])
def test_a_short_or_patchy_run_can_be_drawn(iterations: int, tmp_path: Path) -> None:
    progress = [{"agent_steps": i, "policy/giver/kl": float("nan")} for i in range(iterations)]
    assert len(plot_policies(progress, "demo", tmp_path)) == 1


def test_nothing_is_drawn_without_results(tmp_path: Path) -> None:
    assert plot_policies([], "demo", tmp_path) == []


def test_the_smoothed_line_neither_lags_nor_leaves_the_ends() -> None:
    line = [float(i) for i in range(100)]
    assert smooth(line) == pytest.approx(line)
    noisy = [value + (-1) ** i for i, value in enumerate(line)]
    assert np.std(np.diff(smooth(noisy))) < np.std(np.diff(noisy)) / 3


def test_iterations_played_again_after_a_resume_are_read_once(tmp_path: Path) -> None:
    file = tmp_path / "progress.jsonl"
    steps = [100, 200, 300, 400, 300, 400, 500]
    lines = [json.dumps({"trial_id": "a", "agent_steps": step, "order": order}) for order, step in enumerate(steps)]
    file.write_text("\n".join([*lines, '{"trial_id": "b", "agent_steps": 600}']) + "\n")
    assert [result["order"] for result in read_progress(file, "a")] == [0, 1, 4, 5, 6]
    assert read_progress(tmp_path / "nowhere", "a") == []


def test_a_curriculums_promotions_are_marked_where_they_happened(tmp_path: Path) -> None:
    lessons = [0, 0, 0, 1, 1, 2]
    rates = [f"curriculum/{name}/success_rate" for name in ("near", "far")]
    progress = [
        make_result(i + 1) | {"curriculum/lesson": float(lesson), **dict.fromkeys(rates[: lesson + 1], 0.5)}
        for i, lesson in enumerate(lessons)
    ]

    assert promotions(progress) == [(4 * 8192.0, "far"), (6 * 8192.0, "just begun")]
    assert promotions([make_result(i) for i in range(3)]) == []
    assert plot_policies(progress, "demo", tmp_path)[0].stat().st_size > 0


@pytest.mark.parametrize(
    ("reported", "drawn"),
    [
        (("entropy", "kl", "explained_variance"), ["entropy", "kl", "explained_variance"]),
        (("q_loss", "q_mean", "alpha"), ["q_loss", "q_mean", "alpha"]),
        (("q_loss", "q_mean", "epsilon"), ["q_loss", "q_mean", "epsilon"]),
        ((), ["entropy", "kl", "explained_variance"]),
    ],
    ids=["PPO", "SAC", "DQN", "nothing"],
)
def test_the_curves_are_those_of_the_algorithm(reported: tuple[str, ...], drawn: list[str]) -> None:
    progress = [{"agent_steps": 1, **{f"policy/giver/{name}": 0.5 for name in reported}}]

    assert [name for name, _, _ in choose_curves(progress, "giver")][3:] == drawn
