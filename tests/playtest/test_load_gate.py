"""The `gate:` section of a configuration, and what overrides it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.touch_run import RUN

from spacetime_rl.config import load
from spacetime_rl.errors import ConfigError
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.playtest.load import load_gate, load_plan


def write(folder: Path, **gate: Any) -> str:
    file = folder / "touch.yaml"
    file.write_text(yaml.safe_dump({**RUN, "gate": gate, "playtest": {"episodes": 7}}))
    return str(file)


def test_flags_override_settings_and_settings_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, margin=0.1, round=10, alpha=0.01, metrics={"length": {"better": "lower", "margin": 3}})
    plan = load_gate(file, ["gate.round=20", "gate.alpha=0.02", "training.lr=0.1"], ["alpha=0.03"])
    settings = plan.settings
    assert (settings.margin, settings.round, settings.alpha, settings.episodes) == (0.1, 20, 0.03, 2_000)
    assert settings.metrics["length"].margin == 3.0
    assert plan.overrides == ("training.lr=0.1",)
    more = load_gate(file, ["gate.metrics.return.margin=0.5", "gate.margin=null"])
    assert (set(more.settings.metrics), more.settings.margin) == ({"length", "return"}, None)


def test_training_and_playtests_leave_the_section_alone(tmp_path: Path) -> None:
    file = write(tmp_path, margin=0.1)
    assert load(file).name == "touch"
    assert load_plan(file).settings.episodes == 7


def test_a_scenario_and_a_project_are_gated_by_the_defaults() -> None:
    assert load_gate("vr_ui").scenario == "vr_ui"
    assert load_gate(str(OWN_PROJECT)).settings.player == "heuristic"


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        ({"margn": 0.1}, r"touch\.yaml:\d+: gate\.margn: unknown key; did you mean 'margin'"),
        ({"margin": 1.5}, r"gate\.margin: .*less than 1"),
        ({"metrics": {"length": {}}}, r"gate\.metrics\.length\.margin"),
        ({"metrics": {"length": {"margin": 1, "better": "shorter"}}}, r"gate\.metrics\.length\.better"),
        ({"metrics": {"success": {"margin": 0.1}}}, "success is judged by gate.margin"),
    ],
)
def test_a_mistake_is_named_with_its_place(gate: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        load_gate(write(tmp_path, **gate))
