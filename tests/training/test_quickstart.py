"""What `make train` promises: two policies that beat chance and the scripted players, within its budget."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from support.command import PROGRAM


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_quickstart_learns_to_hand_objects_over(godot_bin: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "train", "vr_interaction", "--run-id", "quick", "--results", str(tmp_path), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )

    reports = json.loads(done.stdout)["evaluation"]
    for policy in ("giver", "taker"):
        success = {source: report["policies"][policy]["success_rate"] for source, report in reports.items()}
        assert success["random"] < 0.1 < success["heuristic"] < success["trained"]
        assert success["trained"] > 0.8
    assert {path.name for path in (tmp_path / "quick" / "onnx").glob("*.onnx")} == {"giver.onnx", "taker.onnx"}
