"""The end of a run, as a user reads it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from support.made_up import make_report

from spacetime_rl.cli.run_summary import print_summary
from spacetime_rl.reports.summary import PolicyFiles, RunSummary, suggestions, write_summary

URL = "http://127.0.0.1:5000/#/experiments/1/runs/ba38643f2f8542f8a4abe285c0b0e478"


def make_summary(folder: Path) -> RunSummary:
    return RunSummary(
        run_id="demo",
        scenario="vr_interaction",
        folder=folder,
        agent_steps=491_520,
        training_s=251.3,
        reports={name: make_report(name, rate) for name, rate in (("trained", 0.9), ("heuristic", 0.4), ("random", 0))},
        policies=[PolicyFiles("giver", folder / "onnx/giver.onnx", folder / "onnx/giver.schema.json", 1.3e-7)],
        run_url=URL,
        page_command="make mlflow",
    )  # fmt: skip


def printed(summary: RunSummary) -> list[str]:
    out = io.StringIO()
    print_summary(summary, Console(file=out, width=40))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_the_policies_are_compared_with_heuristic_and_random_on_the_same_episodes(tmp_path: Path) -> None:
    lines = printed(make_summary(tmp_path / "demo"))
    assert "demo  trained for 491,520 agent steps in 4:11 min" in lines
    assert "Success with 95 % intervals, the same 100 episodes for all (seed 10000)" in lines
    rows = [line.split() for line in lines]
    assert ["policy", "trained", "heuristic", "random"] in rows
    assert ["giver", "90%", "(82\N{EN DASH}98)", "40%", "(32\N{EN DASH}48)", "0%", "(0\N{EN DASH}8)"] in rows


def test_a_narrow_pipe_gets_whole_paths_addresses_and_commands(tmp_path: Path) -> None:
    lines = printed(make_summary(tmp_path / "demo"))
    assert f"onnx    {tmp_path}/demo/onnx/giver.onnx  within 1.3e-07 of torch" in lines
    assert f"MLflow  {URL}" in lines
    assert "        make mlflow  serves that page" in lines
    commands = [line for line in lines if "spacetime-rl " in line]
    assert len(commands) == 3
    assert commands[0].endswith(f"spacetime-rl eval demo --seed 1 --results {tmp_path}")


def test_a_run_in_the_usual_folder_needs_no_results_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = [command for command, _ in suggestions(make_summary(Path("results/demo")))]
    assert commands[0].endswith("spacetime-rl eval demo --seed 1")


def test_an_interrupted_run_says_how_to_go_on_first(tmp_path: Path) -> None:
    summary = replace(make_summary(tmp_path / "demo"), interrupted=True, reports={}, policies=())
    lines = printed(summary)
    assert "demo  stopped by the user after 491,520 agent steps in 4:11 min" in lines
    assert "not evaluated" in lines
    assert "train --resume demo" in suggestions(summary)[0][0]


def test_a_game_without_a_notion_of_success_is_compared_by_return(tmp_path: Path) -> None:
    report = make_report("trained", 0.5)
    for figures in report["policies"].values():
        figures |= {"success_rate": None, "success_ci": None}
    lines = printed(replace(make_summary(tmp_path), reports={"trained": report}))
    assert any(line.startswith("Mean return") for line in lines)
    assert ["giver", "6.00"] in [line.split() for line in lines]


def test_the_summary_is_kept_in_the_run_folder_for_people_and_programs(tmp_path: Path) -> None:
    page = write_summary(make_summary(tmp_path))
    assert page == tmp_path / "report" / "summary.md"
    text = page.read_text()
    assert "| giver | 90% (82\N{EN DASH}98) | 40% (32\N{EN DASH}48) | 0% (0\N{EN DASH}8) |" in text
    document = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert document["evaluation"]["trained"]["policies"]["giver"]["success_rate"] == 0.9
    assert document["policies"]["giver"]["parity"] == 1.3e-7
    assert len(document["next"]) == 3
