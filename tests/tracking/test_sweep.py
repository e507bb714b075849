"""What is known of a run before its first result."""

from __future__ import annotations

import json
from pathlib import Path

from spacetime_rl.config import RunConfig
from spacetime_rl.tracking.identity import describe_run


def test_versions_and_revision_come_from_the_run_folder(tmp_path: Path) -> None:
    config = RunConfig.model_validate({"name": "handover", "game": {"env_path": "game.x86_64"}})
    (tmp_path / "versions.json").write_text(json.dumps({"ray": "2.60.0", "git_revision": "69f877a-dirty"}))
    sweep = describe_run(config, "demo", tmp_path)
    assert sweep.versions == {"ray": "2.60.0"}
    assert sweep.git_revision == "69f877a-dirty"
    assert (sweep.experiment, sweep.scenario) == ("handover", "handover")


def test_a_folder_without_versions_is_no_obstacle(tmp_path: Path) -> None:
    config = RunConfig.model_validate({"tracking": {"experiment": "team"}, "scenario": {"name": "vr_interaction"}})
    sweep = describe_run(config, "demo", tmp_path)
    assert (dict(sweep.versions), sweep.git_revision) == ({}, None)
    assert (sweep.experiment, sweep.scenario) == ("team", "vr_interaction")
