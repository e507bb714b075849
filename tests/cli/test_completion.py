"""What a shell offers after Tab, and how quickly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spacetime_rl.cli import completion
from spacetime_rl.config.packaged import config_names, preset_names, sweep_names


def test_packaged_configurations_sweeps_and_presets_are_offered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vr_mine.yaml").touch()
    (tmp_path / "vr_folder").mkdir()

    offered = completion.complete_config("vr_")

    assert {"vr_interaction", "vr_mine.yaml", "vr_folder/"} <= set(offered)
    assert set(completion.complete_config("")) >= set(config_names())
    assert completion.complete_preset("") == preset_names()
    assert completion.complete_sweep("sweeps/") == sweep_names()
    assert "bench" in completion.complete_scenario("b")


def test_runs_are_offered_by_their_ids_the_newest_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for age, name in enumerate(["run-new", "run-old", "other"]):
        (tmp_path / "results" / name).mkdir(parents=True)
        (tmp_path / "results" / name / "config.yaml").touch()
        os.utime(tmp_path / "results" / name, (1000 - age, 1000 - age))

    assert completion.complete_run("run") == ["run-new", "run-old"]
    assert completion.complete_source("") == ["run-new", "run-old", "other", "baseline", "heuristic", "random"]


def test_keys_of_settings_are_offered_up_to_their_value() -> None:
    assert completion.complete_setting("training.vf") == ["training.vf_clip_param=", "training.vf_loss_coeff="]
    assert "seed=" in completion.complete_setting("")
    assert "training=" not in completion.complete_setting("")


def test_a_shell_gets_them_without_heavy_libraries() -> None:
    code = (
        "import json, sys\nfrom spacetime_rl.cli.app import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(json.dumps(sorted({'ray', 'torch', 'mlflow', 'numpy', 'gymnasium'} & set(sys.modules))))"
    )
    asked = {"_SPACETIME_RL_COMPLETE": "complete_bash", "COMP_WORDS": "spacetime-rl train vr_n", "COMP_CWORD": "2"}
    command = [sys.executable, "-c", f"import sys; sys.argv = ['spacetime-rl']\n{code}"]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **asked}, check=True)

    *offered, heavy = done.stdout.splitlines()
    assert offered == ["vr_navigation"]
    assert json.loads(heavy) == []
