"""`spacetime-rl config`: what a run would be, before it is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacetime_rl.cli.app import app
from spacetime_rl.config import load
from spacetime_rl.config.annotate import annotated
from spacetime_rl.config.packaged import config_names

RUNNER = CliRunner()


@pytest.mark.parametrize("name", config_names())
@pytest.mark.parametrize("algorithm", ["PPO", "SAC"])
def test_what_is_shown_loads_to_the_same_configuration(name: str, algorithm: str, tmp_path: Path) -> None:
    config = load(name, [f"algorithm={algorithm}", "policies.no.training.lr=1e-5"], say=lambda note: None)

    (tmp_path / "shown.yaml").write_text(annotated(config))

    assert load(tmp_path / "shown.yaml") == config


def test_what_differs_from_the_defaults_is_marked_with_them() -> None:
    shown = RUNNER.invoke(app, ["config", "show", "vr_navigation", "--preset", "quick_test", "--set", "lr=1e-4"])

    lines = shown.stdout.splitlines()
    assert shown.exit_code == 0
    assert "  lr: 0.0001  # default: 0.0003" in lines
    assert "  episode_steps: 200  # default: null" in lines
    assert "  physics_hz: auto" in lines
    assert "algorithm: PPO" in lines


def test_an_algorithms_own_defaults_are_no_differences() -> None:
    shown = RUNNER.invoke(app, ["config", "show", "--set", "scenario.name=vr_ui", "--set", "algorithm=DQN"]).stdout

    assert "algorithm: DQN  # default: PPO" in shown
    assert "  n_step: 3\n" in shown


def test_it_is_had_as_json_and_a_mistake_is_told_as_by_train() -> None:
    document = json.loads(RUNNER.invoke(app, ["config", "show", "vr_ui", "--json"]).stdout)
    assert document["scenario"]["name"] == "vr_ui"
    assert "no such configuration" in str(RUNNER.invoke(app, ["config", "show", "vr_uii"]).exception)


def test_every_packaged_configuration_sweep_and_preset_is_listed() -> None:
    shown = RUNNER.invoke(app, ["config", "list"], env={"COLUMNS": "200"}).stdout

    assert all(f"\n{name} " in shown for name in (*config_names(), "sweeps/interaction_asha", "quick_test"))


@pytest.mark.usefixtures("godot_bin")
@pytest.mark.parametrize("command", [["config", "show"], ["train"]], ids=" ".join)
def test_a_dry_run_meets_the_game_and_trains_nothing(
    command: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = RUNNER.invoke(app, [*command, "vr_interaction", "--dry-run", "--set", "game.arenas=2"])

    assert shown.exit_code == 0, shown.output
    assert "agents    4 an arena: giver_0, giver_1, taker_0, taker_1" in shown.stdout
    assert "policy    taker: sees " in shown.stdout
    assert "x 2 arenas = 8 agents in each game" in shown.stdout
    assert "arenas: 2  # default: auto" in shown.stdout
    assert list(tmp_path.iterdir()) == []
