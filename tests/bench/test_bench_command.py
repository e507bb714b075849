"""`spacetime-rl bench` as a user runs it, in tiny rounds."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.leftovers import MARK, marked_with

from spacetime_rl.bench.page import BEGIN, END, figures, update
from spacetime_rl.bench.report import MEASURED, RATIOS

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
PROGRAM: list[str | Path] = [Path(sys.executable).with_name("spacetime-rl")]
COMMAND = [*PROGRAM, "bench", "--agents", "3", "--action-repeat", "2"]
TINY = ["training.train_batch_size=96", "training.minibatch_size=48", "training.num_epochs=1", "model.hiddens=[16]"]
SETTINGS = [word for setting in TINY for word in ("--set", setting)]

pytestmark = pytest.mark.slow  # two rounds of every kind


@dataclass(frozen=True)
class Bench:
    """A finished benchmark."""

    printed: dict[str, Any]
    err: str
    folder: Path


@pytest.fixture(scope="module")
def bench(godot_bin: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("bench") / "out"
    options = ["--stock", "--games", "2", "--rounds", "2", "--seconds", "0.1", "--json", "--out", str(folder)]
    done = subprocess.run([*COMMAND, *SETTINGS, *options], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return Bench(json.loads(done.stdout), done.stderr, folder)


def test_every_figure_is_there_and_finite(bench: Bench) -> None:
    figures_of = {name: bench.printed[name] for name in MEASURED}

    for name, speed in figures_of.items():
        assert set(speed) == {"agent_steps_per_s", "physics_ticks_per_s", "step_ms_p50", "step_ms_p99"}, name
        assert (speed["physics_ticks_per_s"] is None) == (name == "learning")  # it plays nothing
    without_steps = {name for name, speed in figures_of.items() if speed["step_ms_p50"] is None}
    assert without_steps == {"engine_limit", "learning", "stock_rllib"}
    assert bench.printed["missing"] == {}
    assert all(math.isfinite(number) for number in numbers_in(bench.printed))


def test_ratios_are_those_of_the_figures(bench: Bench) -> None:
    for name, (above, below) in RATIOS.items():
        speeds = bench.printed[above]["agent_steps_per_s"], bench.printed[below]["agent_steps_per_s"]
        assert bench.printed["ratio"][name] == pytest.approx(speeds[0] / speeds[1])


def test_training_is_compared_with_cores_that_never_wait(bench: Bench) -> None:
    printed = bench.printed
    alone = {row["agents"]: row["agent_steps_per_s"] for row in printed["runner_alone"]}
    parts = (printed["engine_limit"]["agent_steps_per_s"], alone[3], printed["learning"]["agent_steps_per_s"])

    limit = printed["machine"]["cores"] / sum(1 / speed for speed in parts)

    assert printed["ratio"]["training_to_cores"] == pytest.approx(printed["training"]["agent_steps_per_s"] / limit)


def test_medians_are_those_of_the_rounds(bench: Bench) -> None:
    rounds = bench.printed["rounds"]

    assert {len(speeds) for speeds in rounds.values()} == {2}
    for name in MEASURED:
        assert bench.printed[name]["agent_steps_per_s"] == pytest.approx(sum(rounds[name]) / 2)


def test_the_report_says_what_was_measured_where_and_what_limits(bench: Bench) -> None:
    report = bench.printed

    assert report["target"] == "bench"
    assert report["command"].startswith("spacetime-rl bench --agents 3 --action-repeat 2 ")
    assert report["settings"]["agents"] == 3
    assert report["settings"]["action_repeat"] == 2
    assert report["settings"]["games_per_runner"] == 2
    assert report["machine"]["cores"] >= 1
    assert {"godot", "ray", "torch"} <= set(report["machine"]["versions"])
    assert set(report["shares"]) == {"game", "wire", "forward", "learner"}
    sections = {"physics", "rays", "observations", "rewards", "actions", "wire"}
    assert set(report["us_per_agent_tick"]) == sections
    assert report["memory_mb"]["runner_and_games"] > 2 * report["memory_mb"]["game"] > 0
    assert [row["agents"] for row in report["runner_alone"]] == [3, 8, 32, 128]
    assert report["verdict"]["part"] in {*report["shares"], "rest"}
    assert report["verdict"]["sentence"]


def test_json_and_picture_are_left_in_the_folder(bench: Bench) -> None:
    assert json.loads((bench.folder / "bench.json").read_text()) == bench.printed
    assert (bench.folder / "bench.png").read_bytes().startswith(b"\x89PNG")


def test_progress_goes_to_stderr_and_the_noise_of_others_to_a_log(bench: Bench) -> None:
    assert "This takes about " in bench.err
    assert "round 2 of 2: stock_sb3" in bench.err
    assert "waiting for remote GODOT connection" not in bench.err
    assert "waiting for remote GODOT connection" in (bench.folder / "bench.log").read_text()


def test_the_figures_go_into_the_page_between_its_marks(bench: Bench) -> None:
    page = PAGE.read_text()

    written = update(page, [bench.printed, bench.printed])

    assert written.startswith(page[: page.index(BEGIN)])
    assert written.endswith(page[page.index(END) :])
    assert written.count("| bench, 3 agents, repeat 2, 2 games |") == 3 * 2
    assert figures([bench.printed]) in update(page, [bench.printed])


def test_ctrl_c_leaves_no_process(godot_bin: Path, tmp_path: Path) -> None:
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [*COMMAND, *SETTINGS, "--stock", "--rounds", "100", "--out", str(tmp_path)],
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "round 1 of 100: stock_rllib" in line:
                break
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    finally:
        process.kill()
    deadline = time.monotonic() + 20.0
    while (left := marked_with(mark)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert left == []


def numbers_in(document: Any) -> Iterator[float]:
    """Every number anywhere in a JSON document."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from numbers_in(part)
    elif isinstance(document, int | float):
        yield document
